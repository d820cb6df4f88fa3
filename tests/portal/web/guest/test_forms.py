"""The form besides the phone: nothing is demanded, and nothing is kept, that no ticked box covers."""

import pytest
from flask.testing import FlaskClient

from portal.guests.models import Guest
from portal.signup.models import PhoneVerification
from portal.venues.models import FIELD_NAMES
from tests.support.signups import PHONE, World, box_values, scan, type_code, visit_token
from tests.support.simulator import signed_redirect

TYPED = {"name": "Анна", "birthday": "1990-04-25", "email": "anna@example.ru", "city": "Тула", "custom": "раф"}


@pytest.fixture
def world(world: World) -> World:
    asked = "Ваш любимый кофе?"
    world.change_venue(fields=dict.fromkeys(FIELD_NAMES, "required"), question_ru=asked, question_en=asked)
    return world


def joined(world: World, client: FlaskClient) -> str:
    """The landing page that the Wi-Fi opened."""
    page = client.get(signed_redirect(world.database, world.house, "020000000001", world.now))
    assert page.status_code == 200
    return page.text


def send(client: FlaskClient, page: str, *boxes: str, **typed: str):
    ticked = {box: box_values(page)[box] for box in boxes}
    return client.post("/signup", data={"visit": visit_token(page), "phone": PHONE, **ticked, **typed})


def kept(world: World) -> set[str]:
    (row,) = world.rows(PhoneVerification)
    return row.answers.keys() - {"boxes"}


def test_on_the_wifi_who_wants_no_card_is_asked_for_nothing_but_the_phone(world: World) -> None:
    client = world.client()
    page = joined(world, client)
    assert 'id="email"' in page and page.count(" required") == 1, "the phone's"
    sent = send(client, page)
    assert sent.status_code == 303
    assert type_code(client, sent.location, world.code()).status_code == 303
    assert world.rows(Guest) == []


def test_a_card_needs_what_the_venue_requires_for_it_by_either_way(world: World) -> None:
    client = world.client()
    for page in (joined(world, client), scan(client, world.house.source_code)):
        refused = send(client, page, "box_card", **TYPED | {"city": ""})
        assert refused.status_code == 422
        assert 'value="anna@example.ru"' in refused.text and 'id="city-wrong"' in refused.text
        assert 'id="email-wrong"' not in refused.text
    assert world.rows(PhoneVerification) == []


@pytest.mark.parametrize(
    ("boxes", "fields"),
    [
        ((), set()),
        (("box_advertising_sms",), {"name"}),
        (("box_advertising_email",), {"name", "email"}),
        (("box_card",), set(FIELD_NAMES)),
    ],
)
def test_of_what_was_typed_only_that_is_kept_which_a_ticked_box_covers(
    world: World, boxes: tuple[str, ...], fields: set[str]
) -> None:
    client = world.client()
    assert send(client, joined(world, client), *boxes, **TYPED).status_code == 303
    assert kept(world) == fields
