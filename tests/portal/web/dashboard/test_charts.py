"""The picture stands on the same numbers as its table."""

import re

import pytest

from portal.web.dashboard.charts import HEIGHT, Datum, graph


def data(*values: float | None, young: int = 0, **more: object) -> list[Datum]:
    return [
        Datum(value, f"day {i}", f"{i}", f"{value}", f"day {i}: {value}", young=i >= len(values) - young, **more)
        for i, value in enumerate(values)
    ]  # fmt: skip


def test_a_higher_number_stands_higher_in_proportion():
    points = graph(data(0, 50, 100)).points
    heights = [HEIGHT - point.y for point in points]
    assert heights[0] == 0
    assert heights[2] == pytest.approx(2 * heights[1], abs=0.2)
    assert [point.x for point in points] == sorted(point.x for point in points)


def test_the_line_goes_through_the_points():
    drawn = graph(data(3, 9, 4, 7))
    path, young = drawn.lines[0]
    at = [float(number) for pair in re.findall(r"([\d.]+) ([\d.]+)", path) for number in pair]
    assert at == pytest.approx([number for point in drawn.points for number in (point.x * 10, point.y)], abs=0.06)
    assert not young


def test_what_can_still_grow_is_hatched_and_dashed_from_the_last_settled_point_on():
    drawn = graph(data(5, 6, 7, 8, young=2))
    assert [young for _path, young in drawn.lines] == [False, True]
    assert len(re.findall(r" ", drawn.lines[1][0])) == 3  # the last settled point and both young ones
    assert len(drawn.hatches) == 1
    assert drawn.hatches[0][1] == pytest.approx(97 / 2, abs=0.1)


def test_a_bucket_without_visits_has_no_rate_no_point_and_leaves_a_gap():
    drawn = graph(data(0.5, None, 0.4), share=True)
    assert len(drawn.points) == 2
    assert drawn.lines[0][0].count("M") == 2
    assert len(drawn.data) == 3


def test_an_interval_is_a_band_from_low_to_high():
    drawn = graph(data(0.5, 0.5, low=0.4, high=0.6), share=True)
    heights = sorted({float(y) for _x, y in re.findall(r"([\d.]+) ([\d.]+)", drawn.band)})
    assert heights[0] < drawn.points[0].y < heights[1]


@pytest.mark.parametrize("values", [(), (7,), (0, 0), (None, None), (10**7, 1)])
def test_nothing_and_very_much_can_be_drawn(values):
    drawn = graph(data(*values))
    assert all(0 <= point.y <= HEIGHT for point in drawn.points)
    assert "nan" not in "".join(path for path, _ in drawn.lines)


def test_no_more_than_eight_dates_stand_below_and_none_outside():
    ticks = graph(data(*range(365))).ticks
    assert 4 <= len(ticks) <= 8
    assert (ticks[0].anchor, ticks[0].text) == ("start", "0")
