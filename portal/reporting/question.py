"""What a report is asked: a venue, its days, how long a visit may take to convert, and which visits count."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.core.errors import PortalError
from portal.reporting.models import ATTRIBUTIONS, WINDOWS
from portal.reporting.period import Period, period
from portal.reporting.steps import FUNNEL
from portal.venues.models import Venue

OTHER_CODE = "other"  # beside source codes, which are seven characters or more
VISITORS = ("all", "new", "returning")


@dataclass(frozen=True, slots=True)
class Question:
    """Visits that arrived on the venue's days `first` to `last`, and what became of them within `window` (a name of WINDOWS).

    `attribution`: `visit`, the source of each visit, or `first`, the source that first brought its guest. `sources` are codes
    or "other"; `sources`, `kinds` and `campaigns` together leave a row that is in each of those that say anything. `language`
    and `device` (a family) need the visits themselves. `goal` is the step by which channels are judged.

    Raises PortalError `bad_question`.
    """

    venue: Venue
    first: date
    last: date
    window: str = "24h"
    attribution: str = "visit"
    sources: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    visitors: str = "all"
    language: str = ""
    device: str = ""
    goal: str = "verified"

    def __post_init__(self) -> None:
        """Refuse names that no report knows."""
        named = (self.window in WINDOWS, self.attribution in ATTRIBUTIONS, self.visitors in VISITORS, self.goal in FUNNEL[1:])
        if not all(named):
            raise PortalError("bad_question")

    @property
    def period(self) -> Period:
        """The days as moments in UTC. Raises PortalError `bad_period`."""
        return period(self.first, self.last, self.venue.timezone)

    @property
    def span(self) -> timedelta:
        """The window as a duration."""
        return timedelta(seconds=WINDOWS[self.window])

    @property
    def days(self) -> int:
        """How many days it asks about."""
        return (self.last - self.first).days + 1

    @property
    def reads_visits(self) -> bool:
        """True when sums do not know what is asked."""
        return bool(self.language or self.device)

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of guests that count in the funnel."""
        return ("new", "returning") if self.visitors == "all" else (self.visitors,)

    def previous(self) -> "Question":
        """The same question about as many days just before."""
        back = timedelta(days=self.days)
        return replace(self, first=self.first - back, last=self.last - back)
