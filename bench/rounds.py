"""One round: each request of the product beside its baseline, within the same minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench import load, servers
from bench.world import Guest, Place, guests
from portal.core.config import Settings
from portal.core.db import Database
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification

PAGES, FORMS, TURN = 3000, 1200, 300
OURS = servers.PORT + 1


@dataclass(frozen=True)
class Bare:
    """A request of bare Flask, and its answer's status."""

    request: bytes
    status: int


PAGE = Bare(load.get("/page"), 200)
INSERT = Bare(load.post("/insert", {"phone": "+79031234567", "mac": "aabbccddeeff"}), 204)


@dataclass(frozen=True)
class Side:
    """What one database's runs need."""

    settings: Settings
    database: Database
    places: list[Place]
    environment: dict[str, str]
    log: Path


@dataclass(frozen=True)
class Pair:
    """Requests per second of the product and of bare Flask, in turns of a second: what else the machine does befalls both."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """Of the product to its baseline."""
        return self.ours / self.theirs


@dataclass(frozen=True)
class Round:
    """Every request of `FORMS` whole signups and the landing page; MiB of the portal, seconds of its cold start."""

    pairs: dict[str, Pair]
    memory: float
    cold_start: float


def once(side: Side) -> Round:
    """Both servers stand for the whole round; one of them works at a time."""
    with (
        servers.running("bench.baseline:app", side.environment, side.log),
        servers.running("portal.wsgi:app", side.environment, side.log, OURS) as server,
    ):
        load.drive(servers.PORT, [PAGE.request] * 200, PAGE.status)
        load.drive(servers.PORT, [INSERT.request] * 200, INSERT.status)
        load.drive(OURS, [load.get(f"/s/{place.source_code}") for place in side.places] * 4, 200)
        _signup(side, list(guests(side.places, 100)))
        landings = [load.get(f"/s/{side.places[i % len(side.places)].source_code}") for i in range(PAGES)]
        pairs = {"landing": _beside(PAGE, landings, 200)[0]}
        pairs |= _signup(side, list(guests(side.places, FORMS)))
        return Round(pairs, server.memory_mib(), server.seconds)


def _signup(side: Side, people: list[Guest]) -> dict[str, Pair]:
    visits = [guest.visit(side.settings) for guest in people]  # one token stands in a page's picture and in its form
    seen = [load.get(f"/seen/{visit}", **guest.headers) for visit, guest in zip(visits, people, strict=True)]
    forms = [load.post("/signup", form_of(guest, visit), **guest.headers) for visit, guest in zip(visits, people, strict=True)]
    pairs = {"seen": _beside(INSERT, seen, 200)[0]}
    pairs["phone"], pages = _beside(INSERT, forms, 303)
    asked = [load.get(page, **guest.headers) for page, guest in zip(pages, people, strict=True)]
    pairs["code page"] = _beside(INSERT, asked, 200)[0]
    codes = codes_of(side, people)
    tries = [load.post(page, {"code": codes[guest.phone]}, **guest.headers) for page, guest in zip(pages, people, strict=True)]
    pairs["code"], cards = _beside(INSERT, tries, 303)
    shown = [load.get(card, **guest.headers) for card, guest in zip(cards, people, strict=True)]
    pairs["card"] = _beside(INSERT, shown, 200)[0]
    return pairs


def _beside(bare: Bare, requests: Sequence[bytes], expected: int) -> tuple[Pair, list[str]]:
    """The requests in turns with as many bare ones; and where each was sent on to."""
    ours, theirs, locations = 0.0, 0.0, list[str]()
    for start in range(0, len(requests), TURN):
        part = requests[start : start + TURN]
        theirs += load.drive(servers.PORT, [bare.request] * len(part), bare.status).seconds
        run = load.drive(OURS, part, expected)
        ours, locations = ours + run.seconds, locations + [answer.location for answer in run.answers]
    return Pair(len(requests) / ours, len(requests) / theirs), locations


def form_of(guest: Guest, visit: str) -> dict[str, str]:
    """The landing page's form, filled in with the card asked for."""
    return {"visit": visit, "phone": guest.phone, "box_card": str(guest.place.card_document_id)}


def codes_of(side: Side, people: list[Guest]) -> dict[str, str]:
    """What the SMS of these guests say."""
    wanted = {guest.phone for guest in people}
    with side.database.reading() as session:
        newest = session.execute(
            select(PhoneVerification.phone, PhoneVerification.nonce).order_by(PhoneVerification.id.desc()).limit(2 * len(people))
        ).all()
    return {phone: code_for(side.settings.keys, nonce, phone) for phone, nonce in newest if phone in wanted}
