"""Looks at a venue's numbers and says what stands out: channels gone quiet, SMS that arrive no more, money nearly spent."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.reporting import ledger, money
from portal.reporting.ledger import Asked
from portal.reporting.models import RollupState
from portal.reporting.period import local_date, period
from portal.reporting.placements import placements_of
from portal.reporting.question import Question
from portal.reporting.silence import Day, silence
from portal.reporting.statistics import newcombe
from portal.sms.models import SmsMessage
from portal.venues.models import Venue

Standing = dict[tuple[int | None, str], dict[str, Any]]  # (source, key) -> facts
MACHINES = ("bot", "preview")
LOOK_BACK = 150  # days: 56 that count, with days off between them, and the silence after
RECENT, PAST, ARRIVES_WITHIN = timedelta(hours=24), timedelta(days=28), timedelta(hours=1)
LEAST_RECENT, LEAST_PAST = 30, 100  # messages
FALL, SURE = 0.05, 0.999  # more than five points lower, at 99.9 %: four looks a day are wrong less than once in a year
NEAR_END = 0.9


def quiet(session: Session, venue: Venue, now: datetime) -> Standing:
    """Channels that are missed, by `silence`. Paused, retired, merged and re-pointed ones never are."""
    if not venue.live:
        return {}
    today = local_date(now, venue.timezone)
    first = today - timedelta(days=LOOK_BACK)
    placements = placements_of(session, venue.id)
    visits, everyone = _by_day(session, venue, first, LOOK_BACK + 1, placements.row_of)
    found: Standing = {}
    for source in filter(_expected, placements.known.values()):
        own = [visits[number, source.id] for number in range(LOOK_BACK + 1)]
        if own[LOOK_BACK]:
            continue
        days = [Day(own[number], everyone[number] > own[number]) for number in range(LOOK_BACK)]
        missed = silence(days)
        if missed:
            since = first + timedelta(days=missed.since)
            found[source.id, ""] = {"since": since.isoformat(), "days": missed.days, "a_week": round(missed.a_week, 1)}
    return found


def delivery(session: Session, venue: Venue, now: datetime) -> Standing:
    """The share of sent SMS that arrived in the last day, far below that of the four weeks before (Newcombe's interval)."""
    until = now - ARRIVES_WITHIN
    k1, n1 = _arrived(session, venue.id, until - RECENT, until)
    k2, n2 = _arrived(session, venue.id, until - RECENT - PAST, until - RECENT)
    if n1 < LEAST_RECENT or n2 < LEAST_PAST:
        return {}
    change = newcombe(k1, n1, k2, n2, SURE)
    if change is None or change.high >= -FALL:
        return {}
    return {(None, ""): {"k": k1, "n": n1, "past_k": k2, "past_n": n2}}


def budget(session: Session, venue: Venue, now: datetime) -> Standing:
    """Sources whose costs of this month have used 90 % of the month's plan. SMS are no part of it, as in `spending`."""
    first = local_date(now, venue.timezone).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    plans = money.plans(session, venue, first, last)
    if not any(plan.kopecks for plan in plans.values()):
        return {}
    costs = money.costs(session, venue, first, last)
    return {
        (source_id, f"{first:%Y-%m}"): {"spent": costs[source_id], "plan": plan.kopecks}
        for source_id, plan in plans.items()
        if plan.kopecks and costs.get(source_id, 0) >= NEAR_END * plan.kopecks
    }


def drift(session: Session, venue: Venue) -> Standing:
    """The nightly check found sums that differ from their visits."""
    state = session.get(RollupState, venue.id)
    return {(None, ""): {"rows": state.drift}} if state is not None and state.drift else {}


def _by_day(
    session: Session, venue: Venue, first: date, count: int, row_of: Callable[[int], int]
) -> tuple[Counter[tuple[int, int]], Counter[int]]:
    """Visits of people by day and row, and of all by day: "other" and remembered devices are signs of an open door too."""
    days = [period(day, day, venue.timezone) for day in (first + timedelta(days=n) for n in range(count))]
    asked = [Asked(number, venue.id, one) for number, one in enumerate(days)]
    own, everyone = Counter[tuple[int, int]](), Counter[int]()
    for cell in ledger.read(session, Question(venue, days[0].first, days[-1].last), asked):
        if cell.visitor_class not in MACHINES:
            own[cell.number, row_of(cell.source_id)] += cell.visits
            everyone[cell.number] += cell.visits
    return own, everyone


def _expected(source: Source) -> bool:
    return not any((source.retired_at, source.paused_at, source.merged_at, source.points_to_id))


def _arrived(session: Session, venue_id: int, since: datetime, until: datetime) -> tuple[int, int]:
    """(arrived, sent) of the messages queued in between."""
    mine = (SmsMessage.venue_id == venue_id, SmsMessage.queued_at >= since, SmsMessage.queued_at < until)
    counted = select(func.count(SmsMessage.delivered_at), func.count()).where(*mine, SmsMessage.sent_at.is_not(None))
    return session.execute(counted).one()._tuple()
