"""The same formulae beside scipy's and statsmodels', over random channels. Neither is needed to run the product."""

import random
from itertools import pairwise
from math import prod
from typing import Any

import numpy
import pytest
from scipy import stats
from scipy.integrate import quad
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from portal.reporting.statistics import holm, newcombe, p_best, p_better, two_proportions, visits_needed, wilson

CHANCE = random.Random(20261122)


def channel(most: int) -> tuple[int, int]:
    """Conversions and visits, now and then none or all."""
    visits = CHANCE.randrange(1, CHANCE.choice((12, 200, most)))
    return CHANCE.choice((0, visits, CHANCE.randrange(visits + 1), round(visits * CHANCE.random() ** 3))), visits


PAIRS = [(*channel(100_000), *channel(100_000)) for _ in range(300)]


def test_wilson_as_scipy_has_it() -> None:
    for k, n, *_ in PAIRS:
        ours, theirs = wilson(k, n), stats.binomtest(k, n).proportion_ci(method="wilson")
        assert ours is not None
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_newcombe_as_statsmodels_has_it() -> None:
    for k1, n1, k2, n2 in PAIRS:
        ours = newcombe(k1, n1, k2, n2)
        assert ours is not None
        theirs = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff")
        assert (ours.low, ours.high) == pytest.approx(tuple(map(float, theirs)), abs=1e-9)


def test_the_z_test_as_statsmodels_has_it() -> None:
    for k1, n1, k2, n2 in PAIRS:
        if 0 < k1 + k2 < n1 + n2:
            theirs = proportions_ztest([k1, k2], [n1, n2])
            assert two_proportions(k1, n1, k2, n2) == pytest.approx(tuple(map(float, theirs)), rel=1e-9, abs=1e-12)


def test_holm_as_statsmodels_has_it() -> None:
    for _ in range(12):
        ps = [CHANCE.random() ** 3 for _ in range(CHANCE.randrange(1, 12))]
        assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]), abs=1e-12)


def best(laws: list[Any], place: int) -> float:
    """∫ f·ΠF in pieces between the quantiles of all of them."""
    others = [law for at, law in enumerate(laws) if at != place]
    ends = [float(end) for law in laws for end in law.ppf([1e-12, 0.01, 0.5, 0.99, 1 - 1e-12])]
    pieces = pairwise(sorted({0.0, *ends, 1.0}))
    return sum(quad(lambda x: laws[place].pdf(x) * prod(law.cdf(x) for law in others), *piece, limit=200)[0] for piece in pieces)


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")  # of needles; the sums are compared all the same
def test_the_better_of_two_as_an_integral() -> None:
    for k1, n1, k2, n2 in PAIRS[:40]:
        laws = [stats.beta(1 + k1, 1 + n1 - k1), stats.beta(1 + k2, 1 + n2 - k2)]
        assert p_better(k1, n1, k2, n2) == pytest.approx(best(laws, 1), abs=2e-6)


def test_the_best_of_many_as_drawn_by_lot() -> None:
    lot = numpy.random.default_rng(7)
    for size in (2, 3, 7, 20):
        channels = tuple(channel(20_000) for _ in range(size))
        draws = numpy.stack([lot.beta(1 + k, 1 + n - k, 200_000) for k, n in channels])
        theirs = numpy.bincount(draws.argmax(axis=0), minlength=size) / 200_000
        ours = p_best(channels)
        assert sum(ours) == pytest.approx(1.0)
        assert ours == pytest.approx(list(theirs), abs=0.006)


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")  # of needles; the sums are compared all the same
def test_the_best_of_three_as_an_integral() -> None:
    for _ in range(5):
        channels = tuple(channel(3_000) for _ in range(3))
        laws = [stats.beta(1 + k, 1 + n - k) for k, n in channels]
        assert p_best(channels) == pytest.approx([best(laws, place) for place in range(3)], abs=2e-6)


def test_the_visits_needed_give_the_power_that_was_asked() -> None:
    """Simulated, as the usual library's formula takes another scale: the difference is found in four of five tries."""
    lot = numpy.random.default_rng(11)
    for k1, k2 in ((30, 35), (10, 13), (42, 68), (5, 9)):
        n = visits_needed(k1, 100, k2, 100)
        assert n is not None
        tries = [two_proportions(int(a), n, int(b), n)[1] < 0.05 for a, b in lot.binomial(n, (k1 / 100, k2 / 100), (4000, 2))]
        assert sum(tries) / len(tries) == pytest.approx(0.8, abs=0.03)
        effect = 2 * (numpy.arcsin(numpy.sqrt(k2 / 100)) - numpy.arcsin(numpy.sqrt(k1 / 100)))
        assert n == pytest.approx(NormalIndPower().solve_power(effect, power=0.8, alpha=0.05), rel=0.05)
