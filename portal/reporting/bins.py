"""Durations in bins that grow by the fourth root of two: fine enough for a median, few enough to keep for ever.

Bin 0 holds everything below a second (and what stands the wrong way round), bin i the seconds from 2^((i−1)/4) to 2^(i/4).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, case, literal_column

LONGEST_S = 604_800
BOUNDS = tuple(round(1_000_000 * 2 ** (step / 4)) for step in range(78))  # microseconds; the last is beyond seven days


def bin_of(micros: int) -> int:
    """The bin of a duration in microseconds."""
    return min(bisect_right(BOUNDS, micros), len(BOUNDS) - 1)


def bin_in_sql(micros: ColumnElement[int]) -> ColumnElement[int]:
    """The same, as a tree of comparisons: no logarithm that two databases would round differently."""
    return _branch(micros, 0, len(BOUNDS) - 1)


def seconds_of(number: int) -> tuple[float, float]:
    """Both ends of a bin in seconds."""
    return (BOUNDS[number - 1] / 1e6 if number else 0.0), BOUNDS[number] / 1e6


def quantile(bins: Mapping[int, int], share: float) -> float | None:
    """The duration in seconds below which `share` of all lie, even within a bin; None of none."""
    wanted = share * sum(bins.values())
    for number in sorted(bins):
        if bins[number] and wanted <= bins[number]:
            low, high = seconds_of(number)
            return low + (high - low) * wanted / bins[number]
        wanted -= bins[number]
    return None


def _branch(micros: ColumnElement[int], low: int, high: int) -> ColumnElement[int]:
    if low == high:
        return literal_column(str(low))
    middle = (low + high) // 2
    below: Sequence[ColumnElement[int]] = (_branch(micros, low, middle), _branch(micros, middle + 1, high))
    return case((micros < literal_column(str(BOUNDS[middle])), below[0]), else_=below[1])
