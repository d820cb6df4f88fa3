"""decide, for logins: who is let in, for how long, with what, and every reason against."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from portal.access import blocks, grants, vouchers
from portal.access.authorization import Decision, decide
from portal.access.models import AccessGrant
from portal.access.packets import AccessRequest
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.venues.models import GatewayConfig, LegalEntity, Nas, Venue, WifiPolicy
from tests.support.access import ANNA, OTHER_MAC, PHONE_MAC, log_in, make_accounted, make_grant, make_proof
from tests.support.house import House, build_house

HOUR = timedelta(hours=1)


def ask(database: Database, nas: str, user: str, mac: Mac | None, at: datetime, password: str | None = None) -> Decision:
    with database.glancing() as session:
        return decide(session, nas, AccessRequest(user, mac, password), at)


def set_policy(database: Database, house: House, **values: Any) -> None:
    with database.writing() as session:
        policy = session.get_one(WifiPolicy, house.venue_id)
        for name, value in values.items():
            setattr(policy, name, value)


@pytest.fixture
def grant(database: Database, settings: Settings, house: House, now: datetime) -> AccessGrant:
    """PHONE_MAC's grant, proven by Anna."""
    with database.writing() as session:
        return make_grant(session, house, now, identification_id=make_proof(session, settings, house, now))


def test_a_verified_device_is_accepted_with_its_limits(
    database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    user, password = log_in(grant, now)
    answer = ask(database, house.nas_name, user, PHONE_MAC, now + timedelta(seconds=100.5))
    assert answer.accept and answer.reason == "granted"
    assert answer.cleartext_password == password
    assert answer.session_timeout == grant.session_seconds - 101
    assert (answer.idle_timeout, answer.down_kbps, answer.up_kbps, answer.octets) == (900, 8000, 4000, None)
    assert (answer.class_, answer.gateway_id) == (grant.visit_id, house.gateway_id)
    assert answer.interim == 600
    assert password not in repr(answer)


@pytest.mark.parametrize(
    ("reason", "user", "mac", "seconds"),
    [
        ("unknown", "nobody", PHONE_MAC, 1),
        ("unknown", "", PHONE_MAC, 1),
        ("unknown", "-1", PHONE_MAC, 1),
        ("other_device", None, OTHER_MAC, 1),
        ("other_device", None, None, 1),
        ("too_late", None, PHONE_MAC, 121),
        ("too_late", None, PHONE_MAC, 10**7),
        ("not_yet", None, PHONE_MAC, -6),
    ],
)
def test_everyone_else_is_refused_without_a_password(
    database: Database, house: House, grant: AccessGrant, now: datetime, reason: str, user: str | None, mac: Mac | None,
    seconds: float,
) -> None:  # fmt: skip
    asked = log_in(grant, now)[0] if user is None else user
    answer = ask(database, house.nas_name, asked, mac, now + timedelta(seconds=seconds))
    expected = "expired" if seconds > grant.session_seconds else reason
    assert (answer.accept, answer.reason, answer.cleartext_password) == (False, expected, None)


@pytest.mark.parametrize("seconds", [-5, 0, 60, 120])
def test_a_login_is_good_for_two_minutes_and_for_a_clock_a_few_seconds_behind(
    database: Database, house: House, grant: AccessGrant, now: datetime, seconds: int
) -> None:
    user, _ = log_in(grant, now + HOUR)
    assert ask(database, house.nas_name, user, PHONE_MAC, now + HOUR + timedelta(seconds=seconds)).accept


def test_a_login_of_the_future_is_refused(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    user, _ = log_in(grant, now + HOUR)
    assert ask(database, house.nas_name, user, PHONE_MAC, now + HOUR - timedelta(seconds=6)).reason == "too_early"


@pytest.mark.parametrize(
    "change", [lambda n: n.partition("-")[0], lambda n: n + "-1", lambda n: n.replace("-", "-z", 1), str.upper]
)
def test_a_name_without_its_stamp_is_no_login(
    database: Database, house: House, grant: AccessGrant, now: datetime, change: Callable[[str], str]
) -> None:
    answer = ask(database, house.nas_name, change(log_in(grant, now)[0]), PHONE_MAC, now)
    assert answer.reason in ("no_login", "too_early", "too_late", "unknown") and answer.cleartext_password is None


def test_every_login_has_a_password_of_its_own_that_is_not_the_grants(grant: AccessGrant, now: datetime) -> None:
    logins = [log_in(grant, now + timedelta(seconds=second)) for second in range(50)]
    assert len({name for name, _ in logins}) == len({password for _, password in logins}) == 50
    assert all(password != grant.password and name != grant.user_name for name, password in logins)
    assert log_in(grant, now) == log_in(grant, now + timedelta(milliseconds=900))


def test_a_login_ends_with_the_first_session_and_may_repeat_until_then(
    database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    user, password = log_in(grant, now)
    for seconds in (0, 1, 30):
        answer = ask(database, house.nas_name, user, PHONE_MAC, now + timedelta(seconds=seconds))
        assert answer.cleartext_password == password
    with database.writing() as session:
        make_accounted(session, house, grant, now, user_name=user)
    assert ask(database, house.nas_name, user, PHONE_MAC, now + timedelta(seconds=31)).reason == "spent"
    fresh, _ = log_in(grant, now + timedelta(seconds=32))
    assert ask(database, house.nas_name, fresh, PHONE_MAC, now + timedelta(seconds=33)).accept


def test_a_voucher_login_is_spent_too(database: Database, settings: Settings, house: House, now: datetime) -> None:
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        venue.vouchers = True
        code = vouchers.make(session, settings.keys, venue, "Анна", now)
        voucher = vouchers.redeem(session, settings.keys, settings, venue, code, PHONE_MAC, None, now)
        assert not isinstance(voucher, vouchers.VoucherRefused)
        grant = make_grant(session, house, now, voucher_id=voucher.id)
    user, _ = log_in(grant, now)
    assert ask(database, house.nas_name, user, PHONE_MAC, now).accept
    with database.writing() as session:
        make_accounted(session, house, grant, now, user_name=user)
    assert ask(database, house.nas_name, user, PHONE_MAC, now).reason == "spent"


def test_a_login_is_for_the_router_of_its_gateway(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    with database.writing() as session:
        here = {"organization_id": house.organization_id, "venue_id": house.venue_id, "created_at": now}
        second = GatewayConfig(**here, kind="simulator", base_url="http://127.0.0.1:8003", secret="s" * 32)
        session.add(second)
        session.flush()
        session.add_all(
            [
                Nas(**here, gateway_id=second.id, name="second", address="127.0.0.2", secret="s" * 32),
                Nas(**here, gateway_id=None, name="third", address="127.0.0.3", secret="s" * 32),
            ]
        )
    mine = grants.login(grant, now).user_name
    walked_over = grants.login(grant, now, second.id).user_name
    answers = {
        (nas, user): ask(database, nas, user, PHONE_MAC, now).reason
        for nas in ("second", "third")
        for user in (mine, walked_over)
    }
    assert answers == {
        ("second", mine): "other_gateway", ("second", walked_over): "granted", ("third", mine): "granted",
        ("third", walked_over): "granted",
    }  # fmt: skip
    assert ask(database, house.nas_name, walked_over, PHONE_MAC, now).reason == "other_gateway"


def test_the_last_second_is_still_granted_and_the_next_is_not(
    database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    for before, expected in ((1, "granted"), (0.5, "expired"), (0, "expired"), (-1, "expired")):
        at = grant.expires_at - timedelta(seconds=before)
        answer = ask(database, house.nas_name, log_in(grant, at)[0], PHONE_MAC, at)
        assert (answer.reason, answer.session_timeout) == (expected, int(expected == "granted"))


def test_a_revoked_grant_is_refused(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    with database.writing() as session:
        grants.revoke(session, grant, "staff", now)
    assert ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now).reason == "revoked"


@pytest.mark.parametrize("whom", [{"phone": ANNA, "mac": None}, {"phone": None, "mac": PHONE_MAC}])
def test_a_blocked_phone_or_device_is_refused_until_the_block_is_taken_back(
    database: Database, settings: Settings, house: House, now: datetime, whom: dict[str, Any]
) -> None:
    with database.writing() as session:
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        made, _ = blocks.block(session, entity, **whom, reason="шум", staff_name="Анна", now=now)
        late = make_grant(session, house, now, identification_id=make_proof(session, settings, house, now))
    user = log_in(late, now)[0]
    assert ask(database, house.nas_name, user, PHONE_MAC, now).reason == "blocked"
    with database.writing() as session:
        blocks.unblock(session, [house.legal_entity_id], made.id, now)
    assert ask(database, house.nas_name, user, PHONE_MAC, now).accept


def test_the_router_of_another_venue_gets_nothing(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    with database.writing() as session:
        other = build_house(session, "izbushka")
    answer = ask(database, other.nas_name, log_in(grant, now)[0], PHONE_MAC, now)
    assert (answer.accept, answer.reason) == (False, "other_venue")
    assert ask(database, "nobody", log_in(grant, now)[0], PHONE_MAC, now).reason == "unknown_router"


def test_a_grant_without_a_mac_is_not_bound_to_one(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        free = make_grant(session, house, now, mac=None)
    user = log_in(free, now)[0]
    assert ask(database, house.nas_name, user, OTHER_MAC, now).accept
    assert ask(database, house.nas_name, user, None, now).accept


def test_speed_time_and_reports_follow_the_policy(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    set_policy(database, house, interim_seconds=20, session_seconds=1800)
    answer = ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now)
    assert (answer.interim, answer.session_timeout) == (60, 1800)
    with database.writing() as session:
        session.get_one(Nas, house.nas_id).short_lease_seconds = 300
    assert ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now).session_timeout == 300


def test_devices_are_counted_without_ghosts_and_without_the_device_itself(
    database: Database, settings: Settings, house: House, grant: AccessGrant, now: datetime
) -> None:
    set_policy(database, house, devices_per_guest=1)
    user = log_in(grant, now)[0]
    with database.writing() as session:
        other = make_grant(
            session, house, now, mac=OTHER_MAC, identification_id=make_proof(session, settings, house, now, mac=OTHER_MAC)
        )
        make_accounted(session, house, grant, now - HOUR / 60)  # this device's own, which its return has ended
        make_accounted(session, house, other, now - HOUR, stopped_at=now - HOUR / 2)
        ghost = make_accounted(session, house, other, now - HOUR, updated_at=now - timedelta(seconds=1800))
    assert ask(database, house.nas_name, user, PHONE_MAC, now).accept
    with database.writing() as session:
        session.merge(ghost).updated_at = now - timedelta(seconds=1799)
    assert ask(database, house.nas_name, user, PHONE_MAC, now).reason == "too_many_devices"
    set_policy(database, house, devices_per_guest=2)
    assert ask(database, house.nas_name, user, PHONE_MAC, now).accept


def test_two_sessions_of_one_other_device_are_one_device(
    database: Database, settings: Settings, house: House, grant: AccessGrant, now: datetime
) -> None:
    set_policy(database, house, devices_per_guest=2)
    with database.writing() as session:
        other = make_grant(
            session, house, now, mac=OTHER_MAC, identification_id=make_proof(session, settings, house, now, mac=OTHER_MAC)
        )
        for _ in range(3):
            make_accounted(session, house, other, now)
    assert ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now).accept


def test_the_days_allowance_counts_all_devices_of_the_phone_and_begins_anew_at_local_midnight(
    database: Database, settings: Settings, house: House, grant: AccessGrant, now: datetime
) -> None:
    set_policy(database, house, day_seconds=3600, day_megabytes=5000)
    midnight = datetime.fromisoformat("2026-11-22T00:00:00+03:00")
    with database.writing() as session:
        other = make_grant(
            session, house, now, mac=OTHER_MAC, identification_id=make_proof(session, settings, house, now, mac=OTHER_MAC)
        )
        over = {"stopped_at": now, "updated_at": now}
        make_accounted(session, house, other, now - HOUR, session_seconds=1000, input_octets=10**9, output_octets=10**6, **over)
        across = {"stopped_at": midnight + HOUR / 6, "updated_at": midnight + HOUR / 6}
        make_accounted(session, house, grant, midnight - HOUR / 3, session_seconds=1800, output_octets=3 * 10**9, **across)
    answer = ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now)
    assert answer.session_timeout == 3600 - 1000 - 600
    assert answer.octets == 5 * 10**9 - 1_001_000_000 - 10**9
    tomorrow = midnight + timedelta(days=1, minutes=1)
    with database.writing() as session:
        late = make_grant(session, house, tomorrow, identification_id=make_proof(session, settings, house, tomorrow))
    assert ask(database, house.nas_name, log_in(late, tomorrow)[0], PHONE_MAC, tomorrow).session_timeout == 3600


@pytest.mark.parametrize("limit", [{"day_seconds": 1000}, {"day_megabytes": 1}])
def test_a_used_up_allowance_refuses(
    database: Database, house: House, grant: AccessGrant, now: datetime, limit: dict[str, int]
) -> None:
    set_policy(database, house, **limit)
    with database.writing() as session:
        make_accounted(
            session, house, grant, now - HOUR, session_seconds=1000, output_octets=10**6, stopped_at=now, updated_at=now
        )
    assert ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now).reason == "used_up"


def test_closing_time_ends_the_grant_and_the_session(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    set_policy(database, house, closes_at="13:30")  # 12:00 in Moscow is the tests' moment
    assert ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now).session_timeout == 5400
    with database.writing() as session:
        assert make_grant(session, house, now).expires_at == now + timedelta(seconds=5400)


def test_deciding_is_one_select(database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    """And no transaction, session or other statement around it: routers ask thousands of times a minute."""
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement))
    counted = Counting(database)
    ask(database, house.nas_name, log_in(grant, now)[0], PHONE_MAC, now)
    ask(database, house.nas_name, PHONE_MAC.dashes, PHONE_MAC, now)
    assert [statement.split()[0] for statement in counted.said] == ["SELECT"] * 2 and said == []


class Counting:
    """Listens at the one way that glances take."""

    def __init__(self, database: Database) -> None:
        self.said: list[str] = []
        with database.glancing() as glances:
            fetch = glances.fetch
            glances.fetch = lambda sql, values: self.said.append(sql) or fetch(sql, values)  # type: ignore[method-assign, func-returns-value]
