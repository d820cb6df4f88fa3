"""How sure a share is, and whether two of them differ: k conversions of n visits, standard library only.

Sources of the formulae: Wilson 1927; Newcombe 1998 (Stat Med 17:873), method 10; Holm 1979; Evan Miller, "Formulas for
Bayesian A/B testing". Channels are observed, not assigned by lot: a difference says "differs", never "causes".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import erfc, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

_CONFIDENCE = 0.95
_EXACT_UP_TO = 5_000  # terms of the closed sum; beyond, the grid is as exact as anybody can read
CONTENDERS = 24  # for being the best; the grid's work grows with the square of them
_REACH = [t / 5 for t in range(-45, 91)]  # grid of a posterior in its standard deviations: far to the right, where it is skewed


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a share, 0 to 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The first share minus the second, −1 to 1, and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """True when the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def wilson(successes: int, trials: int, confidence: float = _CONFIDENCE) -> Interval | None:
    """The score interval (without continuity correction); None of no trials.

    Raises ValueError when there are more successes than trials: such a rate is a fault of its query.
    """
    if not 0 <= successes <= trials:
        raise ValueError("successes must lie between 0 and the trials")
    if trials == 0:
        return None
    z = _quantile(0.5 + confidence / 2)
    share = successes / trials
    spread = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / spread
    half = z / spread * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    # At the ends the bound is exact; rounding would put it a hair beside.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(low, high)


def newcombe(k1: int, n1: int, k2: int, n2: int, confidence: float = _CONFIDENCE) -> Difference | None:
    """Interval of k1/n1 − k2/n2 by Newcombe's hybrid score method (10); None when either has no visits."""
    first, second = wilson(k1, n1, confidence), wilson(k2, n2, confidence)
    if first is None or second is None:
        return None
    p1, p2 = k1 / n1, k2 / n2
    down = sqrt((p1 - first.low) ** 2 + (second.high - p2) ** 2)
    up = sqrt((first.high - p1) ** 2 + (p2 - second.low) ** 2)
    return Difference(p1 - p2, max(-1.0, p1 - p2 - down), min(1.0, p1 - p2 + up))


def two_proportions(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float]:
    """z of k1/n1 − k2/n2 with the pooled variance, and its two-sided p. (0, 1) where nothing can be told."""
    pooled = (k1 + k2) / (n1 + n2) if n1 and n2 else 0.0
    if pooled in (0.0, 1.0):
        return 0.0, 1.0
    z = (k1 / n1 - k2 / n2) / sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return z, erfc(abs(z) / sqrt(2))


def holm(ps: Sequence[float]) -> list[float]:
    """p values adjusted for their number by Holm's step-down method, in the order given."""
    adjusted, worst = [0.0] * len(ps), 0.0
    for place, index in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        worst = max(worst, min(1.0, ps[index] * (len(ps) - place)))
        adjusted[index] = worst
    return adjusted


def visits_needed(k1: int, n1: int, k2: int, n2: int, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """Visits that each of two channels needs for a difference like theirs to be told with this power; None of equal rates.

    The usual formula for two proportions (pooled under "no difference"), rounded to the nearest as its tables are.
    """
    if not n1 or not n2 or k1 * n2 == k2 * n1:
        return None
    p1, p2 = k1 / n1, k2 / n2
    middle = (p1 + p2) / 2
    chance = _quantile(1 - alpha / 2) * sqrt(2 * middle * (1 - middle))
    effect = _quantile(power) * sqrt(p1 * (1 - p1) + p2 * (1 - p2))
    return max(1, round(((chance + effect) / (p1 - p2)) ** 2))


@lru_cache(maxsize=4096)
def p_better(k1: int, n1: int, k2: int, n2: int) -> float:
    """Probability that the second rate is above the first, each Beta(1 + k, 1 + n − k)."""
    if k2 + 1 > _EXACT_UP_TO:
        return p_best(((k1, n1), (k2, n2)))[1]
    a1, b1, a2, b2 = k1 + 1, n1 - k1 + 1, k2 + 1, n2 - k2 + 1
    whole = _log_beta(a1, b1)
    terms = (exp(_log_beta(a1 + i, b1 + b2) - log(b2 + i) - _log_beta(1 + i, b2) - whole) for i in range(a2))
    return min(1.0, max(0.0, sum(terms)))


@lru_cache(maxsize=1024)
def p_best(channels: tuple[tuple[int, int], ...]) -> tuple[float, ...]:
    """For each (k, n): the probability that its rate is the highest of all, by Simpson's rule on one grid for all.

    Of more than `CONTENDERS` channels only those with the highest upper ends of their intervals are looked at; the others' is 0.
    """
    if len(channels) < 2:
        return (1.0,) * len(channels)
    order = sorted(range(len(channels)), key=lambda place: _reaches(*channels[place]), reverse=True)[:CONTENDERS]
    values = dict(zip(order, _best_of([channels[place] for place in order]), strict=True))
    return tuple(values.get(place, 0.0) for place in range(len(channels)))


def _reaches(k: int, n: int) -> float:
    interval = wilson(k, n)
    return interval.high if interval else 1.0


def _best_of(channels: Sequence[tuple[int, int]]) -> list[float]:
    points = _points(channels)
    weights = _weights(points)
    posteriors = [_posterior(k, n, points) for k, n in channels]
    values = [0.0] * len(channels)
    for place, weight in enumerate(weights):
        every = weight
        for _, below in posteriors:
            every *= below[place]
        if every > 0.0:
            for index, (density, below) in enumerate(posteriors):
                values[index] += density[place] / below[place] * every
    total = sum(values)
    return [value / total for value in values]


def _points(channels: Sequence[tuple[int, int]]) -> list[float]:
    """Ends of panels and, between each two, their middle; dense where any of the posteriors has its mass."""
    ends = {0.0, 1.0}
    for k, n in set(channels):
        mean, spread = (k + 1) / (n + 2), sqrt((k + 1) * (n - k + 1) / ((n + 2) ** 2 * (n + 3)))
        ends.update(x for t in _REACH for x in (mean + t * spread, mean - t * spread) if 0 < x < 1)
    edges = sorted(ends)
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    return [point for pair in zip(edges, [*middles, 1.0], strict=True) for point in pair][:-1]


def _weights(points: list[float]) -> list[float]:
    """Simpson's, over panels of unequal width."""
    weights = [0.0] * len(points)
    for place in range(0, len(points) - 1, 2):
        sixth = (points[place + 2] - points[place]) / 6
        weights[place] += sixth
        weights[place + 1] = 4 * sixth
        weights[place + 2] += sixth
    return weights


def _posterior(k: int, n: int, points: list[float]) -> tuple[list[float], list[float]]:
    """Density of Beta(1 + k, 1 + n − k) at each point, and the mass below it."""
    density = _density(k, n, points)
    below = [0.0]
    for place in range(0, len(points) - 1, 2):
        left, middle, right = density[place : place + 3]
        panel = points[place + 2] - points[place]
        start = below[-1]
        below.append(max(start, start + panel * (5 * left + 8 * middle - right) / 24))  # of the parabola through the three
        below.append(max(below[-1], start + panel * (left + 4 * middle + right) / 6))
    return [value / below[-1] for value in density], [value / below[-1] for value in below]


def _density(k: int, n: int, points: list[float]) -> list[float]:
    misses, whole = n - k, _log_beta(k + 1, n - k + 1)
    inner = [exp(k * log(x) + misses * log1p(-x) - whole) for x in points[1:-1]]
    return [float(n + 1) if k == 0 else 0.0, *inner, float(n + 1) if misses == 0 else 0.0]


@lru_cache(maxsize=64)
def _quantile(p: float) -> float:
    return NormalDist().inv_cdf(p)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
