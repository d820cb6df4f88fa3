"""What letters about the numbers say: the week that is over, and alerts."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from sqlalchemy.orm import Session

from portal.core.config import Settings
from portal.core.i18n import translations
from portal.mail.writing import Block, Heading, Link, Paragraph, Table, Written
from portal.reporting import alerts, weekly
from portal.reporting.alert_words import told
from portal.reporting.funnel import ChannelRow
from portal.reporting.steps import Counts, Step
from portal.reporting.weekly import Week
from portal.staff import scope
from portal.staff.models import StaffUser

MOST_CHANNELS = 8


def week(session: Session, settings: Settings, user: StaffUser, facts: dict[str, Any], now: datetime) -> Written | None:
    """Every venue that the person sees; None for somebody who sees none."""
    venues = scope.venues(session, user)
    if not venues or not scope.is_at_least(user, "marketer"):
        return None
    monday = date.fromisoformat(facts["monday"])
    found = weekly.weeks(session, venues, monday, now=now)
    _ = translations(user.language).gettext
    dates = _dates(found[0].first, found[0].last, user.language)
    blocks: list[Block] = [Paragraph(_("Hello, %(name)s.") % {"name": user.name})]
    for one in found:
        blocks += _of_venue(one, settings, user.language)
    sure = _("Beside each share stand its counts and the interval in which it truly lies in 19 cases of 20.")
    cause = _("Channels bring different guests: a difference is not yet a cause.")
    blocks.append(Paragraph(f"{sure} {cause}"))
    return Written(_("Your channels, %(dates)s") % {"dates": dates}, tuple(blocks))


def alert(session: Session, settings: Settings, user: StaffUser, facts: dict[str, Any], now: datetime) -> Written | None:
    """What stands open still, at the venues that the person sees; None when nothing does."""
    _ = translations(user.language).gettext
    sight = {venue.id for venue in scope.venues(session, user)}
    found = [one for one in alerts.by_ids(session, user.organization_id, facts["alerts"]) if one.venue.id in sight]
    if not found:
        return None

    def day(iso: str) -> str:
        return str(format_date(date.fromisoformat(iso), "long", locale=user.language))

    def share(k: int, n: int) -> str:
        return str(format_percent(k / n, locale=user.language)) if n else "–"

    blocks: list[Block] = []
    for one in found:
        title, text = told(one, _, day, share)
        blocks += [Heading(f"{one.venue.name}: {title}"), Paragraph(text)]
    blocks.append(Link(_("Open the dashboard"), _overview(settings, found[0].venue.code)))
    subject = told(found[0], _, day, share)[0]
    return Written(f"{found[0].venue.name}: {subject}", tuple(blocks))


def _of_venue(one: Week, settings: Settings, language: str) -> Iterator[Block]:
    _ = translations(language).gettext
    now, before = one.counts, one.before
    yield Heading(one.venue.name)
    if not now.of("seen") and not before.of("seen"):
        yield Paragraph(_("No visits in these two weeks."))
        return
    head = ("", _("this week"), _("the week before"))
    names = {"seen": _("Visits"), "verified": _("Phones verified"), "card": _("New members"), "online": _("Guests online")}
    yield Table(
        head, tuple((name, *(_figure(counts, step, language) for counts in (now, before))) for step, name in names.items())
    )
    yield Paragraph(_verdict(one, language))
    rows = [row for row in one.report.rows if row.counts.of("seen")][:MOST_CHANNELS]
    if rows:
        yield Table((_("Channel"), _("Visits"), _("New members")), tuple(_channel(row, language) for row in rows))
    if one.report.is_synthetic:
        yield Paragraph(_("Made-up visits of the demo are among them."))
    if one.report.unripe:
        yield Paragraph(_("%(num)s visits of Sunday may still become members.") % {"num": one.report.unripe})
    days = {"from": one.first.isoformat(), "to": one.last.isoformat()}
    yield Link(_("See it in the dashboard"), _overview(settings, one.venue.code, **days))


def _channel(row: ChannelRow, language: str) -> tuple[str, str, str]:
    _ = translations(language).gettext
    name = row.source.label if row.source else _("Other")
    return name, _whole(row.counts.of("seen"), language), _figure(row.counts, "card", language)


def _verdict(one: Week, language: str) -> str:
    _ = translations(language).gettext
    leader = one.leader
    ahead = (
        _("%(source)s is ahead of all other channels together.") % {"source": leader.label}
        if leader
        else _("No channel can be said to be ahead: the differences may be chance.")
    )
    if one.change is None:
        return ahead
    if one.change.is_clear:
        higher = _("The share of members is higher than the week before.")
        lower = _("The share of members is lower than the week before.")
        return f"{higher if one.change.value > 0 else lower} {ahead}"
    same = _("The share of members is about that of the week before.")
    return f"{same} {ahead}"


def _figure(counts: Counts, step: str, language: str) -> str:
    return _whole(counts.of(step), language) if step == "seen" else _share(counts.step(step), language)


def _share(step: Step, language: str) -> str:
    """18.2% (45/247; 13.9–23.5%)."""
    if step.of_start is None or step.interval is None:
        return "–"
    low, high = (format_percent(end, "0.0%", locale=language) for end in (step.interval.low, step.interval.high))
    return f"{format_percent(step.of_start, '0.0%', locale=language)} ({step.count}/{step.start_n}; {low}–{high})"


def _whole(number: int, language: str) -> str:
    return str(format_decimal(number, locale=language))


def _dates(first: date, last: date, language: str) -> str:
    return f"{format_date(first, 'd MMM', locale=language)} – {format_date(last, 'd MMM y', locale=language)}"


def _overview(settings: Settings, venue: str, **days: str) -> str:
    return f"{settings.base_url}/dashboard/overview?{urlencode({'venue': venue, **days})}"
