"""Doctor's look at 436-ФЗ: a venue that gives Wi-Fi filters it for children or says that they need an adult."""

import dns.exception
import dns.resolver
from sqlalchemy import exists, select

from portal.cli.checks import Wrong
from portal.cli.house import House
from portal.venues.models import GatewayConfig, Venue

_NAME = "ya.ru"  # any name that every resolver knows
_SECONDS = 3.0


def family_filter(house: House, port: int = 53) -> str:
    """Every live venue with a gateway has a measure, and its resolvers answer on this UDP port."""
    bare, resolvers, told = [], set(), 0
    for code, addresses, notice in _venues(house):
        resolvers.update(addresses)
        told += notice
        if not (addresses or notice):
            bare.append(code)
    if bare:
        raise Wrong(
            f"nothing is set for children at {', '.join(bare)}: `vestibule venue edit` takes --family-dns, --adult-notice"
        )
    silent = sorted(address for address in resolvers if not _answers(address, port))
    if silent:
        raise Wrong(f"DNS filters do not answer: {', '.join(silent)}; guests who are given them have no internet")
    return f"{len(resolvers)} resolvers answer, {told} venues tell guests" if resolvers or told else "no Wi-Fi venue is open"


def _venues(house: House) -> list[tuple[str, list[str], bool]]:
    wanted = select(Venue.code, Venue.family_dns, Venue.adult_notice).where(
        Venue.live, exists().where(GatewayConfig.venue_id == Venue.id)
    )
    with house.database.reading() as session:
        return [(code, addresses, notice) for code, addresses, notice in session.execute(wanted.order_by(Venue.code))]


def _answers(address: str, port: int) -> bool:
    asked = dns.resolver.Resolver(configure=False)
    asked.nameservers, asked.port = [address], port
    try:
        asked.resolve(_NAME, "A", lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return True
    except dns.exception.DNSException:
        return False
    return True
