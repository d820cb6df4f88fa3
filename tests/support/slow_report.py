"""The rules of the reports once more, one visit at a time, without SQL: what the fast ones are held to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.acquisition.models import Visit

WINDOWS = {"30m": timedelta(minutes=30), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
FUNNEL = ("seen", "phone", "code_sent", "code_delivered", "verified", "card", "card_saved", "online")
TIMED = (
    ("phone", "arrived", "phone"), ("code_sent", "phone", "code_sent"), ("code_delivered", "phone", "code_delivered"),
    ("verified", "phone", "verified"), ("card_saved", "card", "card_saved"), ("online", "verified", "online"),
    ("whole", "arrived", "verified"),
)  # fmt: skip
Cells = dict[tuple[int, str], tuple[int, ...]]  # by source (0: none) and class: synthetic, kopecks, then FUNNEL
Bins = dict[tuple[int, str, str], Counter[int]]


@dataclass(frozen=True)
class Slow:
    """The days and rules of one question. `first_sources`: the source that first brought each guest."""

    first: date
    last: date
    zone: str
    window: str
    attribution: str
    first_sources: Mapping[int, int | None]

    def cells(self, visits: Iterable[Visit]) -> Cells:
        """Every source and class of the cohort."""
        found: dict[tuple[int, str], list[int]] = {}
        for visit in self._cohort(visits):
            sums = found.setdefault((self._source(visit), class_of(visit)), [0] * (2 + len(FUNNEL)))
            reached = self.reached(visit)
            for place, value in enumerate((visit.synthetic, visit.sms_kopecks, *(name in reached for name in FUNNEL))):
                sums[place] += int(value)
        return {key: tuple(sums) for key, sums in found.items()}

    def bins(self, visits: Iterable[Visit]) -> Bins:
        """The times of guests, in the bins of the fourth root of two."""
        found: Bins = {}
        for visit in self._cohort(visits):
            for name, since, until in TIMED if visit.visitor_class == "guest" else ():
                begin, end = _at(visit, since), _at(visit, until)
                if until in self.reached(visit) and begin is not None and end is not None and self._in_time(visit, until):
                    key = (self._source(visit), class_of(visit), name)
                    found.setdefault(key, Counter())[_bin((end - begin) // timedelta(microseconds=1))] += 1
        return found

    def reached(self, visit: Visit) -> set[str]:
        """The steps that count."""
        found = {"seen"}
        if visit.visitor_class in ("voucher", "remembered") and self._in_time(visit, "online"):
            found.add("online")
        if not self._in_time(visit, "phone"):
            return found
        found.add("phone")
        if self._in_time(visit, "verified") or self._in_time(visit, "code_delivered"):
            found |= {"code_sent", "code_delivered"}
        if self._in_time(visit, "code_sent"):
            found.add("code_sent")
        if not self._in_time(visit, "verified"):
            return found
        found |= {"verified"} | {name for name in ("card", "online") if self._in_time(visit, name)}
        if "card" in found and self._in_time(visit, "card_saved"):
            found.add("card_saved")
        return found

    def _in_time(self, visit: Visit, name: str) -> bool:
        moment = _at(visit, name)
        return moment is not None and moment - visit.arrived_at <= WINDOWS[self.window]

    def _cohort(self, visits: Iterable[Visit]) -> Iterable[Visit]:
        return (visit for visit in visits if self.first <= visit.arrived_at.astimezone(ZoneInfo(self.zone)).date() <= self.last)

    def _source(self, visit: Visit) -> int:
        if self.attribution == "first" and visit.guest_id is not None:
            return self.first_sources[visit.guest_id] or 0
        return visit.source_id or 0


def class_of(visit: Visit) -> str:
    """As whom a visit counts."""
    if visit.visitor_class == "guest":
        return "returning" if visit.came_before else "new"
    if visit.visitor_class == "bot":
        return "preview" if (visit.bot_reason or "").lower().startswith(("telegram", "whatsapp", "vkshare")) else "bot"
    return visit.visitor_class


def _at(visit: Visit, name: str) -> datetime | None:
    moment: datetime | None = getattr(visit, f"{name}_at")
    return moment


def _bin(micros: int) -> int:
    number = 0
    while micros >= round(1_000_000 * 2 ** (number / 4)):
        number += 1
    return number
