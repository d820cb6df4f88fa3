"""`vestibule venue` as it is typed."""

import json
from functools import partial

import pytest

from portal.consent import documents
from portal.venues.directory import venue_by_code
from tests.support.house import NOW


@pytest.fixture
def vestibule(cli):
    return partial(cli, "venue")


NEW = (
    "create", "blinnaya", "--name", "Блинная", "--timezone", "Asia/Yekaterinburg", "--organization", "Блины",
    "--operator", "ООО «Блин»", "--inn", "7701234567", "--ogrn", "1027700132195", "--operator-address", "Екатеринбург",
    "--email", "a@blin.example",
)  # fmt: skip


def test_a_new_organization_with_its_venue_has_drafts_and_is_not_live(vestibule, database):
    made = vestibule(*NEW)
    assert made.exit_code == 0, made.output
    [row] = json.loads(vestibule("list", "--json").output)
    assert (row["code"], row["timezone"], row["live"]) == ("blinnaya", "Asia/Yekaterinburg", False)
    with database.reading() as session:
        venue = venue_by_code(session, "blinnaya")
        assert venue.legal_entity.name == "ООО «Блин»"
        assert documents.list_for_venue(session, venue.id)


def test_go_live_lists_what_stands_in_the_way_and_then_opens(vestibule, database, settings):
    vestibule(*NEW)
    refused = vestibule("go-live", "blinnaya")
    assert refused.exit_code == 1
    assert "rkn_notification" in refused.output
    assert "document:wifi_terms:ru" in refused.output
    edited = vestibule(
        "edit", "blinnaya", "--address", "Вайнера, 1", "--rkn-notification", "66-1", "--processors", "Хостинг; SMS", "--vouchers"
    )
    assert edited.exit_code == 0, edited.output
    with database.writing() as session:
        venue = venue_by_code(session, "blinnaya")
        for draft in documents.draft_all(session, venue, venue.legal_entity, NOW, settings):
            documents.publish(session, draft, NOW)
    assert vestibule("go-live", "blinnaya").exit_code == 0
    with database.reading() as session:
        venue = venue_by_code(session, "blinnaya")
        assert (venue.live, venue.vouchers, venue.name) == (True, True, "Блинная")
    assert vestibule("close", "blinnaya").exit_code == 0
    assert not json.loads(vestibule("list", "--json").output)[0]["live"]


def test_wrong_facts_are_refused(vestibule, house):
    assert (
        "Europe/Moscow"
        in vestibule("create", "x-y", "--name", "X", "--timezone", "Mars", "--entity", str(house.legal_entity_id)).output
    )
    assert "--entity" in vestibule("create", "x-y", "--name", "X", "--timezone", "Europe/Moscow").output
    assert "bad_accent" in vestibule("edit", house.venue_code, "--accent", "red").output
    assert vestibule("go-live", "nowhere").exit_code == 1
