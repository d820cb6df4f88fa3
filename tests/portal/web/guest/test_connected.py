"""The status page: what it says of a gateway that is closed, and what it refuses to who only claims a MAC."""

import pytest
from sqlalchemy import select

from portal.access import grants, orders
from portal.acquisition.models import Visit
from portal.core.phone import Phone
from portal.signup.codes import code_for
from portal.signup.completion import Completed, complete
from portal.signup.lookup import Ticket
from portal.signup.messages import compose
from portal.signup.online import came_online
from portal.sms.models import SmsMessage
from tests.conftest import make_settings
from tests.support.access import make_grant, make_visit
from tests.support.persons import leave_phone
from tests.support.signups import World


def stand(world):
    with world.database.writing() as session:
        visit_id = make_visit(session, world.house, world.now, verified=True)
        make_grant(session, world.house, world.now, visit_id=visit_id)
    return visit_id


def path(world, visit_id, **facts):
    sealed = {"v": visit_id, "t": int(world.now.timestamp()), **facts}
    return f"/connected/{world.settings.keys.seal('connected', sealed, world.now)}"


def state(world, at):
    page = world.client().get(at)
    assert page.status_code == 200
    return page.text.split('data-state="')[1].split('"')[0]


def test_who_claims_a_mac_may_look_and_press_nothing(world):
    visit_id = stand(world)
    with world.database.writing() as session:
        came_online(session, visit_id, world.now, "accounting")
    claimed, own = path(world, visit_id, m=1), path(world, visit_id)
    assert "<form" in world.client().get(own).text
    page = world.client().get(claimed)
    assert page.status_code == 200 and "<form" not in page.text and "/open" not in page.text
    for deed in ("disconnect", "forget", "open"):
        assert world.client().post(f"{claimed}/{deed}").status_code == 403, deed
    with world.database.reading() as session:
        assert grants.by_visit(session, visit_id).revoked_at is None
    assert world.client().post(f"{own}/disconnect").status_code == 303
    assert state(world, own) == "revoked"


def test_a_second_visit_to_the_portal_waits_anew(world):
    """The grant is an hour old, the device was shut out and let in again: not "no internet" at once."""
    visit_id = stand(world)
    first = path(world, visit_id)
    world.later(hours=1)
    assert state(world, first) == "no_internet"
    assert state(world, path(world, visit_id)) == "opening"


@pytest.mark.parametrize(("came", "shown"), [("waiting", "opening"), ("done", "opening"), ("failed", "failed")])
def test_a_gateway_that_the_worker_opens_says_how_far_it_is(world, came, shown):
    visit_id = stand(world)
    with world.database.writing() as session:
        number = orders.place(session, grants.by_visit(session, visit_id), "let_in", "grant", world.now)
        if came != "waiting":
            orders.settle(session, [number], came, "HTTP 500", world.now)
    assert state(world, path(world, visit_id)) == shown


def test_every_answer_of_the_page_is_small_and_needs_no_cookie(world):
    visit_id = stand(world)
    answer = world.client().get(path(world, visit_id))
    assert len(answer.data) < 14_000 and "Set-Cookie" not in answer.headers
    assert [visit.online_at for visit in world.rows(Visit)] == [None]  # looking proves nothing


SHORT, LONG = "https://wifi.ru", f"https://{'very-long.' * 8}example.ru"


@pytest.mark.parametrize(
    ("public_url", "language", "in_the_sms", "words"),
    [
        (SHORT, "en", True, "open the link from the SMS"),
        (LONG, "en", False, f"“My data and consents” ({LONG[8:]}/me/teremok)"),
        (SHORT, "ru", True, "по ссылке из SMS"),
        (LONG, "ru", False, f"«Мои данные и согласия» ({LONG[8:]}/me/teremok)"),
    ],
)
def test_the_way_to_the_card_is_the_sms_only_where_the_sms_says_it(
    tmp_path, database, house, public_url, language, in_the_sms, words
):
    world = World(make_settings(tmp_path, public_url=public_url), database, house)
    visit_id, sms = card_by_sms(world, language)
    page = world.client().get(f"{path(world, visit_id)}?lang={language}", base_url=public_url)
    assert page.status_code == 200 and words in page.text
    assert (f"{public_url[8:]}/l/" in sms) is in_the_sms
    assert (f"({public_url[8:]}/me/" not in page.text) is in_the_sms


def test_the_words_of_the_way_to_the_card_go_by_the_language_of_the_sms_not_of_the_page(tmp_path, database, house):
    """The same host has room in an English SMS and none in a Russian one."""
    host = "https://guest.wifi.example-cafe.ru"
    world = World(make_settings(tmp_path, public_url=host), database, house)
    visit_id, sms = card_by_sms(world, "en")
    assert "/l/" in sms
    assert "по ссылке из SMS" in world.client().get(f"{path(world, visit_id)}?lang=ru", base_url=host).text


def card_by_sms(world, language):
    """A guest of the Wi-Fi asks for the card in a language, and is online: the visit, and what the SMS said."""
    with world.database.writing() as session:
        phone = Phone("+79161234567")
        asked = leave_phone(
            session, world.settings, world.house, phone, world.now, mac="020000000001", purposes=("card",), language=language
        )
        sms = compose(session, world.settings, session.scalars(select(SmsMessage)).one()).text
        code = code_for(world.settings.keys, asked.nonce, phone.e164)
        assert isinstance(complete(session, world.settings, Ticket(asked.public_id, False), code, world.now), Completed)
        came_online(session, asked.visit_id, world.now, "accounting")
        return asked.visit_id, sms
