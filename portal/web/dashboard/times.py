"""How long each step takes: median, 90th percentile, and the distribution drawn."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import render_template
from flask_babel import format_decimal
from flask_babel import gettext as _

from portal.reporting.times import StepTime, times
from portal.reporting.words import TIMES
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.guards import allow
from portal.web.dashboard.screen import read_screen
from portal.web.parts import parts

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MOST_BINS = 24


@dataclass(frozen=True, slots=True)
class DrawnTime:
    """A step's time with its histogram: (from–to in words, count, share of the highest, mark below or nothing)."""

    name: str
    time: StepTime
    bins: tuple[tuple[str, int, float, str], ...]


@bp.get("/times", endpoint="times")
@allow("marketer")
def show_times() -> str:
    """Of all visits asked for, and the two times that matter most per channel."""
    now = parts().clock()
    with parts().database.snapshot() as db:
        screen = read_screen(db, "times", now)
        if screen is None:
            return render_template("dashboard/no_venue.html")
        found = times(db, screen.question, now=now)
    drawn = [_drawn(_(said), found.step(name)) for name, said in TIMES.items()]
    return render_template("dashboard/times.html", screen=screen, drawn=drawn, channels=found.channels)


def duration(seconds: float | None) -> str:
    """Seconds as people say them: to the tenth below ten seconds, then whole ones, minutes, hours, days."""
    if seconds is None:
        return "–"
    if seconds < _MINUTE:
        return _("%(number)s s", number=format_decimal(round(seconds, 1 if seconds < 10 else 0)))
    if seconds < _HOUR:
        return _("%(minutes)s min %(seconds)s s", minutes=int(seconds // _MINUTE), seconds=int(seconds % _MINUTE))
    if seconds < _DAY:
        return _("%(hours)s h %(minutes)s min", hours=int(seconds // _HOUR), minutes=int(seconds % _HOUR // _MINUTE))
    return _("%(days)s d %(hours)s h", days=int(seconds // _DAY), hours=int(seconds % _DAY // _HOUR))


def _drawn(name: str, time: StepTime) -> DrawnTime:
    bins = time.bins
    while len(bins) > _MOST_BINS:
        bins = tuple(_pairs(bins))
    most = max((count for _low, _high, count in bins), default=0) or 1
    step = max(1, len(bins) // 5)
    told = range(0, len(bins) - step + 1, step)
    return DrawnTime(name, time, tuple(
        (f"{duration(low)} – {duration(high)}", count, count / most, duration(low) if place in told else "")
        for place, (low, high, count) in enumerate(bins)
    ))  # fmt: skip


def _pairs(bins: tuple[tuple[float, float, int], ...]) -> Iterator[tuple[float, float, int]]:
    """Two neighbours as one."""
    for place in range(0, len(bins), 2):
        pair = bins[place : place + 2]
        yield pair[0][0], pair[-1][1], sum(count for _low, _high, count in pair)


bp.add_app_template_filter(duration)
