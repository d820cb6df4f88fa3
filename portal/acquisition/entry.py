"""A visit before it is a row: sealed into the landing page's links and form, so that the page writes nothing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.core.errors import PortalError
from portal.core.tokens import Keys, random_id

TOKEN_LENGTH = 1024
SEEN_FOR = timedelta(minutes=30)  # the page's own tiny asset
FORM_FOR = timedelta(hours=24)  # a form left open while the guest ate
_PURPOSE = "visit"
_EPOCH_MICROS = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody came in. `visit_id` is the public id that the visit will have; `arrival` the gateway's values."""

    visit_id: str
    venue_id: int
    source_id: int | None
    entry: str  # qr | link | wifi
    language: str
    arrived_at: datetime
    utm_raw: str | None
    utm_cut: bool
    arrival: dict[str, Any]


def new_entry(
    venue_id: int,
    source_id: int | None,
    entry: str,
    language: str,
    now: datetime,
    *,
    utm_raw: str | None = None,
    utm_cut: bool = False,
    arrival: dict[str, Any] | None = None,
) -> Entry:
    """Somebody opened a landing page: a fresh random visit id, nothing written."""
    return Entry(random_id(), venue_id, source_id, entry, language, now, utm_raw, utm_cut, arrival or {})


def seal_entry(keys: Keys, entry: Entry, now: datetime) -> str:
    """The token of an entry, at most 1024 characters; a long utm_raw is cut (and marked) until it fits.

    Raises PortalError `arrival_too_long` when the gateway's values alone do not fit.
    """
    token = keys.seal(_PURPOSE, _packed(entry), now)
    while len(token) > TOKEN_LENGTH:
        if not entry.utm_raw:
            raise PortalError("arrival_too_long")
        entry = replace(entry, utm_raw=entry.utm_raw[: len(entry.utm_raw) * 3 // 4], utm_cut=True)
        token = keys.seal(_PURPOSE, _packed(entry), now)
    return token


def open_entry(keys: Keys, token: str, now: datetime, max_age: timedelta) -> Entry:
    """The entry of a token. Raises BadToken (`bad_token`, `expired_token`)."""
    packed = keys.unseal(_PURPOSE, token, now, max_age)["e"]
    visit_id, venue_id, source_id, entry, language, micros, utm_raw, utm_cut, arrival = packed
    arrived_at = _EPOCH + micros * _EPOCH_MICROS
    return Entry(visit_id, venue_id, source_id, entry, language, arrived_at, utm_raw, bool(utm_cut), arrival)


def _packed(entry: Entry) -> dict[str, Any]:
    micros = (entry.arrived_at - _EPOCH) // _EPOCH_MICROS
    return {
        "e": [
            entry.visit_id, entry.venue_id, entry.source_id, entry.entry, entry.language, micros,
            entry.utm_raw, int(entry.utm_cut), entry.arrival,
        ]
    }  # fmt: skip
