"""The code page's ways back: what is kept for whom, and in which language."""

import re

from sqlalchemy import select

from portal.consent import documents
from portal.consent.models import ConsentDocument
from portal.gateways.simulator import sign_arrival
from portal.signup.models import PhoneVerification
from portal.venues.models import GatewayConfig
from tests.support.signups import PHONE, World, box_values, leave_phone, scan, visit_token


def _verify_path(world: World, **typed: str) -> str:
    client = world.client()
    page = scan(client, world.house.source_code)
    form = {"visit": visit_token(page), "phone": PHONE, "box_card": box_values(page)["box_card"], **typed}
    answer = client.post("/signup", data=form)
    assert answer.status_code == 303
    return str(answer.location)


def test_the_short_link_of_an_sms_shows_nothing_that_the_form_holds(world: World) -> None:
    """The number may be mistyped: then a stranger reads the SMS."""
    world.change_venue(fields={"name": "optional", "email": "optional"})
    path = _verify_path(world, name="Анна Петрова", email="anna@example.ru")
    assert "Анна Петрова" in world.client().post(f"{path}/number").text  # the form's own token keeps everything
    stranger = world.client()
    by_link = stranger.get(f"/l/{world.rows(PhoneVerification)[0].link}").location
    assert by_link.startswith("/verify/")
    world.later(seconds=61)
    again = stranger.post(f"{by_link}/resend").location
    for way in (by_link, again):
        page = stranger.get(f"{way}/number", follow_redirects=True)
        assert page.status_code == 200 and "Анна" not in page.text and "anna@example.ru" not in page.text
        assert "+7903" not in page.text


def test_a_box_whose_text_has_changed_comes_back_empty(world: World) -> None:
    path = _verify_path(world)
    assert re.search(r'name="box_card"[^>]* checked', world.client().post(f"{path}/number").text)
    with world.database.writing() as session:
        old = session.scalars(
            select(ConsentDocument).where(ConsentDocument.kind == "card_consent", ConsentDocument.language == "ru")
        ).one()
        new = documents.draft_from(session, old, world.now)
        documents.edit_draft(session, new, old.body + "\n\nИ ещё одна цель.")
        documents.publish(session, new, world.now)
    world.app.extensions.pop("vestibule-shelf", None)
    page = world.client().post(f"{path}/number").text
    assert box_values(page)["box_card"] == str(new.id)
    assert not re.search(r'name="box_card"[^>]* checked', page)


def test_a_form_opened_again_in_another_language_is_taken_in_that_language(world: World) -> None:
    client = world.client()
    token = visit_token(scan(client, world.house.source_code))
    page = client.get(f"/form/{token}?lang=en").text
    assert leave_phone(client, page).status_code == 303
    assert world.rows(PhoneVerification)[0].language == "en"


def test_a_wifi_guest_who_wanted_a_very_long_address_gets_the_form(world: World) -> None:
    gateway = world.rows(GatewayConfig)[0]
    values = {
        "mac": "02:aa:bb:cc:dd:01", "ip": "10.0.0.9", "ts": str(int(world.now.timestamp())),
        "url": "http://shop.example/?" + "".join(f"{i * i * 7919:x}" for i in range(300)),
    }  # fmt: skip
    answer = world.client().get(
        f"/wifi/{world.house.venue_code}", query_string={**values, "sig": sign_arrival(gateway.secret, values)}
    )
    assert answer.status_code == 200 and visit_token(answer.text)


def test_a_zero_byte_in_the_name_of_a_place_is_an_unknown_place(world: World) -> None:
    assert world.client().get("/me?place=%00").status_code == 404


def test_the_form_of_a_wrong_number_may_be_read_in_the_other_language(world: World) -> None:
    path = _verify_path(world)
    client = world.client()
    page = client.post(f"{path}/number?lang=en").text
    assert '<html lang="en"' in page and "Mobile number" in page
    assert not re.search(r'name="box_card"[^>]* checked', page)  # the tick was for the Russian text
    assert leave_phone(client, page).status_code == 303


def test_a_venue_that_has_closed_sends_no_code_again(world: World) -> None:
    path = _verify_path(world)
    world.later(seconds=61)
    world.change_venue(live=False)
    before = len(world.delivered)
    page = world.client().post(f"{path}/resend")
    assert "пока не открыта" in page.text and len(world.delivered) == before
