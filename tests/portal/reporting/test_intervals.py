"""Wilson's interval against published figures (R 3.6.2 prop.test, quoted in scipy's test_morestats)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reporting.intervals import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "confidence", "low", "high"),
    [
        (3, 10, 0.95, 0.1077913, 0.6032219),
        (3, 10, 0.99, 0.07956632, 0.6799753),
        (0, 10, 0.95, 0.0, 0.2775328),
        (10, 10, 0.95, 0.7224672, 1.0),
    ],
)
def test_published_vectors(successes: int, trials: int, confidence: float, low: float, high: float) -> None:
    interval = wilson(successes, trials, confidence)
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=5e-8)
    assert interval.high == pytest.approx(high, abs=5e-8)


def test_no_trials_have_no_estimate() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("successes", "trials"), [(2, 1), (-1, 5), (1, 0)])
def test_more_successes_than_trials_are_a_fault(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="between 0 and the trials"):
        wilson(successes, trials)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_a_share(pair: tuple[int, int]) -> None:
    successes, trials = pair
    interval = wilson(successes, trials)
    assert interval is not None
    assert 0.0 <= interval.low <= successes / trials <= interval.high <= 1.0
