"""Has a channel gone quiet: "the sticker on table 7 may be gone".

Only days on which other channels of the venue brought somebody are counted, so that nights, days off and holidays are no
silence. Of its last 56 counted days up to its last visit a channel had K visits on D days. Visits of guests that come on
their own are a Poisson process, and then the chance that nobody comes for m further counted days is exactly

    P = (1 + m/D)^(-K/φ)

(the next gap against the sum of K gaps: an F distribution, with the rate's own uncertainty in it). φ is the index of
dispersion of its days, variance over mean, at least 1: groups that come together, and channels of the weekend, bring fewer
independent events than visits (quasi-Poisson).

A channel is missed when P < 0.05 / 365: it is looked at once a day, so a living channel is missed falsely at most 0.05 times
a year, once in twenty years (simulated: 1 in 300 channel-years, 7 where guests come in threes). A dead channel of ten
visits a day is missed within 4 counted days, of three within 8, of one within 20 (11 in the median), of one in three days
within 90. Fewer than ten visits or two weeks say nothing. A channel that is alone at its venue is never missed: nobody could
tell its silence from a closed door.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, log1p
from statistics import mean, variance

FALSE_ALARMS_A_YEAR = 0.05
LEAST_VISITS, LEAST_DAYS, MOST_DAYS = 10, 14, 56
_LOG_LIMIT = log(FALSE_ALARMS_A_YEAR / 365)


@dataclass(frozen=True, slots=True)
class Day:
    """A local day that is over: how many visits the channel had, and whether others brought any."""

    visits: int
    others: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """`days` counted days without a visit after `visits` in the `past_days` before. `since` is the index of its first day."""

    days: int
    visits: int
    past_days: int
    since: int

    @property
    def a_week(self) -> float:
        """Visits in seven counted days, before."""
        return 7 * self.visits / self.past_days


def silence(days: Sequence[Day]) -> Silence | None:
    """What is unlikely about the newest of these days (oldest first); None when nothing is, or when too little is known."""
    last = max((place for place, day in enumerate(days) if day.visits), default=-1)
    quiet = sum(day.others for day in days[last + 1 :])
    past = [day.visits for day in days[: last + 1] if day.others][-MOST_DAYS:]
    visits = sum(past)
    if not quiet or len(past) < LEAST_DAYS or visits < LEAST_VISITS:
        return None
    spread = max(1.0, variance(past) / mean(past))
    chance = -visits / spread * log1p(quiet / len(past))
    return Silence(quiet, visits, len(past), last + 1) if chance < _LOG_LIMIT else None
