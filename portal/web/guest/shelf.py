"""What a landing is made of, read once and kept until it changes: the page is a pure function of its source.

So it costs no query, and stays up while the database is away.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from portal.acquisition import pointing, sources
from portal.acquisition.models import Source
from portal.consent import documents
from portal.venues import changes, directory
from portal.venues.models import GatewayConfig, Venue
from portal.web.parts import Parts

_log = logging.getLogger(__name__)
FRESH_SECONDS = 2.0  # how long an owner's change may take to reach every process
MOST = 2000  # entries; unknown codes are not kept
BOX_KINDS = {"card": "card_consent", "advertising_sms": "advertising_sms", "advertising_email": "advertising_email"}
TERMS_KINDS = ("wifi_terms", "privacy_policy", "programme_rules")


@dataclass(frozen=True)
class Front:
    """One venue, seen through one source (None: by a plain link or the Wi-Fi)."""

    venue: Venue
    source: Source | None
    sources: tuple[Source, ...]
    gateways: tuple[GatewayConfig, ...]
    documents: dict[tuple[str, str], tuple[int, int]]  # (kind, language) -> (document id, version)
    pages: dict[Any, Any] = field(default_factory=dict)  # rendered landings of this front


def shelf() -> "Shelf":
    """The running app's shelf."""
    found: Shelf = current_app.extensions.setdefault("vestibule-shelf", Shelf())
    return found


class Shelf:
    """Fronts by source code and by venue code or id."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str | int], tuple[changes.Edition, Front]] = {}
        self._lock = threading.Lock()
        self._edition: changes.Edition = (None, None, 0)
        self._asked_at, self._failures = -FRESH_SECONDS, 0

    def by_source(self, parts: Parts, code: str) -> Front | None:
        """The front of a printed code: of the placement that it leads to."""
        return self._get(parts, ("source", code), _by_source)

    def by_venue(self, parts: Parts, code: str) -> Front | None:
        """The front of a venue's link."""
        return self._get(parts, ("venue", code), _by_venue_code)

    def by_venue_id(self, parts: Parts, venue_id: int) -> Front | None:
        """The front of a form that came back."""
        return self._get(parts, ("id", venue_id), _by_venue_id)

    def _get(self, parts: Parts, key: tuple[str, Any], load: Callable[[Session, Any], Front | None]) -> Front | None:
        edition = self._newest(parts)  # before anything is read: what changes meanwhile is read again
        kept = self._kept.get(key)
        if kept and kept[0] == edition:
            return kept[1]
        try:
            with parts.database.reading() as session:
                front = load(session, key[1])
        except (OperationalError, PoolTimeout):
            if kept is None:
                raise
            front = kept[1]
        if front is not None:
            self._keep(key, edition, front)
        return front

    def _newest(self, parts: Parts) -> changes.Edition:
        """The edition, asked for each `FRESH_SECONDS`; while nobody knows it, one that nothing kept has."""
        if time.monotonic() - self._asked_at >= FRESH_SECONDS:
            self._asked_at = time.monotonic()
            try:
                with parts.database.glancing() as glances:
                    self._edition = changes.edition(glances)
            except SQLAlchemyError as error:
                self._failures += 1
                self._edition = (None, None, -self._failures)  # unlike any other: all is read anew, or stays if that fails, too
                _log.warning("cannot ask whether anything changed: %s", type(error).__name__)
        return self._edition

    def _keep(self, key: tuple[str, Any], edition: changes.Edition, front: Front) -> None:
        """The one that was read longest ago makes room."""
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (edition, front)


def _by_source(session: Session, code: str) -> Front | None:
    printed = sources.find_by_code(session, code)
    if printed is None:
        return None
    source = pointing.landing(session, printed)
    return _front(session, directory.venue_by_id(session, source.venue_id), source)


def _by_venue_code(session: Session, code: str) -> Front | None:
    venue = directory.venue_by_code(session, code)
    return _front(session, venue, None) if venue else None


def _by_venue_id(session: Session, venue_id: int) -> Front | None:
    return _front(session, directory.venue_by_id(session, venue_id), None)


def _front(session: Session, venue: Venue, source: Source | None) -> Front:
    all_sources = () if source else tuple(sources.list_for_venue(session, venue.id))
    return Front(
        venue, source, all_sources, tuple(directory.gateways_of(session, venue.id)), documents.in_force(session, venue.id)
    )
