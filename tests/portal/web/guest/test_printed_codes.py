"""A printed code lands whatever became of its source, and its visit counts for the source that it leads to."""

import io

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from portal.acquisition import life, sources
from portal.acquisition.models import Source, Visit
from portal.venues import directory
from portal.venues.models import Venue
from tests.support.dashboard import Browser, employ
from tests.support.house import NOW, build_house
from tests.support.signups import leave_phone, publish_documents, scan


@pytest.fixture
def target(world) -> Source:
    with world.database.writing() as session:
        return sources.create(session, directory.venue_by_id(session, world.house.venue_id), "menu", "Меню", NOW)


def change(world, *steps) -> None:
    """Do something to the printed source, with the session and the source."""
    with world.database.writing() as session:
        for step in steps:
            step(session, sources.find_by_code(session, world.house.source_code))
    world.app.extensions.pop("vestibule-shelf", None)


def counted_for(world) -> int | None:
    """Scan the paper, leave a phone; the source of the visit."""
    client = world.client()
    assert leave_phone(client, scan(client, world.house.source_code)).status_code == 303
    with world.database.reading() as session:
        return session.scalars(select(Visit.source_id).order_by(Visit.id.desc())).first()


@pytest.mark.parametrize("state", [life.pause, life.retire])
def test_paused_or_retired_it_counts_for_itself(world, state) -> None:
    change(world, lambda session, source: state(session, source, NOW))
    assert counted_for(world) == world.house.source_id


@pytest.mark.parametrize("verb", [life.point, life.merge])
@pytest.mark.parametrize("of_target", [None, life.pause, life.retire])
@pytest.mark.parametrize("of_source", [None, life.pause, life.retire])
def test_pointed_or_merged_it_counts_for_the_other_in_every_state_of_both(world, target, verb, of_target, of_source) -> None:
    change(
        world,
        lambda session, source: verb(session, source, session.get(Source, target.id), NOW),
        lambda session, source: of_source and of_source(session, source, NOW),
        lambda session, source: of_target and of_target(session, session.get(Source, target.id), NOW),
    )
    assert counted_for(world) == target.id


def test_parted_it_counts_for_itself_again(world, target) -> None:
    change(
        world,
        lambda session, source: life.merge(session, source, session.get(Source, target.id), NOW),
        lambda session, source: life.part(session, source, NOW),
    )
    assert counted_for(world) == world.house.source_id


def test_a_chain_is_followed_and_a_circle_in_the_rows_stops_nobody(world, target) -> None:
    with world.database.writing() as session:
        last = sources.create(session, directory.venue_by_id(session, world.house.venue_id), "receipt", "Чек", NOW)
        life.point(session, session.get(Source, target.id), last, NOW)
    change(world, lambda session, source: life.point(session, source, session.get(Source, target.id), NOW))
    assert counted_for(world) == last.id
    with world.database.writing() as session:
        session.get(Source, last.id).points_to_id = world.house.source_id
    world.app.extensions.pop("vestibule-shelf", None)
    assert counted_for(world) in {world.house.source_id, target.id, last.id}


def test_paper_that_moved_lands_at_the_other_venue_and_comes_home_when_that_closes(world) -> None:
    with world.database.writing() as session:
        other = build_house(session, "blinnaya")
        publish_documents(session, other, world.now, world.settings)
        moved = session.get(Venue, other.venue_id)
        moved.organization_id, moved.name = world.house.organization_id, "Вторая Теремок"
        session.get(Source, other.source_id).organization_id = world.house.organization_id
    change(world, lambda session, source: life.point(session, source, session.get(Source, other.source_id), NOW))
    assert "Вторая Теремок" in scan(world.client(), world.house.source_code)
    assert counted_for(world) == other.source_id
    with world.database.writing() as session:
        session.get(Venue, other.venue_id).live = False
    world.app.extensions.pop("vestibule-shelf", None)
    assert counted_for(world) == world.house.source_id


def test_paper_from_the_printer_lands_after_everything_that_became_of_its_source(world, target) -> None:
    marketer = Browser(world.app)
    marketer.sign_in(employ(world.database, world.house.organization_id, "marketer"))
    at = f"/dashboard/sources/{world.house.source_code}/sheets"
    file = marketer.post(at, name="sticker", file="pdf", mode="a4", paper="ru")
    document = pypdfium2.PdfDocument(io.BytesIO(file.data))
    (link,) = {code.text for code in zxingcpp.read_barcodes(document[0].render(scale=150 / 72).to_pil())}
    document.close()
    change(
        world,
        lambda session, source: sources.edit(session, source, NOW, label="Другое имя", utm_source="elsewhere"),
        lambda session, source: life.merge(session, source, session.get(Source, target.id), NOW),
        lambda session, source: life.retire(session, source, NOW),
    )
    client = world.client()
    page = client.get(link.removeprefix(world.settings.base_url)).text
    assert leave_phone(client, page).status_code == 303
    with world.database.reading() as session:
        assert session.scalars(select(Visit.source_id)).one() == target.id


def test_links_and_the_wifi_follow_within_their_venue(world, target) -> None:
    with world.database.writing() as session:
        venue = directory.venue_by_id(session, world.house.venue_id)
        gone = sources.create(session, venue, "social", "ВКонтакте", NOW, utm_source="vk")
        life.merge(session, gone, session.get(Source, target.id), NOW)
    client = world.client()
    page = client.get(f"/v/{world.house.venue_code}?utm_source=VK").text
    assert leave_phone(client, page).status_code == 303
    with world.database.reading() as session:
        assert session.scalars(select(Visit.source_id)).one() == target.id
