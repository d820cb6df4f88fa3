"""decide: who is let in, for how long, and every reason against."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from portal.access import grants
from portal.access.authorization import Decision, decide
from portal.access.models import AccessGrant
from portal.access.nas import KnownNas, find_nas
from portal.access.packets import AccessRequest
from portal.core.db import Database
from portal.core.mac import Mac
from tests.support.access import OTHER_MAC, PHONE_MAC, make_grant
from tests.support.house import House, build_house


@pytest.fixture
def nas(database: Database, house: House) -> KnownNas:
    """The house's router, found by its client name."""
    with database.reading() as session:
        found = find_nas(session, house.nas_name)
    assert found is not None
    return found


def ask(database: Database, nas: KnownNas, user: str, mac: Mac | None, at: datetime) -> Decision:
    with database.reading() as session:
        return decide(session, nas, AccessRequest(user, mac), at)


@pytest.fixture
def grant(database: Database, house: House, now: datetime) -> AccessGrant:
    """PHONE_MAC's grant."""
    with database.writing() as session:
        return make_grant(session, house, now)


def test_a_verified_device_is_accepted_with_its_limits(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    answer = ask(database, nas, grant.user_name, PHONE_MAC, now + timedelta(seconds=100.5))
    assert answer.accept and answer.reason == "granted"
    assert answer.cleartext_password == grant.password
    assert answer.session_timeout == grant.session_seconds - 101
    assert (answer.idle_timeout, answer.down_kbps, answer.up_kbps) == (900, 8000, 4000)
    assert answer.class_ == grant.visit_id
    assert answer.interim == 600
    assert grant.password not in repr(answer)


@pytest.mark.parametrize(
    ("reason", "user", "mac", "seconds"),
    [
        ("unknown", "nobody", PHONE_MAC, 1),
        ("unknown", "", PHONE_MAC, 1),
        ("other_device", None, OTHER_MAC, 1),
        ("other_device", None, None, 1),
        ("not_yet", None, PHONE_MAC, -1),
        ("expired", None, PHONE_MAC, 4 * 3600),
        ("expired", None, PHONE_MAC, 4 * 3600 - 0.5),
        ("expired", None, PHONE_MAC, 10**7),
    ],
)
def test_everyone_else_is_refused_without_a_password(
    database: Database,
    nas: KnownNas,
    grant: AccessGrant,
    now: datetime,
    reason: str,
    user: str | None,
    mac: Mac | None,
    seconds: float,
) -> None:
    answer = ask(database, nas, grant.user_name if user is None else user, mac, now + timedelta(seconds=seconds))
    assert (answer.accept, answer.reason, answer.cleartext_password) == (False, reason, None)


def test_the_last_second_is_still_granted(database: Database, nas: KnownNas, grant: AccessGrant, now: datetime) -> None:
    answer = ask(database, nas, grant.user_name, PHONE_MAC, grant.expires_at - timedelta(seconds=1))
    assert answer.accept and answer.session_timeout == 1


def test_a_revoked_grant_is_refused(database: Database, nas: KnownNas, grant: AccessGrant, now: datetime) -> None:
    with database.writing() as session:
        grants.revoke(session, grant, "staff", now)
    assert ask(database, nas, grant.user_name, PHONE_MAC, now).reason == "revoked"


def test_the_router_of_another_venue_gets_nothing(database: Database, grant: AccessGrant, now: datetime) -> None:
    with database.writing() as session:
        other = find_nas(session, build_house(session, "izbushka").nas_name)
    assert other is not None
    answer = ask(database, other, grant.user_name, PHONE_MAC, now)
    assert (answer.accept, answer.reason) == (False, "other_venue")


def test_a_grant_without_a_mac_is_not_bound_to_one(database: Database, house: House, nas: KnownNas, now: datetime) -> None:
    with database.writing() as session:
        free = make_grant(session, house, now, mac=None)
    assert ask(database, nas, free.user_name, OTHER_MAC, now).accept
    assert ask(database, nas, free.user_name, None, now).accept


def test_deciding_is_one_select(database: Database, nas: KnownNas, grant: AccessGrant, now: datetime) -> None:
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement))
    ask(database, nas, grant.user_name, PHONE_MAC, now)
    assert [statement.split()[0] for statement in said if not statement.startswith("BEGIN")] == ["SELECT"]


def test_an_unknown_router_is_not_found(database: Database, house: House, nas: KnownNas) -> None:
    with database.reading() as session:
        assert find_nas(session, "nobody") is None
    assert replace(nas) == nas and nas.venue_id == house.venue_id
