import re
from typing import Any

import pytest
from sqlalchemy import select

from portal.access.models import AccessGrant, Identification
from portal.cards.models import Card
from portal.consent.models import ConsentRecord
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import Phone
from portal.guests.models import Device, Guest
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.web.guest.me import me_link
from tests.support.house import House, build_house
from tests.support.persons import Person, publish, sign_up
from tests.support.signups import World

ANNA, TYPED = Phone("+79161234567"), "8 916 123-45-67"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def world(database: Database, house: House, settings: Settings) -> World:
    return World(settings, database, house)


@pytest.fixture
def anna(world: World) -> Person:
    with world.database.writing() as session:
        return sign_up(session, world.settings, world.house, ANNA, world.now, purposes=("card", "advertising_sms"))


def ask(client: Any, typed: str = TYPED, form: str | None = None) -> Any:
    page = client.get("/me/teremok", headers=ENGLISH)
    assert page.status_code == 200
    token = form or re.search(r'name="form" value="([^"]+)"', page.text)[1]  # type: ignore[index]
    return client.post("/me/teremok", data={"phone": typed, "form": token}, headers=ENGLISH)


def enter(world: World, client: Any, typed: str = TYPED, e164: str = ANNA.e164) -> str:
    """Phone, code; gives the address of the person's own page."""
    asked = ask(client, typed)
    assert asked.status_code == 303 and asked.location.startswith("/verify/")
    done = client.post(asked.location, data={"code": world.code(e164)})
    assert done.status_code == 303, done.text
    return str(done.location)


def test_phone_and_code_show_what_is_known_with_a_button_for_each_right(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    page = client.get(enter(world, client), headers=ENGLISH).text
    assert "+7 ••• ••• 45-67" in page and ANNA.e164 not in page
    for said in (
        "Guest card",
        "Advertising by SMS",
        "Анна",
        "Forget this device",
        "1 visit",
        "Use of the Wi-Fi",
        f"/c/{anna.card_token}",
    ):
        assert said in page
    assert sorted(re.findall(r'name="purpose" value="(\w+)"', page)) == ["advertising_sms", "card"]
    for text in re.findall(r'href="(/d/[^"]+)"', page):
        assert client.get(text).status_code == 200
    assert len(re.findall(r'href="/d/[^"]+"', page)) == 2


def test_only_the_code_opens_the_page(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    asked = ask(client)
    wrong = client.post(asked.location, data={"code": "000000" if world.code(ANNA.e164) != "000000" else "000001"})
    assert wrong.status_code == 422 and "/me/s/" not in wrong.text
    for token in ("x", asked.location.rsplit("/", 1)[1]):
        assert client.get(f"/me/s/{token}").status_code == 400
        for act in ("withdraw", "forget", "erase"):
            assert client.post(f"/me/s/{token}/{act}", data={"purpose": "card"}).status_code == 400
    assert len(world.rows(Guest)) == 1


def test_the_code_of_another_number_shows_another_persons_nothing(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    page = client.get(enter(world, client, "8 916 765-43-21", "+79167654321"), headers=ENGLISH).text
    assert "Nothing is known about this number here." in page
    assert "Анна" not in page and str(anna.card_token) not in page and "Withdraw" not in page


def test_asking_answers_the_same_for_a_known_and_an_unknown_number(world: World, anna: Person) -> None:
    world.later(days=1)
    known, unknown = ask(world.client()), ask(world.client(), "8 916 765-43-21")
    assert (known.status_code, known.location[:8]) == (unknown.status_code, unknown.location[:8])
    pages = [world.client().get(answer.location, headers=ENGLISH).text for answer in (known, unknown)]
    blank = [re.sub(r'/verify/[^/"?]+|\d\d.\d\d(?=\. Stay)', "", page) for page in pages]
    assert blank[0] == blank[1]


def test_one_form_sent_many_times_is_one_sms(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    before = len(world.rows(SmsMessage))
    form = re.search(r'name="form" value="([^"]+)"', client.get("/me/teremok").text)[1]  # type: ignore[index]
    tickets = [ask(client, form=form) for _ in range(5)]
    assert all(t.status_code == 303 for t in tickets)
    assert len(world.rows(SmsMessage)) == before + 1


def test_the_page_closes_after_fifteen_minutes(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    mine = enter(world, client)
    world.later(minutes=15)
    assert client.get(mine).status_code == 200
    world.later(seconds=1)
    assert client.get(mine).status_code == 410
    assert client.post(f"{mine}/erase").status_code == 410
    assert len(world.rows(Guest)) == 1


def test_a_consent_is_withdrawn_by_one_button_once(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    mine = enter(world, client)
    for _ in range(2):
        answer = client.post(f"{mine}/withdraw", data={"purpose": "advertising_sms"})
        assert (answer.status_code, answer.location) == (303, mine)
    withdrawn = [(r.purpose, r.control) for r in world.rows(ConsentRecord) if r.event == "withdrawn"]
    assert withdrawn == [("advertising_sms", "me:withdraw")]
    page = client.get(mine, headers=ENGLISH).text
    assert re.findall(r'name="purpose" value="(\w+)"', page) == ["card"]
    assert client.get(f"/c/{anna.card_token}").status_code == 200


@pytest.mark.parametrize("purpose", ["", "everything", "card' --"])
def test_an_unknown_purpose_is_refused(world: World, anna: Person, purpose: str) -> None:
    world.later(days=1)
    client = world.client()
    assert client.post(f"{enter(world, client)}/withdraw", data={"purpose": purpose}).status_code == 400


def test_a_device_is_forgotten(world: World, anna: Person) -> None:
    world.later(hours=1)
    client = world.client()
    mine = enter(world, client)
    device = re.search(r'name="device" value="(\w+)"', client.get(mine).text)[1]  # type: ignore[index]
    for _ in range(2):
        assert client.post(f"{mine}/forget", data={"device": device}).location == mine
    assert client.post(f"{mine}/forget", data={"device": "\0"}).location == mine
    assert world.rows(Device) == []
    assert [grant.revoked_reason for grant in world.rows(AccessGrant)] == ["guest"]


def test_erasure_asks_first_then_takes_all_but_the_register(world: World, anna: Person) -> None:
    world.later(hours=1)
    client = world.client()
    mine = enter(world, client)
    asked = client.get(f"{mine}/erase", headers=ENGLISH)
    assert "do not come back" in asked.text and "May 24, 2027" in asked.text
    assert len(world.rows(Guest)) == 1, "the question erases nothing"
    for _ in range(2):
        assert client.post(f"{mine}/erase").location == mine
    page = client.get(mine, headers=ENGLISH).text
    assert "Анна" not in page and "Withdraw" not in page and "Use of the Wi-Fi" in page
    assert (world.rows(Guest), world.rows(Card), world.rows(Device)) == ([], [], [])
    assert [row.phone for row in world.rows(PhoneVerification)] == [None, None]
    assert [row.phone for row in world.rows(Identification)] == [ANNA.e164]
    assert all(grant.revoked_at for grant in world.rows(AccessGrant))
    assert client.get(f"/c/{anna.card_token}").status_code == 404


def test_another_operators_page_knows_nothing(world: World, anna: Person) -> None:
    with world.database.writing() as session:
        other = build_house(session, "pyshka")
        publish(session, world.settings, other, world.now)
    link = {}
    for house in (world.house, other):
        with world.app.test_request_context():
            link[house.venue_code] = me_link(world.settings.keys, house.legal_entity_id, house.venue_id, ANNA, world.now)
    client = world.client()
    assert "Анна" in client.get(link["teremok"]).text
    assert "Анна" not in client.get(link["pyshka"]).text
    client.post(f"{link['pyshka']}/erase")
    assert len(world.rows(Guest)) == 1


def test_without_a_place_the_only_one_is_meant_and_of_two_it_is_asked(world: World) -> None:
    client = world.client()
    assert 'action="/me/teremok"' in client.get("/me").text
    with world.database.writing() as session:
        build_house(session, "pyshka")
    asked = client.get("/me").text
    assert 'name="place"' in asked and "pyshka" not in asked and "teremok" not in asked
    assert 'action="/me/pyshka"' in client.get("/me?place=+Pyshka+").text
    assert client.get("/me?place=none").status_code == client.get("/me/none").status_code == 404


@pytest.mark.parametrize("typed", ["", "123", "+49 30 901820", "+7 495 123-45-67"])
def test_a_number_that_cannot_get_a_code_is_refused_with_a_reason(world: World, typed: str) -> None:
    answer = ask(world.client(), typed)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert world.rows(SmsMessage) == []


def test_no_page_of_it_is_kept_by_anybody(world: World, anna: Person) -> None:
    world.later(days=1)
    client = world.client()
    mine = enter(world, client)
    for path in ("/me/teremok", mine, f"{mine}/erase"):
        assert client.get(path).headers["Cache-Control"] == "no-store"
    with world.database.reading() as session:
        assert session.scalars(select(PhoneVerification.path).order_by(PhoneVerification.id.desc())).first() == "me"
