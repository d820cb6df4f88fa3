"""What goes with a consent, and what stays on another ground."""

from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from portal.access.models import AccessGrant
from portal.core.config import Settings
from portal.core.db import Database
from portal.guests.models import Guest
from portal.privacy import withdrawal
from portal.privacy.known import known_of
from portal.signup.models import PhoneVerification
from tests.support.house import House
from tests.support.persons import ANNA, BORIS, Person, leave_phone, publish, sign_up


def test_withdrawing_the_card_takes_the_card_and_leaves_a_guest_who_reads_adverts(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    for expected in (True, False):
        with database.writing() as session:
            did = withdrawal.withdraw(
                session, settings.keys, house.legal_entity_id, ANNA.e164, "card", now, control="me:withdraw"
            )
        assert did is expected
    with database.reading() as session:
        known = known_of(session, settings.keys, house.legal_entity_id, ANNA.e164, now)
    assert known.guest is not None and known.card is None
    assert [given.purpose for given in known.consents] == ["advertising_sms"]


def test_withdrawing_the_wifi_terms_ends_the_internet_and_an_advert_does_not(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        publish(session, settings, house, now)
        sign_up(session, settings, house, ANNA, now, purposes=("wifi_terms", "advertising_sms"))
    for purpose, reason in (("advertising_sms", None), ("wifi_terms", "withdrawn")):
        with database.writing() as session:
            who = (session, settings.keys, house.legal_entity_id, ANNA.e164)
            assert withdrawal.withdraw(*who, purpose, now, control="me:withdraw")
            assert session.scalars(select(AccessGrant.revoked_reason)).one() == reason


def test_withdrawing_the_last_consent_ends_the_guest_with_the_form_and_what_proved_it(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    with database.writing() as session:
        leave_phone(session, settings, house, BORIS, now + timedelta(minutes=1), mac="020000000002", purposes=("card",))
        withdrawal.withdraw(session, settings.keys, house.legal_entity_id, ANNA.e164, "card", now, control="me:withdraw")
        withdrawal.withdraw(session, settings.keys, house.legal_entity_id, BORIS.e164, "card", now, control="me:withdraw")
    with database.reading() as session:
        anna = known_of(session, settings.keys, house.legal_entity_id, ANNA.e164, now)
        boris = known_of(session, settings.keys, house.legal_entity_id, BORIS.e164, now)
        proven = PhoneVerification.consumed_at.is_not(None)
        phones = session.execute(select(proven, PhoneVerification.phone).order_by(PhoneVerification.id)).all()
        ended = list(session.scalars(select(AccessGrant.revoked_at)))
    assert len(anna.evidence) == len(anna.forms) == 1, "she still reads adverts"
    assert boris.guest is None and boris.consents == [] and boris.accesses
    assert boris.evidence == [now + timedelta(minutes=1)], "of the form that waits for its code"
    assert phones == [(True, ANNA.e164), (True, None), (False, BORIS.e164)], "what waits for its code has a term of its own"
    assert ended and not any(ended), "the internet depends on no consent"


def test_a_withdrawn_consent_takes_the_answers_that_no_other_one_covers(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    typed = {"name": "Анна", "email": "anna@example.ru", "city": "Тула", "boxes": []}
    with database.writing() as session:
        session.execute(update(Guest).values(email="anna@example.ru", city="Тула", birthday=date(1990, 4, 25), custom="кофе"))
        session.execute(update(PhoneVerification).values(answers=typed))
        withdrawal.withdraw(session, settings.keys, house.legal_entity_id, ANNA.e164, "card", now, control="me:withdraw")
    with database.reading() as session:
        anna, boris = (known_of(session, settings.keys, house.legal_entity_id, who.e164, now).guest for who in (ANNA, BORIS))
        answers = list(session.scalars(select(PhoneVerification.answers).order_by(PhoneVerification.id)))
    assert anna is not None and boris is not None
    assert (anna.name, anna.email, anna.city, anna.birthday, anna.custom) == ("Анна", None, None, None, None)
    assert (boris.email, boris.city, boris.birthday, boris.custom) == ("anna@example.ru", "Тула", date(1990, 4, 25), "кофе")
    assert answers == [{"name": "Анна", "boxes": []}, typed]


def test_the_evidence_of_a_withdrawn_consent_goes_and_that_of_another_form_stays(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    later = now + timedelta(days=3)
    with database.writing() as session:
        sign_up(session, settings, house, BORIS, later, mac="020000000002", purposes=("advertising_sms",))
        withdrawal.withdraw(session, settings.keys, house.legal_entity_id, BORIS.e164, "card", later, control="me:withdraw")
    with database.reading() as session:
        assert known_of(session, settings.keys, house.legal_entity_id, BORIS.e164, later).evidence == [later]
        assert known_of(session, settings.keys, house.legal_entity_id, ANNA.e164, later).evidence == [now]
