"""A sticker that is gone is missed; one that hangs is not. A year of synthetic channels holds the promise of the docstring."""

import math
import random

import pytest

from portal.reporting.silence import FALSE_ALARMS_A_YEAR, Day, silence

YEAR = 365
WEEK = (0.6, 0.7, 0.8, 1.0, 1.5, 1.7, 0.7)  # Monday to Sunday, mean 1


def poisson(chance: random.Random, rate: float) -> int:
    """Knuth's, good for the small rates of a café."""
    limit, product, count = math.exp(-rate), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def days_of(chance: random.Random, rate: float, days: int, dies_on: int = 10**9, groups: int = 1) -> list[Day]:
    """A café that is closed on some Mondays and some weeks; a channel of `rate` visits a day that comes in `groups`."""
    made = []
    for day in range(days):
        closed = (day % 7 == 0 and chance.random() < 0.5) or day % 120 > 112
        busy = WEEK[day % 7]
        visits = 0 if closed or day >= dies_on else groups * poisson(chance, rate * busy / groups)
        made.append(Day(visits, not closed and poisson(chance, 20 * busy) > 0))
    return made


def alarms_in(days: list[Day], begin: int = 0) -> list[int]:
    """The days after which an alarm would be raised anew, looking once a day."""
    raised, standing = [], False
    for day in range(begin, len(days)):
        missed = silence(days[max(0, day - 149) : day + 1]) is not None
        if missed and not standing:
            raised.append(day)
        standing = missed
    return raised


@pytest.mark.parametrize("groups", [1, 3])
def test_a_year_of_living_channels_raises_fewer_false_alarms_than_promised(groups: int) -> None:
    chance = random.Random(2026 + groups)
    rates = [0.1, 0.2, 0.35, 0.5, 0.8, 1.2, 2, 4, 8, 15] * 12
    false = sum(len(alarms_in(days_of(chance, rate, YEAR, groups=groups))) for rate in rates)
    assert false <= FALSE_ALARMS_A_YEAR * len(rates)


@pytest.mark.parametrize(("rate", "within"), [(0.35, 90), (1, 20), (3, 8), (10, 4), (40, 2)])
def test_a_dead_sticker_is_found_in_time(rate: float, within: int) -> None:
    """`within` counts open days; half of the Mondays and one week are closed."""
    chance = random.Random(7)
    for _ in range(40):
        days = days_of(chance, rate, 280, dies_on=110)
        found = [day for day in alarms_in(days, 110) if day >= 110]
        assert found, rate
        assert sum(day.others for day in days[110 : found[0] + 1]) <= within, rate


def test_the_docstrings_waiting_times_are_those_of_the_formula() -> None:
    steady = [Day(1, True)] * 56
    assert silence([*steady, *[Day(0, True)] * 9]) is None
    assert silence([*steady, *[Day(0, True)] * 10]) is not None
    assert silence([*[Day(10, True)] * 56, Day(0, True)]) is not None


def test_closed_days_nights_and_holidays_are_no_silence() -> None:
    assert silence([*[Day(5, True)] * 56, *[Day(0, False)] * 90]) is None


def test_a_channel_alone_at_its_venue_is_never_missed() -> None:
    assert silence([*[Day(50, False)] * 56, *[Day(0, False)] * 90]) is None


def test_a_weekend_channel_is_not_missed_on_weekdays() -> None:
    week = [Day(0, True)] * 5 + [Day(8, True)] * 2
    assert silence([*week * 8, *[Day(0, True)] * 6]) is None


def test_too_little_is_known_of_a_young_or_rare_channel() -> None:
    assert silence([*[Day(3, True)] * 13, *[Day(0, True)] * 60]) is None
    assert silence([*[Day(1, True), *[Day(0, True)] * 9] * 5, *[Day(0, True)] * 80]) is None


def test_the_answer_says_since_when_and_how_many_were_usual() -> None:
    missed = silence([*[Day(4, True)] * 20, *[Day(0, False)] * 2, *[Day(0, True)] * 5])
    assert missed is not None
    assert (missed.since, missed.days, missed.a_week) == (20, 5, 28.0)
