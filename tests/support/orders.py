"""Devices online at a gateway that takes orders, and what became of the orders."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from portal.access import accounting, grants
from portal.access.models import AccessGrant, AccountingSession, GatewayOrder
from portal.access.nas import find_nas
from portal.access.packets import AccountingReport
from portal.core.db import Database
from portal.venues.models import GatewayConfig, Nas
from tests.support.access import PHONE_MAC, make_grant
from tests.support.fake_nas import FakeNas
from tests.support.house import House

PHONE = "+79031234567"


def point(database: Database, house: House, kind: str, port: int, **nas_columns: Any) -> None:
    """Make the house's gateway one of this kind, whose NAS takes orders at this port."""
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).kind = kind
        session.execute(update(Nas).where(Nas.id == house.nas_id).values(coa_port=port, **nas_columns))


def online(
    database: Database, house: House, now: datetime, *, nas: FakeNas | None = None, acct: str = "s1", mac: Any = PHONE_MAC
) -> AccessGrant:
    """A device with a grant and an open session."""
    with database.writing() as session:
        grant = make_grant(session, house, now, mac=mac)
        user = grants.login(grant, now).user_name
        report(session, house, "Start", user, acct, now, mac=mac)
    if nas is not None:
        nas.online.add((user, acct))
    return grant


def report(
    session: Any, house: House, status: Any, user: str, acct: str, at: datetime, *, seconds: int = 0, mac: Any = PHONE_MAC
) -> None:
    """What the router says of a session."""
    router = find_nas(session, house.nas_name)
    assert router is not None
    packet = AccountingReport(status, acct, user, mac, "10.0.0.9", 0, seconds, 0, 0, None)
    accounting.apply(session, router, packet, at)


def revoke(database: Database, grant: AccessGrant, now: datetime, reason: str = "guest") -> None:
    with database.writing() as session:
        grants.revoke(session, session.get_one(AccessGrant, grant.id), reason, now)


def all_orders(database: Database) -> list[GatewayOrder]:
    with database.reading() as session:
        return list(session.scalars(select(GatewayOrder).order_by(GatewayOrder.id)))


def only_order(database: Database) -> GatewayOrder:
    (order,) = all_orders(database)
    return order


def only_session(database: Database) -> AccountingSession:
    with database.reading() as session:
        return session.scalars(select(AccountingSession)).one()


def put_out(database: Database, grant_id: int | None = None) -> bool:
    with database.reading() as session:
        found = select(AccessGrant.put_out_at)
        return session.scalars(found.where(AccessGrant.id == grant_id) if grant_id else found).one() is not None
