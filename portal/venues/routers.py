"""RADIUS clients: which one sends from an address, ports for those whose address changes, new secrets."""

import ipaddress
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.venues.models import Nas

FIRST_PORT = 21812  # and every second one after it: the port of authentication, then that of accounting


def router_at(session: Session, address: str) -> Nas | None:
    """The router with this address, else the one with the smallest network around it. None for what is no address."""
    try:
        there = ipaddress.ip_address(address)
    except ValueError:
        return None
    exact = session.scalar(select(Nas).where(Nas.address == str(there), Nas.port.is_(None)).order_by(Nas.id).limit(1))
    if exact is not None:
        return exact
    networks = session.scalars(select(Nas).where(Nas.address.contains("/"), Nas.port.is_(None)).order_by(Nas.id)).all()
    around = [nas for nas in networks if there in ipaddress.ip_network(nas.address, strict=False)]
    return max(around, key=lambda nas: ipaddress.ip_network(nas.address, strict=False).prefixlen, default=None)


def free_port(session: Session) -> int:
    """The lower one of a pair of ports that no router has."""
    taken = set(session.scalars(select(Nas.port).where(Nas.port.is_not(None))))
    return next(port for port in range(FIRST_PORT, 65535, 2) if port not in taken)


def new_secret(session: Session, nas: Nas) -> str:
    """Make its RADIUS secret anew. Guests come online through it again when FreeRADIUS and the router both have it."""
    nas.secret = secrets.token_hex(16)
    session.flush()
    return nas.secret
