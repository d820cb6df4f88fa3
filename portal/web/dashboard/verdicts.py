"""What may be said of a channel's rate, or of this period's beside the one before: "differs", never "causes"."""

from collections.abc import Iterable

from flask_babel import format_decimal, format_percent, get_locale
from flask_babel import gettext as _

from portal.reporting.judgement import Judgement
from portal.reporting.statistics import Difference, Interval, newcombe, wilson
from portal.reporting.steps import Counts, Step
from portal.reporting.stops import Stop
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.words import whole

SURE = 0.05
MOST_AWAITED = 100_000  # visits: more are years of most venues


def points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    rounded = round(share * 100, 1)
    return str(format_decimal(rounded, format="+#,##0.0;−#,##0.0" if rounded else "0.0"))


def spread(difference: Difference) -> str:
    """Both ends of its interval."""
    return _("%(low)s to %(high)s", low=points(difference.low), high=points(difference.high))


def verdict(judged: Judgement) -> tuple[str, str]:
    """Of a channel beside all others together: the finding, and what it rests on."""
    if judged.few:
        return _("too few to judge"), _("fewer than 30 visits that had their time")
    if judged.difference is None or judged.p_adjusted is None:
        return _("nothing to compare with"), _("no other channel has 30 visits")
    basis = _("%(points)s points (%(spread)s)", points=points(judged.difference.value), spread=spread(judged.difference))
    if judged.p_adjusted < SURE:
        return (_("differs: higher") if judged.difference.value > 0 else _("differs: lower")), basis
    return _("cannot be told apart"), f"{basis}. {_more(judged.more_visits)}"


def change(now: Step, before: Step) -> str:
    """Of a share beside the period before."""
    difference = newcombe(now.count, now.start_n, before.count, before.start_n)
    if difference is None:
        return ""
    if not difference.is_clear:
        return _("no clear difference")
    return _("differs by %(points)s points (%(spread)s)", points=points(difference.value), spread=spread(difference))


def growth(now: int, before: int) -> str:
    """Of a count beside the period before, in percent."""
    if not before:
        return ""
    pattern = get_locale().percent_formats[None].pattern
    return str(format_percent(now / before - 1, f"+{pattern};−{pattern}"))


def _more(visits: int | None) -> str:
    if visits is None or visits > MOST_AWAITED:
        return _("More visits would hardly tell.")
    return _("About %(visits)s more visits until a difference like this could be told.", visits=whole(visits))


def stop_interval(stop: Stop) -> Interval | None:
    """How sure the share of guests is that stop at a place."""
    return wilson(stop.count, stop.of)


def added(counts: Iterable[Counts]) -> Counts:
    """Several channels as one."""
    return sum(counts, Counts())


for filter_ in (verdict, stop_interval, added):
    bp.add_app_template_filter(filter_)
