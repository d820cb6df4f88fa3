"""What every report page is drawn from beside its numbers: the venue, the filters in force, and links that change one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.acquisition.models import SOURCE_KINDS, Source
from portal.acquisition.sources import list_for_venue
from portal.reporting.period import local_date
from portal.reporting.question import OTHER_CODE, Question
from portal.venues.models import Venue
from portal.web.dashboard.doors import chosen_venue
from portal.web.dashboard.filters import ALL, Filters, read_filters
from portal.web.dashboard.range import Range
from portal.web.dashboard.report_words import DEVICES, VISITORS
from portal.web.dashboard.words import KINDS, LANGUAGE_NAMES, PRESETS


@dataclass(frozen=True, slots=True)
class Screen:
    """`page` is its endpoint without the blueprint; `has_ghost`: it shows the previous period."""

    page: str
    venue: Venue
    venues: Sequence[Venue]
    sources: Sequence[Source]
    filters: Filters
    today: date
    has_ghost: bool = False

    @property
    def question(self) -> Question:
        """What the reports are asked."""
        return self.filters.question(self.venue)

    @property
    def here(self) -> dict[str, Any]:
        """The query of this very view."""
        return {"venue": self.venue.code, **self.filters.query}

    def link(self, page: str, **changes: Any) -> str:
        """A page with the same filters but for `changes` (names of Filters)."""
        return self._url(page, self.filters.with_(**changes) if changes else self.filters)

    def preset_link(self, page: str, preset: str) -> str:
        """The same for a ready range."""
        return url_for(f"dashboard.{page}", **{**_without_days(self.here), "range": preset})

    def cleared_link(self, page: str) -> str:
        """The same for all visits."""
        return self._url(page, self.filters.cleared)

    @property
    def earlier(self) -> Range | None:
        """The days before."""
        return self.filters.days.shifted(-1, self.today)

    @property
    def later(self) -> Range | None:
        """The days after; None when they lie ahead."""
        return self.filters.days.shifted(1, self.today)

    @property
    def range_name(self) -> str:
        """The preset, or both days."""
        days = self.filters.days
        if days.preset:
            return str(PRESETS[days.preset])
        return f"{format_date(days.first, 'medium')} – {format_date(days.last, 'medium')}"

    @property
    def dates(self) -> str:
        """Both days in full; one day once."""
        first, last = (format_date(day, "long") for day in (self.filters.days.first, self.filters.days.last))
        return str(first) if first == last else f"{first} – {last}"

    @property
    def is_running(self) -> bool:
        """True when the last day is not over."""
        return self.filters.days.last >= self.today

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """Filters in force: name, value in words, the link without it."""
        return [(name, self._word(name, value), self._url(self.page, self.filters.without(name, value)))
                for name, value in self.filters.chosen]  # fmt: skip

    def label(self, code: str) -> str:
        """A channel's name by its code; "all" and "other" have one too."""
        if code == ALL:
            return _("All together")
        return next((source.label for source in self.sources if source.code == code), _("Other"))

    def kind(self, code: str) -> str:
        """The kind of a channel, for its colour."""
        return next((source.kind for source in self.sources if source.code == code), code)

    @property
    def source_options(self) -> list[tuple[str, str]]:
        """Channels to choose from, retired ones last."""
        known = sorted(self.sources, key=lambda source: (source.retired_at is not None, source.id))
        return [*((source.code, source.label) for source in known), (OTHER_CODE, _("Other"))]

    @property
    def kind_options(self) -> list[tuple[str, str]]:
        """Kinds that this venue has."""
        mine = {source.kind for source in self.sources}
        return [(kind, str(KINDS[kind])) for kind in SOURCE_KINDS if kind in mine]

    @property
    def campaign_options(self) -> list[tuple[str, str]]:
        """Campaigns that its sources name."""
        return [(name, name) for name in sorted({source.utm_campaign for source in self.sources if source.utm_campaign})]

    def _url(self, page: str, filters: Filters) -> str:
        return url_for(f"dashboard.{page}", venue=self.venue.code, **filters.query)

    def _word(self, name: str, value: str) -> str:
        tables: dict[str, Any] = {"kind": KINDS, "visitors": VISITORS, "language": LANGUAGE_NAMES, "device": DEVICES}
        return self.label(value) if name == "source" else str(tables.get(name, {}).get(value, value))


def read_screen(session: Session, page: str, now: datetime, *, has_ghost: bool = False) -> Screen | None:
    """The screen that the request asks for; None where there is no venue at all. 404 for a venue out of sight."""
    venue, venues = chosen_venue(session)
    if venue is None:
        return None
    sources = list_for_venue(session, venue.id)
    filters = read_filters(request.args, now, venue, sources)
    return Screen(page, venue, venues, sources, filters, local_date(now, venue.timezone), has_ghost)


def _without_days(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if name not in ("range", "from", "to")}
