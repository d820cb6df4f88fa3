import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from portal.access import blocks, orders
from portal.access.models import AccessBlock, AccessGrant, AccountingSession, GatewayOrder, Identification, Voucher
from portal.acquisition.models import Visit
from portal.cards import read
from portal.consent import records
from portal.consent.models import ConsentOpening, ConsentRecord
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.limits import Limit, LimitWindow, take
from portal.guests.models import Guest
from portal.privacy import acts, retention
from portal.privacy.models import DestructionAct, DestructionLog
from portal.privacy.retention import Ran
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues.models import LegalEntity
from tests.support.house import House, build_house
from tests.support.persons import ANNA, BORIS, leave_phone, publish, sign_up


@pytest.fixture(autouse=True)
def documents(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with database.writing() as session:
        publish(session, settings, house, now)


def run(database: Database, settings: Settings, at: datetime) -> dict[str, int]:
    return {ran.rule: ran.total for ran in retention.run(database, settings, lambda: at)}


def count(database: Database, table: type, *where: object) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


def test_a_phone_that_was_never_proven_is_gone_after_a_day_and_not_before(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        leave_phone(session, settings, house, ANNA, now, mac="020000000001", purposes=("card",))
        sign_up(session, settings, house, BORIS, now, mac="020000000002")
    assert run(database, settings, now + timedelta(hours=24)) == {}
    assert run(database, settings, now + timedelta(hours=24, seconds=1)) == {"unproven_phone": 3}
    with database.reading() as session:
        row = session.scalars(select(PhoneVerification).where(PhoneVerification.consumed_at.is_(None))).one()
        assert (row.phone, row.answers, row.arrival) == (None, {}, {})
        phones = select(SmsMessage.phone).order_by(SmsMessage.id)
        assert list(session.scalars(phones)) == [None, BORIS.e164]
        kept = [opening["phone"]["value"] for opening in session.scalars(select(ConsentOpening.opening))]
        assert kept == [BORIS.e164]
        assert len(records.in_force(session, settings.keys, house.legal_entity_id, BORIS)) == 1
    assert count(database, ConsentRecord, ConsentRecord.event == "declared") == 2, "the chain is never cut"


def test_the_trace_of_a_visit_and_the_way_of_a_proven_phone_live_thirty_days(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        person = sign_up(session, settings, house, ANNA, now)
    assert run(database, settings, now + timedelta(days=30)) == {"remembered_device": 1}
    assert run(database, settings, now + timedelta(days=30, seconds=1)) == {"proven_phone": 2, "visit_trace": 1}
    with database.reading() as session:
        visit = session.scalars(select(Visit)).one()
        assert (visit.ip, visit.user_agent, visit.device_hash, visit.guest_id) == (None, None, None, person.guest_id)
        assert session.scalars(select(PhoneVerification.phone)).one() is None
        assert session.scalars(select(Guest.phone)).one() == ANNA.e164
        assert session.scalars(select(Identification.phone)).one() == ANNA.e164


def test_a_guest_silent_for_the_term_is_erased_and_one_whose_card_was_used_is_not(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        anna = sign_up(session, settings, house, ANNA, now, mac="020000000001")
        boris = sign_up(session, settings, house, BORIS, now, mac="020000000002")
    later = now + timedelta(days=400)
    with database.writing() as session:
        card = read.by_token(session, boris.card_token or "")
        assert card is not None
        read.touch(card, later)
    at = now.replace(year=now.year + 2) + timedelta(seconds=1)
    done = run(database, settings, at)
    assert done["silent_guest"] == 5, "guest, card, device, opening, and the visit's tie"
    with database.reading() as session:
        assert list(session.scalars(select(Guest.phone))) == [BORIS.e164]
        assert read.by_token(session, anna.card_token or "") is None
        assert records.in_force(session, settings.keys, house.legal_entity_id, ANNA) == []
        assert list(session.scalars(select(ConsentOpening.opening["phone"]["value"].as_string()))) == [BORIS.e164]


def test_the_register_is_destroyed_at_its_term_with_grants_and_sessions(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        sign_up(session, settings, house, ANNA, now)
        grant_id = session.scalars(select(AccessGrant.id)).one()
        row = _accounting(house, now, "a", grant_id)
        session.add(row)
        session.flush()
        grant = session.get_one(AccessGrant, grant_id)
        orders.place(session, grant, "put_out", "guest", now)
        orders.place(session, grant, "put_out", "guest", now, session_id=row.id)
    assert "wifi_register" not in run(database, settings, now + timedelta(days=182, hours=23))
    assert run(database, settings, now + timedelta(days=183))["wifi_register"] == 5
    destroyed = (Identification, AccessGrant, AccountingSession, GatewayOrder)
    assert [count(database, table) for table in destroyed] == [0, 0, 0, 0]
    assert count(database, Guest) == 1, "the guest has a term of their own"


def test_a_register_row_waits_for_the_end_of_its_last_access(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    at = now + timedelta(days=183)
    with database.writing() as session:
        sign_up(session, settings, house, ANNA, now)
        session.execute(update(AccessGrant).values(expires_at=at + timedelta(hours=1)))
    assert "wifi_register" not in run(database, settings, at)
    assert run(database, settings, at + timedelta(hours=1))["wifi_register"] == 2


def test_vouchers_and_sessions_without_a_grant_go_after_the_registers_term(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    place = {"organization_id": house.organization_id, "venue_id": house.venue_id}
    with database.writing() as session:
        voucher = Voucher(
            **place, code_hash="v" * 32, staff_name="Вера", session_seconds=3600, created_at=now, expires_at=now, used_at=now
        )
        session.add_all([voucher, _accounting(house, now, "stray", None)])
    assert run(database, settings, now + timedelta(days=183)) == {}
    assert run(database, settings, now + timedelta(days=183, seconds=1)) == {"voucher": 1, "accounting": 1}


def test_evidence_of_boxes_that_gave_nothing_goes_after_a_month_and_a_guests_stays(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        sign_up(session, settings, house, BORIS, now, mac="020000000002")
        sign_up(session, settings, house, ANNA, now)
        records.withdraw(session, settings.keys, house.legal_entity_id, ANNA, "card", "staff:letter", now)
    assert run(database, settings, now + timedelta(days=30)).get("consent_evidence") is None
    assert run(database, settings, now + timedelta(days=30, seconds=1))["consent_evidence"] == 1
    with database.reading() as session:
        left = session.scalars(select(ConsentOpening.subject)).all()
    assert left == [records.subject_of(settings.keys, house.legal_entity_id, BORIS)]


def test_each_operator_gets_an_act_of_its_own_whose_log_says_what_went(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        other = build_house(session, "pyshka")
        publish(session, settings, other, now)
        first = leave_phone(session, settings, house, ANNA, now, mac="020000000001", purposes=())
        second = leave_phone(session, settings, other, ANNA, now, mac="020000000001", purposes=())
    at = now + timedelta(days=2)
    done = retention.run(database, settings, lambda: at)
    assert [(ran.legal_entity_id, ran.total) for ran in done] == [(house.legal_entity_id, 2), (other.legal_entity_id, 2)]
    with database.reading() as session:
        for ran, row in zip(done, (first, second), strict=True):
            log = {(r.table_name, r.row_id) for r in acts.log_of(session, ran.act_id)}
            assert ("phone_verification", str(row.id)) in log
            act = session.get_one(DestructionAct, ran.act_id)
            assert (act.reason, act.started_at, act.finished_at, act.total) == ("term", at, at, 2)


def test_a_run_with_nothing_due_leaves_no_act(database: Database, house: House, settings: Settings, now: datetime) -> None:
    assert retention.run(database, settings, lambda: now) == []
    assert count(database, DestructionAct) == 0


def test_passed_limits_are_forgotten_and_old_acts_with_their_logs_too(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        take(session, [Limit("n", "k", 5, timedelta(hours=1))], now)
        leave_phone(session, settings, house, ANNA, now, mac="020000000001", purposes=())
    run(database, settings, now + timedelta(days=2))
    assert count(database, LimitWindow, LimitWindow.key == "k") == 0
    assert (count(database, DestructionAct), count(database, DestructionLog)) == (1, 2)
    run(database, settings, now + timedelta(days=2 + 3 * 365 + 2))
    assert count(database, DestructionAct, DestructionAct.rule == "unproven_phone") == 0
    assert count(database, DestructionLog, DestructionLog.table_name == "phone_verification") == 0


CHILD = """
import sys
from datetime import datetime
from portal import models
from portal.core.db import Database
from portal.privacy import retention
from tests.conftest import make_settings
from pathlib import Path
folder, url, at = sys.argv[1:]
settings = make_settings(Path(folder), database_url=url)
print("ready", flush=True)
retention.run(Database(url), settings, lambda: datetime.fromisoformat(at), batch=3)
"""


def test_a_run_killed_midway_is_finished_by_the_next_with_every_row_logged_once(
    database: Database, database_url: str, house: House, settings: Settings, now: datetime, tmp_path: Path
) -> None:
    total, at = 1500, now + timedelta(days=31)
    _many_visits(database, house, now, total)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), database_url, at.isoformat()],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 30
    while count(database, DestructionLog) < 60:
        assert time.monotonic() < deadline and child.poll() is None
    child.kill()
    child.wait()
    with database.reading() as session:
        act = session.scalars(select(DestructionAct)).one()
    destroyed = count(database, Visit, Visit.ip.is_(None))
    assert act.finished_at is None and 60 <= destroyed < total
    assert act.total == count(database, DestructionLog) == destroyed, "what is destroyed is logged, and nothing else"

    # the next run goes on with the same act although its own cutoff is another
    assert retention.run(database, settings, lambda: at + timedelta(hours=1)) == [
        Ran(act.id, house.legal_entity_id, "visit_trace", total)
    ]
    with database.reading() as session:
        logged = Counter(row.row_id for row in acts.log_of(session, act.id))
        assert set(logged.values()) == {1}
        assert set(logged) == {str(visit_id) for visit_id in session.scalars(select(Visit.id))}
    assert count(database, Visit, Visit.ip.is_not(None)) == 0


def test_two_runs_at_once_destroy_and_log_every_row_once(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    _many_visits(database, house, now, 400)
    at = now + timedelta(days=31)
    with ThreadPoolExecutor(2) as pool:
        ran = [pool.submit(retention.run, database, settings, lambda: at, batch=20) for _ in range(2)]
    assert {act.total for future in ran for act in future.result()} <= {0, 400}
    assert count(database, DestructionLog) == 400
    assert count(database, DestructionAct, DestructionAct.finished_at.is_(None)) == 0


def _many_visits(database: Database, house: House, now: datetime, total: int) -> None:
    row = {
        "organization_id": house.organization_id, "venue_id": house.venue_id, "entry": "qr", "language": "ru",
        "ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "arrived_at": now,
    }  # fmt: skip
    with database.writing() as session:
        session.execute(insert(Visit), [{**row, "public_id": f"visit-{n}"} for n in range(total)])


def test_a_block_goes_a_term_after_staff_took_it_back_and_one_in_force_stays(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        for phone in (ANNA, BORIS):
            blocks.block(session, entity, phone=phone, mac=None, reason="x", staff_name="s", now=now)
        blocks.unblock(session, [entity.id], 1, now)
    assert "block" not in run(database, settings, now + settings.retention_register)
    assert run(database, settings, now + settings.retention_register + timedelta(seconds=1))["block"] == 1
    assert count(database, AccessBlock) == count(database, AccessBlock, AccessBlock.ended_at.is_(None)) == 1


def _accounting(house: House, now: datetime, name: str, grant_id: int | None) -> AccountingSession:
    return AccountingSession(
        organization_id=house.organization_id, venue_id=house.venue_id, nas_id=house.nas_id, acct_session_id=name,
        user_name=name, grant_id=grant_id, mac="020000000001", started_at=now, updated_at=now,
    )  # fmt: skip
