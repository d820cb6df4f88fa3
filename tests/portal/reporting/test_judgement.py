"""Which channel leads, which are too few to rank, and how many more visits it would take to tell."""

import pytest

from portal.reporting.judgement import FEW, judge
from portal.reporting.statistics import wilson


def test_a_clear_leader_is_called_one() -> None:
    leader, second, third = judge([(200, 400), (120, 400), (90, 350)])
    assert (leader.leader, leader.rank) == (True, 1)
    assert leader.p_adjusted is not None and leader.p_adjusted < 0.05
    assert leader.p_best is not None and leader.p_best > 0.95
    assert leader.difference is not None and leader.difference.low > 0 and leader.more_visits is None
    assert not second.leader and not third.leader
    assert second.difference is not None and second.difference.high < 0


@pytest.mark.parametrize(
    ("why", "channels"),
    [
        ("not clear after the correction", [(60, 200), (50, 200), (45, 200), (48, 200)]),
        ("two are ahead of the rest, neither is the best", [(200, 400), (198, 400), (50, 400)]),
        ("fewer than 30 conversions of its own", [(29, 40), (40, 400)]),
        ("fewer than 30 conversions of the others", [(300, 400), (29, 400)]),
    ],
)
def test_nobody_leads(why: str, channels: list[tuple[int, int]]) -> None:
    assert not any(one.leader for one in judge(channels)), why


def test_the_thirtieth_conversion_makes_a_leader() -> None:
    assert judge([(30, 40), (40, 400)])[0].leader
    assert judge([(300, 400), (30, 400)])[0].leader


def test_few_visits_have_no_rank_and_stand_apart_from_all_others() -> None:
    few, first, second = judge([(FEW - 1, FEW - 1), (40, 100), (30, 100)])
    assert few.few and few.rank is few.p_best is few.difference is None
    assert (first.rank, second.rank) == (1, 2)
    assert [judge([(40, 100), (30, 100)])[0].p_best] == [first.p_best]  # the few change nothing


def test_channels_are_ranked_by_the_lower_bound_and_not_by_the_share() -> None:
    small, large = judge([(20, 40), (480, 1000)])
    assert 20 / 40 > 480 / 1000 and (small.rank, large.rank) == (2, 1)
    bounds = [interval.low for interval in (wilson(20, 40), wilson(480, 1000)) if interval]
    assert bounds[0] < bounds[1]


def test_equals_share_a_rank_and_are_never_told_apart() -> None:
    for one in judge([(30, 100), (30, 100)]):
        assert (one.rank, one.more_visits, one.leader) == (1, None, False)


def test_a_difference_that_cannot_be_told_says_how_many_more_visits_it_needs() -> None:
    one, other = judge([(30, 100), (35, 100)])
    assert one.more_visits == other.more_visits == 2 * (1376 - 100)


def test_alone_a_channel_is_first_and_leads_nobody() -> None:
    (alone,) = judge([(50, 100)])
    assert (alone.rank, alone.leader, alone.difference, alone.few) == (1, False, None, False)
    assert judge([]) == []
