"""The channel table as CSV: RFC 4180 with commas, UTF-8 with a byte order mark (Excel needs it), no phone in it ever.

A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection): a label or a UTM value
can come from anybody's link.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from portal.core.i18n import translations
from portal.reporting.funnel import ChannelReport, ChannelRow
from portal.reporting.steps import Counts, Step

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def channels_csv(report: ChannelReport, language: str) -> bytes:
    """The report with a line per source, other and total, then bots, vouchers and remembered devices apart."""
    _ = translations(language).gettext
    lines = [_headings(language)]
    lines += [_line(_("Other") if row.source is None else _("Source"), row, report) for row in report.rows]
    lines.append([_("Total"), "", "", "", *_days(report), *_figures(report.totals)])
    apart = report.apart
    for name, visits in ((_("Bots"), apart.bots), (_("Vouchers"), apart.vouchers), (_("Remembered devices"), apart.remembered)):
        lines.append([name, "", "", "", *_days(report), str(visits)])
    return write(lines)


def write(lines: Iterable[Iterable[str]]) -> bytes:
    """Cells to bytes, each made safe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([safe_cell(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text


def _headings(language: str) -> list[str]:
    _ = translations(language).gettext
    names = {"seen": _("Visits"), "phone": _("Phones"), "verified": _("Verified"), "card": _("Cards"), "online": _("Online")}
    of_start, of_previous = _("share of visits, %"), _("share of the previous step, %")
    low, high = _("of visits, low end"), _("of visits, high end")
    shares = [
        f"{name}: {what}" for step, name in names.items() if step != "seen" for what in ("", of_start, of_previous, low, high)
    ]
    heads = [
        _("Line"),
        _("Label"),
        _("Code"),
        _("Kind"),
        _("First day"),
        _("Last day"),
        _("Window, hours"),
        _("Made up"),
        names["seen"],
    ]
    return [head.removesuffix(": ") for head in (*heads, *shares)]


def _line(name: str, row: ChannelRow, report: ChannelReport) -> list[str]:
    source = row.source
    about = [source.label, source.code, source.kind] if source else ["", "", ""]
    return [name, *about, *_days(report), *_figures(row.counts)]


def _days(report: ChannelReport) -> list[str]:
    hours = f"{report.window.total_seconds() / 3600:g}"
    return [report.period.first.isoformat(), report.period.last.isoformat(), hours, str(report.synthetic)]


def _figures(counts: Counts) -> Iterator[str]:
    first, *rest = counts.steps
    yield str(first.count)
    for step in rest:
        yield str(step.count)
        yield from _shares(step)


def _shares(step: Step) -> Iterator[str]:
    interval = step.interval
    bounds = (interval.low, interval.high) if interval else (None, None)
    for share in (step.of_start, step.of_previous, *bounds):
        yield "" if share is None else f"{100 * share:.2f}"
