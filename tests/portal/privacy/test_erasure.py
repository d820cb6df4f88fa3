from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.access import blocks
from portal.access.models import AccessBlock, AccessGrant, Identification
from portal.acquisition.models import Visit
from portal.cards import read
from portal.cards.models import Card
from portal.consent import records
from portal.consent.models import ConsentOpening, ConsentRecord
from portal.consent.verify import verify
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import Phone
from portal.guests.models import Device, Guest
from portal.privacy import acts, erasure
from portal.privacy.known import known_of
from portal.privacy.patience import patiently
from portal.signup.codes import code_for
from portal.signup.completion import complete
from portal.signup.lookup import Ticket
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues.models import LegalEntity
from tests.support.house import House, build_house
from tests.support.persons import ANNA, BORIS, Person, leave_phone, publish, sign_up


def erase(database: Database, settings: Settings, house: House, phone: Phone, now: datetime) -> erasure.Erased:
    return patiently(database, lambda session: erasure.erase(session, settings.keys, house.legal_entity_id, phone.e164, now))


def count(database: Database, table: type, *where: object) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


def test_erasure_takes_everything_but_the_register_and_the_commitments(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    anna, boris = people
    records_before = count(database, ConsentRecord)
    erased = erase(database, settings, house, ANNA, now + timedelta(hours=1))
    with database.reading() as session:
        assert list(session.scalars(select(Guest.phone))) == [BORIS.e164]
        assert list(session.scalars(select(Device.guest_id))) == [boris.guest_id]
        assert list(session.scalars(select(Card.token))) == [boris.card_token]
        assert read.by_token(session, anna.card_token or "") is None
        visit = session.scalars(select(Visit).where(Visit.public_id == anna.visit_id)).one()
        assert (visit.guest_id, visit.device_hash, visit.ip, visit.user_agent) == (None, None, None, None)
        assert visit.verified_at == now and visit.source_id == house.source_id
        row = session.get_one(PhoneVerification, anna.verification_id)
        assert (row.phone, row.answers, row.arrival, row.device_hash) == (None, {}, {}, None)
        assert list(session.scalars(select(SmsMessage.phone).order_by(SmsMessage.id))) == [None, BORIS.e164]
        subject = records.subject_of(settings.keys, house.legal_entity_id, ANNA)
        assert ANNA.e164 not in str(list(session.scalars(select(ConsentOpening.opening))))
        assert not list(session.scalars(select(ConsentOpening).where(ConsentOpening.subject == subject)))
        assert records.in_force(session, settings.keys, house.legal_entity_id, ANNA) == []
        assert len(records.in_force(session, settings.keys, house.legal_entity_id, BORIS)) == 1
        register = session.scalars(select(Identification).where(Identification.phone == ANNA.e164)).one()
        assert register.destroy_after == now + settings.retention_register
    assert count(database, ConsentRecord) == records_before + 2, "each consent in force is withdrawn on the chain"
    assert [grant.mac for grant in erased.disconnected] == ["020000000001"]
    assert count(database, AccessGrant, AccessGrant.revoked_at.is_not(None)) == 1


def test_the_act_names_every_destroyed_row_and_no_value(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    act = erase(database, settings, house, ANNA, now).act
    assert act is not None and act.finished_at == now and act.reason == "erasure"
    with database.reading() as session:
        log = list(acts.log_of(session, act.id))
    assert len(log) == act.total
    assert {row.table_name for row in log} == {
        "guest", "card", "device", "visit", "consent_opening", "phone_verification", "sms_message",
    }  # fmt: skip
    assert len({(row.table_name, row.row_id) for row in log}) == len(log)
    assert not any(ANNA.e164 in f"{row.row_id}{row.what}" for row in log)


def test_a_block_that_was_taken_back_is_erased_and_one_in_force_stays(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    with database.writing() as session:
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        for phone in (ANNA, ANNA, BORIS):
            blocks.block(session, entity, phone=phone, mac=None, reason="x", staff_name="s", now=now)
        for number in (1, 3):
            blocks.unblock(session, [entity.id], number, now)
    erase(database, settings, house, ANNA, now)
    with database.reading() as session:
        assert list(session.scalars(select(AccessBlock.id).order_by(AccessBlock.id))) == [2, 3]


def test_erasing_twice_finds_nothing_the_second_time(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    erase(database, settings, house, ANNA, now)
    again = erase(database, settings, house, ANNA, now)
    assert again.act is None and again.disconnected == []


def test_another_operator_keeps_what_it_knows_of_the_same_phone(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    with database.writing() as session:
        other = build_house(session, "pyshka")
        publish(session, settings, other, now)
        sign_up(session, settings, other, ANNA, now, mac="020000000009")
    erased = erase(database, settings, house, ANNA, now)
    with database.reading() as session:
        left = known_of(session, settings.keys, other.legal_entity_id, ANNA.e164, now)
    assert left.guest is not None and left.card is not None and len(left.consents) == 1 and left.accesses
    assert left.accesses[0].online_until is not None
    assert [grant.venue_id for grant in erased.disconnected] == [house.venue_id]


def test_who_ticks_nothing_on_the_wifi_leaves_no_answers_is_shown_the_form_and_can_have_it_erased(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        publish(session, settings, house, now)
        sign_up(session, settings, house, ANNA, now, purposes=())
        assert session.scalars(select(PhoneVerification.answers)).one() == {"boxes": []}
    who = (settings.keys, house.legal_entity_id, ANNA.e164, now + timedelta(days=1))
    with database.reading() as session:
        before = known_of(session, *who)
    assert before.guest is None and before.evidence == [] and [form.venue for form in before.forms] == ["Теремок"]
    assert before.can_be_erased
    erase(database, settings, house, ANNA, now)
    with database.reading() as session:
        after = known_of(session, *who)
        assert session.scalars(select(PhoneVerification.phone)).one() is None
    assert after.forms == [] and after.accesses and not after.can_be_erased


def test_what_is_known_is_all_there_is_and_only_of_that_phone(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    with database.reading() as session:
        anna = known_of(session, settings.keys, house.legal_entity_id, ANNA.e164, now)
        stranger = known_of(session, settings.keys, house.legal_entity_id, "+79160000000", now)
    assert anna.guest is not None and anna.guest.name == "Анна"
    assert sorted(given.purpose for given in anna.consents) == ["advertising_sms", "card"]
    assert [(visit.venue, visit.source) for visit in anna.visits] == [("Теремок", "Стол 7")]
    assert [access.mac for access in anna.accesses] == ["020000000001"]
    assert (len(anna.devices), len(anna.messages)) == (1, 1)
    assert stranger.is_empty and not stranger.is_guest


def test_a_forgotten_device_goes_offline_and_others_devices_cannot_be_forgotten(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    mine, foreign = (settings.keys.keyed_hash("mac", f"02000000000{n}") for n in (1, 2))
    with database.writing() as session:
        args = (session, settings.keys, house.legal_entity_id, ANNA.e164)
        assert erasure.forget_device(*args, foreign, now) == []
        ended = erasure.forget_device(*args, mine, now)
    assert [grant.revoked_reason for grant in ended] == ["guest"]
    assert count(database, Device) == 1
    assert count(database, AccessGrant, AccessGrant.revoked_at.is_(None)) == 1


def test_erasing_while_the_person_signs_up_again_never_locks_crosswise(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    generous = settings.model_copy(
        update={"limit_number_day": 100, "limit_number_week": 100, "limit_device_hour": 100, "limit_device_day": 100}
    )

    def again(n: int) -> None:
        at = now + timedelta(minutes=n)
        with database.writing() as session:
            row = leave_phone(session, generous, house, ANNA, at, mac="020000000001", purposes=("card",))
        with database.writing() as session:
            complete(session, generous, Ticket(row.public_id, False), code_for(settings.keys, row.nonce, ANNA.e164), at)

    def leave(n: int) -> None:
        erase(database, settings, house, ANNA, now + timedelta(minutes=n))

    with ThreadPoolExecutor(4) as pool:
        signups = pool.submit(lambda: [again(n) for n in range(1, 9)])
        erasures = [pool.submit(leave, n) for n in range(1, 17)]
    assert [future.exception() for future in (signups, *erasures)] == [None] * 17
    leave(10)
    with database.reading() as session:
        left = known_of(session, settings.keys, house.legal_entity_id, ANNA.e164, now)
    assert not left.is_guest and left.messages == []


def test_the_chain_still_verifies_after_erasure(
    database: Database, house: House, settings: Settings, now: datetime, people: tuple[Person, Person]
) -> None:
    erase(database, settings, house, ANNA, now)
    with database.reading() as session:
        verdict = verify(session, house.legal_entity_id, [], None)
    assert verdict.records == 8 and verdict.findings == (), "declared, given and withdrawn, and nothing is missing"
