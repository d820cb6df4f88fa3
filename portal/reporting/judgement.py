"""Which channel is ahead, and how sure that is: each against all others together, by visits that are ripe.

A channel leads only if its rate is above that of all others together at p < 0.05 after Holm's correction, it is the best
of all with a probability of at least 0.95, and both sides have at least 30 conversions. Channels are observed, not assigned
by lot: the words for it are "differs", never "causes".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.reporting.statistics import Difference, holm, newcombe, p_best, two_proportions, visits_needed, wilson

FEW = 30  # visits below which nothing is ranked
LEADER_CONVERSIONS = 30
LEADER_P, LEADER_BEST = 0.05, 0.95
NO_MORE = 10**7  # visits beyond which nobody waits for a difference


@dataclass(frozen=True, slots=True)
class Judgement:
    """`converted` of `visits` that are ripe. `rank`: 1 is the best, by the lower bound of the interval; None of few visits.

    `difference` is to all others together, `p_adjusted` its p after Holm's correction. `more_visits`: how many more of
    them both sides together need until a difference of this size could be told (80 % power); None when it can be told
    already, or never.
    """

    converted: int = 0
    visits: int = 0
    few: bool = True
    rank: int | None = None
    leader: bool = False
    p_adjusted: float | None = None
    p_best: float | None = None
    difference: Difference | None = None
    more_visits: int | None = None


def judge(channels: Sequence[tuple[int, int]]) -> list[Judgement]:
    """Judge channels by (converted, visits); those of few visits stand apart and are no part of "all others"."""
    told = [index for index, (_, n) in enumerate(channels) if n >= FEW]
    judged = [Judgement(k, n) for k, n in channels]
    if len(told) == 1:
        k, n = channels[told[0]]
        judged[told[0]] = Judgement(k, n, few=False, rank=1)
    if len(told) > 1:
        for index, judgement in zip(told, _compared([channels[index] for index in told]), strict=True):
            judged[index] = judgement
    return judged


def _compared(channels: list[tuple[int, int]]) -> list[Judgement]:
    converted, visits = (sum(column) for column in zip(*channels, strict=True))
    others = [(converted - k, visits - n) for k, n in channels]
    pairs = [(*one, *rest) for one, rest in zip(channels, others, strict=True)]
    adjusted = holm([two_proportions(*pair)[1] for pair in pairs])
    chances = p_best(tuple(channels))
    ranks = _ranks(channels)
    return [
        Judgement(
            k, n, few=False, rank=rank, leader=_leads(pair, p, best), p_adjusted=p, p_best=best,
            difference=newcombe(*pair), more_visits=None if p < LEADER_P else _more(*pair),
        )
        for (k, n), pair, p, best, rank in zip(channels, pairs, adjusted, chances, ranks, strict=True)
    ]  # fmt: skip


def _leads(pair: tuple[int, int, int, int], p: float, best: float) -> bool:
    k1, n1, k2, n2 = pair
    return k1 * n2 > k2 * n1 and p < LEADER_P and best >= LEADER_BEST and min(k1, k2) >= LEADER_CONVERSIONS


def _ranks(channels: list[tuple[int, int]]) -> list[int]:
    """Channels of equal lower bounds share a rank."""
    bounds = [interval.low for interval in (wilson(k, n) for k, n in channels) if interval]
    return [1 + sum(other > bound for other in bounds) for bound in bounds]


def _more(k1: int, n1: int, k2: int, n2: int) -> int | None:
    needed = visits_needed(k1, n1, k2, n2)
    if needed is None or needed > NO_MORE:
        return None
    return max(0, needed - n1) + max(0, needed - n2) or None
