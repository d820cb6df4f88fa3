"""The first row of the first screen: five numbers, each with what it rests on and with the period before."""

from dataclasses import dataclass

from flask_babel import gettext as _

from portal.reporting.funnel import ChannelReport
from portal.reporting.spending import Spending
from portal.reporting.steps import Counts, Step
from portal.web.dashboard.report_words import METRICS
from portal.web.dashboard.verdicts import change, growth
from portal.web.dashboard.words import between, percent, roubles, whole


@dataclass(frozen=True, slots=True)
class Tile:
    """`metric` names the graph that it opens; empty for none. `before` is the period before, `change` what differs."""

    name: str
    metric: str
    value: str
    more: str = ""
    before: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """A period's report and its money, which is there for all visits only: a cost has no language and no device."""

    report: ChannelReport
    money: Spending | None


def tiles(now: Counted, before: Counted | None) -> list[Tile]:
    """Visits, members, conversion, cost per member, internet sessions. Without money its tile says why."""
    report, then = now.report, before.report if before else None
    return [
        _count("visits", "seen", report, then),
        _members(report, then),
        _conversion(report, then),
        _cost(now.money, before.money if before else None),
        _online(report, then),
    ]


def _count(metric: str, step: str, report: ChannelReport, before: ChannelReport | None, more: str = "") -> Tile:
    now, then = report.totals.of(step), before.totals.of(step) if before else None
    told = ("", "") if then is None else (whole(then), growth(now, then))
    return Tile(str(METRICS[metric]), metric, whole(now), more, *told)


def _members(report: ChannelReport, before: ChannelReport | None) -> Tile:
    return _count("card", "card", report, before, _("visits that ended with a card"))


def _conversion(report: ChannelReport, before: ChannelReport | None) -> Tile:
    step = report.totals.step("verified")
    more = f"{whole(step.count)}/{whole(step.start_n)}; {between(step.interval)}" if step.interval else ""
    if before is None:
        return Tile(str(METRICS["rate"]), "rate", percent(step.of_start), more)
    told = (percent(before.totals.step("verified").of_start), change(_ripe(report), _ripe(before)))
    return Tile(str(METRICS["rate"]), "rate", percent(step.of_start), more, *told)


def _ripe(report: ChannelReport) -> Step:
    """Visits that can still convert are no part of a comparison."""
    return sum((row.ripe for row in report.rows), Counts()).step("verified")


def _cost(money: Spending | None, before: Spending | None) -> Tile:
    name = _("Cost per member")
    if money is None:
        return Tile(name, "", "–", _("costs are known of all visits only: clear the filters"))
    total, then = money.total, before.total.per_member if before else None
    shown = "–" if total.per_member is None else roubles(total.per_member)
    more = f"{roubles(total.spent)} / {whole(total.members)}" if total.spent else _("no costs entered")
    grown = growth(total.per_member, then) if total.per_member and then else ""
    return Tile(name, "", shown, more, "" if before is None else "–" if then is None else roubles(then), grown)


def _online(report: ChannelReport, before: ChannelReport | None) -> Tile:
    def sessions(one: ChannelReport) -> int:
        return one.totals.of("online") + one.apart.remembered_online + one.apart.vouchers_online

    now, then = sessions(report), sessions(before) if before else None
    more = _(
        "%(guests)s guests, %(remembered)s remembered devices, %(vouchers)s vouchers",
        guests=whole(report.totals.of("online")),
        remembered=whole(report.apart.remembered_online),
        vouchers=whole(report.apart.vouchers_online),
    )
    told = ("", "") if then is None else (whole(then), growth(now, then))
    return Tile(_("Internet sessions"), "", whole(now), more, *told)
