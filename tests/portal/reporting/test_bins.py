"""Bins of durations: the same in Python and in SQL, and quantiles that stay within one bin of the truth."""

import random
import statistics
from collections import Counter

import pytest
from sqlalchemy import BigInteger, literal, select

from portal.core.db import Database
from portal.reporting.bins import BOUNDS, LONGEST_S, bin_in_sql, bin_of, quantile, seconds_of


def test_bins_touch_and_grow_by_the_fourth_root_of_two() -> None:
    assert seconds_of(0) == (0.0, 1.0) and seconds_of(len(BOUNDS) - 1)[1] > LONGEST_S
    for number in range(1, len(BOUNDS)):
        low, high = seconds_of(number)
        assert seconds_of(number - 1)[1] == low and high / low == pytest.approx(2**0.25, rel=1e-5)


def test_sql_and_python_bin_alike(database: Database) -> None:
    edges = [bound + shift for bound in BOUNDS for shift in (-1, 0, 1)]
    with database.reading() as session:
        for micros in (-5, 0, 999_999, *edges[::5], LONGEST_S * 1_000_000):
            assert session.scalar(select(bin_in_sql(literal(micros, BigInteger)))) == bin_of(micros)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_quantile_is_within_a_bin_of_the_true_one(share: float) -> None:
    chance = random.Random(4)
    seconds = [chance.lognormvariate(2.9, 0.6) for _ in range(999)]
    bins = Counter(bin_of(int(second * 1_000_000)) for second in seconds)
    true = statistics.quantiles(seconds, n=100)[round(share * 100) - 1]
    found = quantile(bins, share)
    assert found is not None and 2**-0.25 < found / true < 2**0.25


def test_nothing_has_no_median() -> None:
    assert quantile({}, 0.5) is None
