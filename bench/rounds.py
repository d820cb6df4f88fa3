"""One round: each request of the product beside its baseline, within the same minute."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench import load, servers
from bench.world import Guest, Place, guests
from portal.core.config import Settings
from portal.core.db import Database
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification

PAGES = 3000
FORMS = 1200


@dataclass(frozen=True)
class Side:
    """What one database's runs need."""

    settings: Settings
    database: Database
    places: list[Place]
    environment: dict[str, str]
    log: Path


def bare(side: Side) -> dict[str, float]:
    """Rates of bare Flask."""
    with servers.running("bench.baseline:app", side.environment, side.log):
        form = {"phone": "+79031234567", "mac": "aabbccddeeff"}
        load.drive(servers.PORT, [load.get("/page")] * 200, 200)
        load.drive(servers.PORT, [load.post("/insert", form)] * 200, 204)
        page = load.drive(servers.PORT, [load.get("/page")] * PAGES, 200)
        insert = load.drive(servers.PORT, [load.post("/insert", form)] * FORMS, 204)
    return {"page": page.rate, "insert": insert.rate}


def product(side: Side) -> dict[str, float]:
    """Rates of the product: the landing page, then every request of `FORMS` whole signups."""
    with servers.running("portal.wsgi:app", side.environment, side.log) as server:
        _warm(side)
        landings = [load.get(f"/s/{side.places[i % len(side.places)].source_code}") for i in range(PAGES)]
        found = {"landing": load.drive(servers.PORT, landings, 200).rate}
        found |= _signup(side, list(guests(side.places, FORMS)))
        return {**found, "cold start": server.seconds, "memory": server.memory_mib()}


def _warm(side: Side) -> None:
    load.drive(servers.PORT, [load.get(f"/s/{place.source_code}") for place in side.places] * 4, 200)
    _signup(side, list(guests(side.places, 100)))


def _signup(side: Side, people: list[Guest]) -> dict[str, float]:
    visits = [guest.visit(side.settings) for guest in people]  # one token stands in a page's picture and in its form
    seen = [load.get(f"/seen/{visit}", **guest.headers) for visit, guest in zip(visits, people, strict=True)]
    forms = [load.post("/signup", form_of(guest, visit), **guest.headers) for visit, guest in zip(visits, people, strict=True)]
    runs = {"seen": load.drive(servers.PORT, seen, 200), "phone": load.drive(servers.PORT, forms, 303)}
    pages = [answer.location for answer in runs["phone"].answers]
    runs["code page"] = load.drive(
        servers.PORT, [load.get(page, **guest.headers) for page, guest in zip(pages, people, strict=True)], 200
    )
    codes = codes_of(side, people)
    tries = [load.post(page, {"code": codes[guest.phone]}, **guest.headers) for page, guest in zip(pages, people, strict=True)]
    runs["code"] = load.drive(servers.PORT, tries, 303)
    cards = [load.get(answer.location, **guest.headers) for answer, guest in zip(runs["code"].answers, people, strict=True)]
    runs["card"] = load.drive(servers.PORT, cards, 200)
    return {name: run.rate for name, run in runs.items()}


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
