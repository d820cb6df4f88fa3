"""What of the visits a report is asked for: days, channels, kinds of guests. All of it stands in the address."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.acquisition.models import Source
from portal.reporting.models import ATTRIBUTIONS, WINDOWS
from portal.reporting.question import OTHER_CODE, Question
from portal.venues.models import Venue
from portal.web.dashboard.range import Range, read_range

ALL = "all"  # beside source codes, which are seven characters or more
DEFAULT_WINDOW, DEFAULT_ATTRIBUTION = "24h", "visit"
VISITORS = ("new", "returning")
GUEST_LANGUAGES = ("ru", "en")
DEVICES = ("iphone", "android", "ipad", "windows", "mac", "linux", "other")
GRAINS = ("day", "week", "month")
METRICS = ("visits", "verified", "rate", "card", "online")
MOST_PICKS = 4
_MOST_DAYS_BY_DAY = 124  # a point each: more of them no longer tell anything, and weigh
_USUAL_BY_DAY, _USUAL_BY_WEEK = 92, 400


@dataclass(frozen=True, slots=True)
class Filters:
    """Everything that the address says. Empty strings and tuples filter nothing."""

    days: Range
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    visitors: str = ""
    language: str = ""
    device: str = ""
    window: str = DEFAULT_WINDOW
    attribution: str = DEFAULT_ATTRIBUTION
    grain: str = ""  # empty: by the length of the range
    metric: str = METRICS[0]
    ghost: bool = True  # the previous period beside this one
    picks: tuple[str, ...] = ()
    every: bool = False  # every channel, however many

    def question(self, venue: Venue) -> Question:
        """The same, as the reports take it."""
        return Question(
            venue=venue,
            first=self.days.first,
            last=self.days.last,
            window=self.window,
            attribution=self.attribution,
            sources=frozenset(self.sources),
            kinds=frozenset(self.kinds),
            campaigns=frozenset(self.campaigns),
            visitors=self.visitors or ALL,
            language=self.language,
            device=self.device,
        )

    @property
    def grains(self) -> tuple[str, ...]:
        """Grains whose points are not too many for these days."""
        length = (self.days.last - self.days.first).days + 1
        return GRAINS[0 if length <= _MOST_DAYS_BY_DAY else 1 :]

    @property
    def drawn_grain(self) -> str:
        """The grain asked for where it may be had, else by the length of the range."""
        if self.grain in self.grains:
            return self.grain
        length = (self.days.last - self.days.first).days + 1
        return "day" if length <= _USUAL_BY_DAY else "week" if length <= _USUAL_BY_WEEK else "month"

    @property
    def chosen(self) -> tuple[tuple[str, str], ...]:
        """Each filter that narrows the visits, as (name, value): a chip each."""
        many = [("source", code) for code in self.sources]
        many += [("kind", kind) for kind in self.kinds] + [("campaign", name) for name in self.campaigns]
        one = (("visitors", self.visitors), ("language", self.language), ("device", self.device))
        return (*many, *((name, value) for name, value in one if value))

    @property
    def query(self) -> dict[str, Any]:
        """What a link needs to show the same; what is as usual is left out."""
        said: dict[str, Any] = dict(self.days.query)
        said |= {"source": self.sources, "kind": self.kinds, "campaign": self.campaigns, "pick": self.picks}
        said |= {"visitors": self.visitors, "language": self.language, "device": self.device, "grain": self.grain}
        said["window"] = "" if self.window == DEFAULT_WINDOW else self.window
        said["attribution"] = "" if self.attribution == DEFAULT_ATTRIBUTION else self.attribution
        said["metric"] = "" if self.metric == METRICS[0] else self.metric
        said["rows"] = ALL if self.every else ""
        said["compare"] = "" if self.ghost else "off"
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}

    def with_(self, **changes: Any) -> "Filters":
        """The same with something else."""
        return replace(self, **changes)

    def without(self, name: str, value: str) -> "Filters":
        """The same with one chip removed."""
        many = {"source": "sources", "kind": "kinds", "campaign": "campaigns"}
        if name not in many:
            return self.with_(**{name: ""})
        kept = tuple(one for one in getattr(self, many[name]) if one != value)
        return self.with_(**{many[name]: kept})

    @property
    def cleared(self) -> "Filters":
        """The same days and look, all visits."""
        return replace(self, sources=(), kinds=(), campaigns=(), visitors="", language="", device="")


def read_filters(asked: MultiDict[str, str], now: datetime, venue: Venue, sources: Sequence[Source]) -> Filters:
    """Read a query. What does not exist at this venue is left out, as if it had not been asked."""
    codes = [source.code for source in sources] + [OTHER_CODE]
    campaigns = {source.utm_campaign for source in sources if source.utm_campaign}
    return Filters(
        days=read_range(asked, now, venue.timezone),
        sources=_many(asked, "source", codes),
        kinds=_many(asked, "kind", {source.kind for source in sources}),
        campaigns=_many(asked, "campaign", campaigns),
        visitors=_one(asked, "visitors", VISITORS),
        language=_one(asked, "language", GUEST_LANGUAGES),
        device=_one(asked, "device", DEVICES),
        window=_one(asked, "window", WINDOWS) or DEFAULT_WINDOW,
        attribution=_one(asked, "attribution", ATTRIBUTIONS) or DEFAULT_ATTRIBUTION,
        grain=_one(asked, "grain", GRAINS),
        metric=_one(asked, "metric", METRICS) or METRICS[0],
        ghost=asked.get("compare") != "off",
        picks=_many(asked, "pick", [ALL, *codes])[:MOST_PICKS],
        every=asked.get("rows") == ALL,
    )


def _many(asked: MultiDict[str, str], name: str, known: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in asked.getlist(name) if value in known))


def _one(asked: MultiDict[str, str], name: str, known: Any) -> str:
    value = asked.get(name, "")
    return value if value in known else ""
