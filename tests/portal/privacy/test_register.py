import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.access import identification, vouchers
from portal.access.models import AccessGrant, AccountingSession
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.privacy import register_export
from portal.privacy.models import RegisterExport
from portal.privacy.register import Asked, Line, lines
from portal.privacy.register_export import SEAL, TABLE, Request, signed_by
from portal.venues import directory
from portal.venues.models import LegalEntity, Venue
from tests.support.access import OTHER_MAC, PHONE_MAC, make_grant
from tests.support.house import House, build_house

ANNA, BORIS = Phone("+79161234567"), Phone("+79167654321")
HOUR = timedelta(hours=1)


@pytest.fixture
def identify(database: Database, house: House, settings: Settings, now: datetime) -> Callable[..., None]:
    """A proven phone with its grant and, where times are given, the session that a router accounted."""

    def record(phone: Phone, mac: Mac, at: datetime = now, *, where: House = house, **session_values: Any) -> None:
        with database.writing() as session:
            venue = directory.venue_by_id(session, where.venue_id)
            policy = directory.policy_of(session, where.venue_id)
            proven = identification.identify(
                session, settings, venue, phone, mac=mac, ip="10.0.0.9", gateway_id=where.gateway_id, policy=policy, now=at
            )
            grant = make_grant(session, where, at, mac=mac, identification_id=proven.id)
            if session_values:
                facts = {
                    "organization_id": where.organization_id, "venue_id": where.venue_id, "nas_id": where.nas_id,
                    "grant_id": grant.id, "mac": mac.hex, "acct_session_id": f"s{grant.id}", "user_name": grant.user_name,
                }  # fmt: skip
                session.add(AccountingSession(**facts, updated_at=at, **session_values))

    return record


def ask(database: Database, house: House, asked: Asked) -> list[Line]:
    with database.reading() as session:
        return lines(session, house.legal_entity_id, [house.venue_id], asked)


def test_a_request_by_phone_gives_every_session_of_that_number_and_of_no_other(
    database: Database, house: House, now: datetime, identify: Callable[..., None]
) -> None:
    identify(ANNA, PHONE_MAC, started_at=now, stopped_at=now + HOUR, ip="10.0.0.77", input_octets=10, output_octets=2**33)
    identify(ANNA, OTHER_MAC, now + 2 * HOUR)
    identify(BORIS, OTHER_MAC, started_at=now)
    first, second = ask(database, house, Asked(phone=ANNA))
    assert (first.phone, first.mac, first.ip, first.nas) == (ANNA.e164, PHONE_MAC.hex, "10.0.0.77", house.nas_name)
    assert (first.since, first.until, first.sent_octets, first.received_octets) == (now, now + HOUR, 10, 2**33)
    assert (second.mac, second.ip, second.session, second.since) == (OTHER_MAC.hex, "10.0.0.9", None, now + 2 * HOUR)
    assert first.policy_version == 1 and first.kept_until == now + timedelta(days=183)


def test_a_request_by_mac_finds_the_device_that_the_router_saw(
    database: Database, house: House, now: datetime, identify: Callable[..., None]
) -> None:
    identify(ANNA, PHONE_MAC, started_at=now)
    identify(BORIS, OTHER_MAC, started_at=now)
    assert [line.phone for line in ask(database, house, Asked(mac=OTHER_MAC))] == [BORIS.e164]


def test_a_request_by_time_gives_whoever_was_online_at_some_moment_of_it(
    database: Database, house: House, now: datetime, identify: Callable[..., None]
) -> None:
    identify(ANNA, PHONE_MAC, now - 3 * HOUR, started_at=now - 3 * HOUR, stopped_at=now - HOUR)  # over before
    identify(BORIS, OTHER_MAC, now - 2 * HOUR, started_at=now - 2 * HOUR, stopped_at=now + timedelta(minutes=1))  # into it
    identify(ANNA, OTHER_MAC, now - 5 * HOUR, started_at=now - 5 * HOUR, stopped_at=None)  # still open
    identify(BORIS, PHONE_MAC, now + 2 * HOUR, started_at=now + 2 * HOUR)  # begun after
    identify(ANNA, PHONE_MAC, now - 6 * HOUR)  # a grant of four hours that no router accounted: over
    found = ask(database, house, Asked(begins=now, ends=now + HOUR))
    assert [(line.phone, line.since) for line in found] == [(ANNA.e164, now - 5 * HOUR), (BORIS.e164, now - 2 * HOUR)]


def test_a_router_without_accounting_is_believed_about_end_and_volume(
    database: Database, house: House, now: datetime, identify: Callable[..., None]
) -> None:
    identify(ANNA, PHONE_MAC)
    with database.writing() as session:
        grant = session.query(AccessGrant).one()
        grant.router_ended_at, grant.router_downloaded, grant.router_uploaded = now + HOUR, 209_781, 5_977
        grant.router_verified = False
    (line,) = ask(database, house, Asked(phone=ANNA))
    assert (line.until, line.sent_octets) == (now + 4 * HOUR, 0), "figures of the public POST prove nothing"
    with database.writing() as session:
        session.query(AccessGrant).one().router_verified = True
    (line,) = ask(database, house, Asked(phone=ANNA))
    assert (line.until, line.sent_octets, line.received_octets) == (now + HOUR, 5_977, 209_781)
    assert ask(database, house, Asked(begins=now + 2 * HOUR, ends=now + 3 * HOUR)) == []


def test_a_voucher_stands_under_the_name_of_who_gave_it(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        venue.vouchers = True
        code = vouchers.make(session, settings.keys, venue, "Анна", now)
        spent = vouchers.redeem(session, settings.keys, settings, venue, code, PHONE_MAC, None, now)
        assert isinstance(spent, vouchers.Voucher)
        make_grant(session, house, now, voucher_id=spent.id)
    (line,) = ask(database, house, Asked(mac=PHONE_MAC))
    assert (line.phone, line.proof, line.staff) == (None, "voucher", "Анна")


def test_another_entitys_register_stays_closed(
    database: Database, house: House, now: datetime, identify: Callable[..., None]
) -> None:
    with database.writing() as session:
        other = build_house(session, "izbushka")
    identify(ANNA, PHONE_MAC, where=other)
    assert ask(database, house, Asked(phone=ANNA)) == []
    with database.reading() as session:
        assert lines(session, other.legal_entity_id, [], Asked(phone=ANNA)) == []
        assert lines(session, house.legal_entity_id, [other.venue_id], Asked(phone=ANNA)) == []


def test_the_whole_register_is_never_handed_over(database: Database, house: House, now: datetime) -> None:
    for asked in (Asked(), Asked(begins=now), Asked(ends=now)):
        with pytest.raises(ValueError, match="name a phone"):
            ask(database, house, asked)


def export(database: Database, settings: Settings, house: House, asked: Asked, now: datetime) -> bytes:
    with database.writing() as session:
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        request = Request(asked, "Owner <owner@teremok.example>", "ОП № 5, запрос 12/345 от 20.11.2026", "ru")
        found = register_export.collect(session, entity, [house.venue_id], request)
        return register_export.export(session, settings, entity, found, request, now)


def test_an_export_is_signed_and_written_down(
    database: Database, house: House, settings: Settings, now: datetime, identify: Callable[..., None]
) -> None:
    identify(ANNA, PHONE_MAC, started_at=now, stopped_at=now + HOUR)
    content = export(database, settings, house, Asked(phone=ANNA), now)
    table = zipfile.ZipFile(io.BytesIO(content)).read(TABLE).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(table))
    assert len(head) == len(row) == 14
    assert row[1] == "79161234567" and row[4] == PHONE_MAC.colons and row[8] == "2026-11-22 12:00:00+03:00"
    seal = signed_by(content)
    assert seal is not None and (seal["lines"], seal["basis"]) == (1, "ОП № 5, запрос 12/345 от 20.11.2026")
    with database.reading() as session:
        (kept,) = session.query(RegisterExport).all()
    assert (kept.asked, kept.lines, kept.sha256) == ("phone", 1, seal["sha256"])
    assert "9161234567" not in f"{kept.subject}{kept.basis}{kept.who}"


@pytest.mark.parametrize("change", ["table", "lines", "basis"])
def test_a_changed_export_is_found_out(
    database: Database, house: House, settings: Settings, now: datetime, identify: Callable[..., None], change: str
) -> None:
    identify(ANNA, PHONE_MAC)
    content = export(database, settings, house, Asked(mac=PHONE_MAC), now)
    packed = zipfile.ZipFile(io.BytesIO(content))
    table, seal = packed.read(TABLE), json.loads(packed.read(SEAL))
    if change == "table":
        table = table.replace(b"79161234567", b"79160000000")
    else:
        seal[change] = 0 if change == "lines" else "another request"
    forged = io.BytesIO()
    with zipfile.ZipFile(forged, "w") as out:
        out.writestr(TABLE, table)
        out.writestr(SEAL, json.dumps(seal))
    assert signed_by(forged.getvalue()) is None


def test_times_are_those_of_the_venue(
    database: Database, house: House, settings: Settings, identify: Callable[..., None]
) -> None:
    identify(ANNA, PHONE_MAC, datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    content = export(database, settings, house, Asked(phone=ANNA), datetime(2026, 11, 23, tzinfo=UTC))
    assert b"2026-11-23 01:30:00+03:00" in zipfile.ZipFile(io.BytesIO(content)).read(TABLE)
