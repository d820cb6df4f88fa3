"""Devices that come back without a code: by RADIUS under their MAC, by a tap, and everything that ends it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.access import blocks, grants, remembered
from portal.access.authorization import Decision, decide
from portal.access.models import AccessGrant, Identification, RememberedDevice
from portal.access.packets import AccessRequest
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.venues.models import GatewayConfig, LegalEntity, Venue, WifiPolicy
from tests.support.access import ANNA, BORIS, OTHER_MAC, PHONE_MAC, make_accounted, make_grant, make_proof, make_remembered
from tests.support.house import House, build_house

DAY = timedelta(days=1)


def ask(
    database: Database,
    nas: str,
    at: datetime,
    user: str = PHONE_MAC.dashes,
    mac: Mac | None = PHONE_MAC,
    password: str | None = None,
) -> Decision:
    with database.glancing() as session:
        return decide(session, nas, AccessRequest(user, mac, password), at)


def change(database: Database, row: Any, **values: Any) -> None:
    with database.writing() as session:
        stored = session.get_one(type(row), row.id if hasattr(row, "id") else row.venue_id)
        for name, value in values.items():
            setattr(stored, name, value)


def set_policy(database: Database, venue_id: int, **values: Any) -> None:
    with database.writing() as session:
        policy = session.get_one(WifiPolicy, venue_id)
        for name, value in values.items():
            setattr(policy, name, value)


@pytest.fixture
def device(database: Database, settings: Settings, house: House, now: datetime) -> RememberedDevice:
    """PHONE_MAC, on which Anna was proven a day ago."""
    with database.writing() as session:
        return make_remembered(session, settings, house, now - DAY)


def sister(database: Database, house: House) -> House:
    """Another venue of the same legal entity."""
    with database.writing() as session:
        other = build_house(session, "izbushka")
        session.get_one(Venue, other.venue_id).legal_entity_id = house.legal_entity_id
    return other


def test_a_remembered_device_is_accepted_without_a_password_and_with_the_policys_limits(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    answer = ask(database, house.nas_name, now)
    assert (answer.accept, answer.reason, answer.cleartext_password) == (True, "remembered", None)
    assert (answer.session_timeout, answer.idle_timeout, answer.down_kbps, answer.up_kbps) == (4 * 3600, 900, 8000, 4000)
    assert answer.class_ is None and answer.gateway_id == house.gateway_id


@pytest.mark.parametrize(
    "written", ["02-AA-BB-CC-DD-01", "02:aa:bb:cc:dd:01", "02aabbccdd01", "02AA.BBCC.DD01", "02aabb-ccdd01"]
)  # fmt: skip
@pytest.mark.parametrize("kind", ["simulator", "uam", "mikrotik"])
def test_only_the_writing_of_the_routers_kind_is_a_mac_login(
    database: Database, house: House, device: RememberedDevice, now: datetime, written: str, kind: str
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).kind = kind
    own = {"simulator": True, "uam": written == "02-AA-BB-CC-DD-01", "mikrotik": False}[kind]
    assert ask(database, house.nas_name, now, written).reason == ("remembered" if own else "not_its_own_mac")


@pytest.mark.parametrize("mac", [OTHER_MAC, None])
def test_a_name_that_is_not_the_packets_own_mac_is_refused(
    database: Database, house: House, device: RememberedDevice, now: datetime, mac: Mac | None
) -> None:
    assert ask(database, house.nas_name, now, mac=mac).reason == "not_its_own_mac"


@pytest.mark.parametrize(
    ("password", "reason"),
    [(None, "remembered"), ("", "remembered"), ("02-AA-BB-CC-DD-01", "remembered"), ("02aabbccdd01", "remembered"),
     ("word", "remembered"), ("02-AA-BB-CC-DD-02", "wrong_password"), ("guess", "wrong_password")],
)  # fmt: skip
def test_the_password_is_the_mac_or_nothing_or_the_routers_word(
    database: Database, house: House, device: RememberedDevice, now: datetime, password: str | None, reason: str
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).options = {"mac_password": "word"}
    assert ask(database, house.nas_name, now, password=password).reason == reason


def test_the_days_end_and_a_shorter_policy_ends_them_sooner(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    assert ask(database, house.nas_name, device.until - timedelta(seconds=1)).accept
    assert ask(database, house.nas_name, device.until).reason == "not_remembered"
    set_policy(database, house.venue_id, remember_days=2)
    assert ask(database, house.nas_name, device.since + 2 * DAY - timedelta(seconds=1)).accept
    assert ask(database, house.nas_name, device.since + 2 * DAY).reason == "not_remembered"
    set_policy(database, house.venue_id, remember_days=0)
    assert ask(database, house.nas_name, now).reason == "not_remembered"


def test_a_stranger_and_other_operators_are_refused(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    with database.writing() as session:
        other = build_house(session, "terem")
    assert ask(database, other.nas_name, now).reason == "not_remembered"
    assert ask(database, house.nas_name, now, OTHER_MAC.dashes, OTHER_MAC).reason == "not_remembered"
    assert ask(database, "nobody", now).reason == "unknown_router"


@pytest.mark.parametrize(("there", "here", "known"), [(True, True, True), (True, False, False), (False, True, False)])
def test_other_venues_of_the_operator_know_it_where_both_switched_it_on(
    database: Database, house: House, device: RememberedDevice, now: datetime, there: bool, here: bool, known: bool
) -> None:
    other = sister(database, house)
    change(database, device, everywhere=there)
    set_policy(database, other.venue_id, remember_everywhere=here)
    assert ask(database, other.nas_name, now).accept is known


def test_a_mac_that_the_browser_told_counts_once_its_router_has_accounted_it(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    change(database, device, vouched=False)
    assert ask(database, house.nas_name, now).reason == "not_remembered"
    with database.writing() as session:
        proven = make_grant(session, house, now - DAY, identification_id=device.identification_id)
        make_accounted(session, house, proven, now - DAY, mac=OTHER_MAC.hex)
    assert ask(database, house.nas_name, now).reason == "not_remembered"
    with database.writing() as session:
        make_accounted(session, house, proven, now - DAY, stopped_at=now - DAY)
    assert ask(database, house.nas_name, now).accept


def test_a_destroyed_proof_makes_a_stranger(database: Database, house: House, device: RememberedDevice, now: datetime) -> None:
    with database.writing() as session:
        session.delete(session.get_one(Identification, device.identification_id))
    assert ask(database, house.nas_name, now).reason == "not_remembered"


@pytest.mark.parametrize("whom", [{"phone": ANNA, "mac": None}, {"phone": None, "mac": PHONE_MAC}])
def test_a_block_ends_it_for_good_and_puts_the_device_offline(
    database: Database, settings: Settings, house: House, device: RememberedDevice, now: datetime, whom: dict[str, Any]
) -> None:
    with database.writing() as session:
        running = make_grant(session, house, now, identification_id=make_proof(session, settings, house, now))
        stranger = make_grant(
            session, house, now, mac=OTHER_MAC, identification_id=make_proof(session, settings, house, now, BORIS, OTHER_MAC)
        )
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        made, ended = blocks.block(session, entity, **whom, reason="шум", staff_name="Анна", now=now)
        assert [grant.id for grant in ended] == [running.id]
        assert remembered.is_welcome(session, house.venue_id, PHONE_MAC, now) is False
    assert ask(database, house.nas_name, now).reason == "not_remembered"
    with database.writing() as session:
        blocks.unblock(session, [house.legal_entity_id], made.id, now)
        assert session.get_one(AccessGrant, stranger.id).revoked_at is None
        assert session.get_one(RememberedDevice, device.id).ended_reason == "blocked"
    assert ask(database, house.nas_name, now + timedelta(hours=5)).reason == "not_remembered"


def test_a_device_proven_again_after_a_block_is_still_refused(
    database: Database, settings: Settings, house: House, now: datetime
) -> None:
    with database.writing() as session:
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        blocks.block(session, entity, phone=ANNA, mac=None, reason="шум", staff_name="Анна", now=now)
        make_remembered(session, settings, house, now)
    assert ask(database, house.nas_name, now).reason == "blocked"


def test_who_was_put_out_does_not_come_back_by_mac_while_that_grant_would_run(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    for reason, by_tap in (("staff", False), ("guest", True)):
        with database.writing() as session:
            grant = make_grant(session, house, now, identification_id=device.identification_id)
            grants.revoke(session, grant, reason, now)
            assert remembered.is_welcome(session, house.venue_id, PHONE_MAC, now) is by_tap
        assert ask(database, house.nas_name, now).reason == "revoked"
    assert ask(database, house.nas_name, now + timedelta(hours=5)).accept


def test_forgetting_a_phone_forgets_its_devices_and_no_others(
    database: Database, settings: Settings, house: House, device: RememberedDevice, now: datetime
) -> None:
    with database.writing() as session:
        make_remembered(session, settings, house, now, BORIS, OTHER_MAC)
        other = build_house(session, "terem")
        elsewhere = make_remembered(session, settings, other, now)
        assert remembered.forget_phone(session, house.legal_entity_id, ANNA.e164, "erased", now) == 1
        assert remembered.forget_phone(session, house.legal_entity_id, ANNA.e164, "erased", now) == 0
    assert not ask(database, house.nas_name, now).accept
    assert ask(database, house.nas_name, now, OTHER_MAC.dashes, OTHER_MAC).accept
    with database.reading() as session:
        assert session.get_one(RememberedDevice, elsewhere.id).ended_at is None


def test_a_new_document_ends_it_at_its_venue_and_wherever_the_devices_of_others_are_known(
    database: Database, settings: Settings, house: House, device: RememberedDevice, now: datetime
) -> None:
    other = sister(database, house)
    with database.writing() as session:
        roaming = make_remembered(session, settings, house, now, BORIS, OTHER_MAC, everywhere=True)
        assert remembered.end_for_document(session, house.legal_entity_id, other.venue_id, now) == 1
    with database.reading() as session:
        assert session.get_one(RememberedDevice, roaming.id).ended_reason == "document"
        assert session.get_one(RememberedDevice, device.id).ended_at is None


def test_readmission_copies_the_proof_and_happens_once(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    asked: list[str] = []

    def visit() -> str:
        asked.append("v")
        return "visit-of-today"

    for _ in range(2):
        with database.writing() as session:
            grant = remembered.readmit(
                session, house.venue_id, PHONE_MAC, visit_id=visit, ip="10.0.0.7", gateway_id=house.gateway_id, now=now
            )
            assert grant is not None and (grant.visit_id, grant.mac) == ("visit-of-today", PHONE_MAC.hex)
    assert asked == ["v"]
    with database.reading() as session:
        proof = session.get_one(Identification, device.identification_id)
        copy = session.scalars(select(Identification).where(Identification.proof == "remembered")).one()
        assert (copy.phone, copy.mac, copy.ip, copy.proof_id, copy.proof_at) == (
            proof.phone, PHONE_MAC.hex, "10.0.0.7", proof.id, proof.proven_at,
        )  # fmt: skip
        assert copy.destroy_after - copy.proven_at == proof.destroy_after - proof.proven_at
        assert grant.identification_id == copy.id


def test_the_running_grant_limits_the_next_mac_login(
    database: Database, house: House, device: RememberedDevice, now: datetime
) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now, identification_id=device.identification_id)
    answer = ask(database, house.nas_name, now + timedelta(hours=3))
    assert (answer.session_timeout, answer.class_) == (3600, grant.visit_id)
