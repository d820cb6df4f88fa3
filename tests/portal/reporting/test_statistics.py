"""The formulae against published figures; scipy and statsmodels stand beside them in test_statistics_references."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reporting.statistics import CONTENDERS, holm, newcombe, p_best, p_better, two_proportions, visits_needed, wilson

SHARE = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(  # R 3.6.2 prop.test, quoted in scipy's test_morestats
    ("k", "n", "confidence", "low", "high"),
    [
        (3, 10, 0.95, 0.1077913, 0.6032219),
        (3, 10, 0.99, 0.07956632, 0.6799753),
        (0, 10, 0.95, 0.0, 0.2775328),
        (10, 10, 0.95, 0.7224672, 1.0),
    ],
)
def test_wilsons_interval(k: int, n: int, confidence: float, low: float, high: float) -> None:
    interval = wilson(k, n, confidence)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-8)


def test_no_visits_have_no_estimate() -> None:
    assert wilson(0, 0) is None
    assert newcombe(0, 0, 3, 4) is newcombe(3, 4, 0, 0) is None


@pytest.mark.parametrize(("k", "n"), [(2, 1), (-1, 5), (1, 0)])
def test_more_conversions_than_visits_are_a_fault(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and the trials"):
        wilson(k, n)


@given(SHARE)
def test_the_interval_holds_the_share_and_stays_a_share(pair: tuple[int, int]) -> None:
    interval = wilson(*pair)
    assert interval is not None
    assert 0.0 <= interval.low <= pair[0] / pair[1] <= interval.high <= 1.0


@pytest.mark.parametrize(  # Newcombe 1998, table II, method 10
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_interval(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    difference = newcombe(*first, *second)
    assert difference is not None
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=5e-5)
    assert difference.is_clear == (low > 0)


def test_the_pooled_z_test() -> None:  # statsmodels GH 2969
    assert two_proportions(5, 83, 12, 99) == pytest.approx((-1.4078304151258787, 0.15918129181156992), abs=1e-12)


@pytest.mark.parametrize("same", [(0, 10, 0, 20), (10, 10, 20, 20), (0, 0, 1, 2), (1, 2, 0, 0)])
def test_where_nothing_can_differ_p_is_one(same: tuple[int, int, int, int]) -> None:
    assert two_proportions(*same) == (0.0, 1.0)


@pytest.mark.parametrize(  # R multtest, quoted in statsmodels' test_multi
    ("ps", "adjusted"),
    [
        ((0.002, 0.004, 0.006, 0.008, 0.010, 0.012), (0.012, 0.020, 0.024, 0.024, 0.024, 0.024)),
        (
            (0.001, 0.002, 0.003, 0.004, 0.005, 0.05, 0.06, 0.07, 0.08, 0.09),
            (0.01, 0.018, 0.024, 0.028, 0.03, 0.25, 0.25, 0.25, 0.25, 0.25),
        ),
    ],
)
def test_holms_correction(ps: tuple[float, ...], adjusted: tuple[float, ...]) -> None:
    assert holm(ps) == pytest.approx(adjusted, abs=1e-12)
    assert holm(ps[::-1]) == pytest.approx(adjusted[::-1], abs=1e-12)


def test_holm_of_nothing_is_nothing_and_of_one_is_itself() -> None:
    assert holm([]) == [] and holm([0.7]) == [0.7] and holm([0.7, 0.9]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("first", "second", "probability", "error"),
    [
        ((30, 16_500), (50, 17_000), 0.982132, 5e-7),  # published by bayes_ab.py
        ((49, 100), (51, 100), 0.6107705226878, 1e-12),
        ((100, 200), (120, 200), 0.9775863632722, 1e-12),
        ((0, 0), (1, 1), 2 / 3, 1e-12),
        ((7, 20), (7, 20), 0.5, 1e-12),
        ((300_000, 10**6), (300_000, 10**6), 0.5, 1e-6),  # beyond the exact sum
    ],
)
def test_the_probability_that_the_second_is_better(
    first: tuple[int, int], second: tuple[int, int], probability: float, error: float
) -> None:
    assert p_better(*first, *second) == pytest.approx(probability, abs=error)
    assert p_best((first, second))[1] == pytest.approx(probability, abs=max(error, 1e-6))


def test_the_best_of_one_is_itself_and_of_equals_each_alike() -> None:
    assert p_best(()) == () and p_best(((3, 10),)) == (1.0,)
    assert p_best(((30, 100),) * 20) == pytest.approx([0.05] * 20, abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "needed"), [(30, 35, 1376), (10, 13, 1774), (5, 7, 2212), (42, 36, 1036), (42, 68, 56)]
)
def test_the_visits_that_a_difference_needs(before: int, after: int, needed: int) -> None:
    assert visits_needed(before, 100, after, 100) == visits_needed(after, 100, before, 100) == needed


@pytest.mark.parametrize("pair", [(3, 10, 6, 20), (0, 0, 1, 2), (0, 5, 0, 9)])
def test_equal_rates_are_never_told_apart(pair: tuple[int, int, int, int]) -> None:
    assert visits_needed(*pair) is None


def test_twenty_channels_are_compared_in_a_moment() -> None:
    channels = tuple((37 * n % 991 + n, 3000 + 77 * n) for n in range(20))
    begun = time.process_time()
    p_best(channels)
    assert time.process_time() - begun < 0.25  # a twentieth of a second on a quiet machine


def test_two_hundred_channels_are_weighed_as_quickly_as_a_few_because_only_some_can_win() -> None:
    crowd = ((90, 100), *((10 + number % 7, 100) for number in range(199)))
    found = p_best(crowd)
    assert found[0] == pytest.approx(1.0, abs=1e-9) and sum(found) == pytest.approx(1.0)
    assert sum(one > 0 for one in found) <= CONTENDERS
