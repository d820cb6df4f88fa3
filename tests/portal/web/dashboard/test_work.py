"""What staff do at the counter: vouchers and look-ups."""

from datetime import timedelta

from sqlalchemy import select

from portal.acquisition.models import Source
from portal.core.tokens import random_id
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues.models import Venue
from tests.support.dashboard import Browser
from tests.support.journal import lines_of

PHONE = "+79031234567"


def test_a_voucher_is_shown_once_and_written_down(browser, database, house):
    assert "csrf_token" in browser.get("/dashboard/vouchers").text
    assert browser.post("/dashboard/vouchers", venue="teremok").status_code == 422  # off
    with database.writing() as session:
        session.get(Venue, house.venue_id).vouchers = True
    answer = browser.post("/dashboard/vouchers", venue="teremok")
    code = answer.text.split('<p class="code"><code>')[1].split("</code>")[0]
    assert len(code.replace(" ", "")) == 10
    assert code not in browser.get("/dashboard/vouchers").text
    assert lines_of(database) == [("voucher", "teremok")]


def write_message(database, house, now, venue_id=None):
    with database.writing() as session:
        here = {"organization_id": house.organization_id, "venue_id": venue_id or house.venue_id}
        verification = PhoneVerification(
            **here, legal_entity_id=house.legal_entity_id, public_id=random_id(), link=random_id()[:10], visit_id=random_id(),
            path="qr", phone=PHONE, nonce=random_id(), language="ru", created_at=now, expires_at=now,
        )  # fmt: skip
        session.add(verification)
        session.flush()
        session.add(
            SmsMessage(
                **here, verification_id=verification.id, reference=random_id(), path="qr", phone=PHONE, language="ru",
                status="delivered", queued_at=now, not_after=now, delivered_at=now + timedelta(seconds=9),
            )
        )  # fmt: skip


def test_a_look_up_shows_the_delivery_alone_and_is_written_down_under_a_mask(browser, database, house, now):
    write_message(database, house, now)
    answer = browser.post("/dashboard/lookup?lang=en", form_at="/dashboard/lookup", phone="8 (903) 123-45-67")
    assert answer.status_code == 200
    assert "delivered" in answer.text
    assert "Теремок" in answer.text
    assert "9031234567" not in answer.text.replace(" ", "").replace("-", "")
    assert "+7 ••• ••• 45-67" in answer.text
    assert lines_of(database) == [("lookup", "+7 ••• ••• 45-67")]


def test_a_look_up_answers_the_same_for_a_guest_of_another_venue_and_for_nobody(browser, database, house, now):
    nobody = browser.post("/dashboard/lookup", phone="+79039999999").text
    from tests.support.house import build_house

    with database.writing() as session:
        other = build_house(session, "blinnaya")
    write_message(database, other, now)
    elsewhere = browser.post("/dashboard/lookup", phone=PHONE).text
    assert "<table" not in nobody
    assert "<table" not in elsewhere


def test_a_nul_in_an_address_or_a_field_fails_nothing(browser, database, house):
    for path in ("/venues/%00", "/overview?venue=%00", "/sources/%00/edit", "/venues/teremok/documents/%00/ru/1"):
        assert browser.get("/dashboard" + path).status_code == 404, path
    made = browser.post("/dashboard/venues/teremok/sources/new", kind="menu", label="Меню\x00\u202eуню", utm_source="a\x00b")
    assert made.status_code == 303
    with database.reading() as session:
        assert session.scalar(select(Source.label).where(Source.kind == "menu")) == "Меню уню"
    assert Browser(browser.client.application).sign_in("a\x00@b.example").status_code == 422


def test_a_number_that_gets_no_sms_is_refused_beside_the_field(browser, database):
    answer = browser.post("/dashboard/lookup", phone="8 495 123")
    assert answer.status_code == 422
    assert 'id="phone-error"' in answer.text
    assert lines_of(database) == []
