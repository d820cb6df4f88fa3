"""What a venue may spend on SMS: per minute, per day in roubles, and a brake when codes are sent but not used.

Wi-Fi and QR have budgets of their own, so that an attack on the public form does not stop guests at the tables; /me
counts with QR. One row per venue and path, locked by whoever claims, holds the figures under fifty forms at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session

from portal.core.config import Settings
from portal.core.statements import Ask
from portal.sms import alarms, budget_rows
from portal.sms.alarms import budget_path
from portal.sms.budget_rows import Held, held, local_day, locked, take
from portal.sms.errands import Bill
from portal.sms.models import SmsAlarm, SmsBudget, SmsMessage
from portal.venues.models import Venue

PATHS = ("wifi", "qr")
MINUTE = timedelta(minutes=1)
ALARM_PERCENT = 80
LAST = 50
TIME_TO_TYPE = timedelta(minutes=2)  # a younger message has not had its chance to be used
STOP_FOR = timedelta(hours=1)
# The verification belongs to the room above; only whether a code was used is read here, by name.
_VERIFICATION = table("phone_verification", column("id"), column("consumed_at"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """No SMS on this path now: `sms_stopped` (owner), `sms_braked`, `sms_budget` or `sms_minute`."""

    reason: str
    opens_at: datetime | None


@dataclass(frozen=True, slots=True)
class PathState:
    """One path's figures for the dashboard."""

    path: str
    spent_kopecks: int
    day_kopecks: int
    minute_used: int
    minute_limit: int
    slow: bool
    stopped_by_owner: bool
    stopped_until: datetime | None

    @property
    def percent(self) -> int:
        """Of the day's roubles."""
        return 100 if self.day_kopecks <= 0 else self.spent_kopecks * 100 // self.day_kopecks


@dataclass(frozen=True, slots=True)
class State:
    """Both paths, and the alarms of the last 24 hours, newest first."""

    paths: tuple[PathState, ...]
    alarms: tuple[SmsAlarm, ...]


def ask(venue: Venue, path: str) -> Ask:
    """What `claim` will ask, to be asked ahead."""
    return budget_rows.ask(venue, budget_path(path))


def claim(session: Session, venue: Venue, path: str, now: datetime, settings: Settings) -> Refusal | None:
    """Take the price of one message, or say why not. Written in the transaction that queues the message."""
    path = budget_path(path)
    budget = held(session, venue, path, now)
    refusal = _refusal(venue, budget, now, settings.sms_price_kopecks)
    if refusal is not None:
        if refusal.reason == "sms_budget":
            _sound(session, budget, "budget_100", now)
        return refusal
    spent = budget.kopecks + settings.sms_price_kopecks
    take(session, budget, spent, [*_within_minute(budget, now), now.timestamp()])
    if spent * 100 >= _day_kopecks(venue, path) * ALARM_PERCENT:
        _sound(session, budget, "budget_80", now)
    return None


def settle(session: Session, bill: Bill, now: datetime, settings: Settings) -> None:
    """After a message left or failed: put the carrier's price in place of the assumed one, and look at the last 50.

    A price that was taken on an earlier day of the venue is history: today's spending does not change by it.
    """
    venue = session.get(Venue, bill.venue_id)
    if venue is None:
        return
    budget = locked(session, venue, budget_path(bill.path), now)
    _turn_day(budget, venue, now)
    if bill.kopecks is not None and local_day(venue, bill.claimed_at) == budget.day:
        budget.kopecks = max(0, budget.kopecks + bill.kopecks - settings.sms_price_kopecks)
    _brake(session, budget, now, settings)


def open_again(session: Session, venue: Venue, path: str, now: datetime) -> None:
    """The owner ends an automatic stop; the count of used codes begins anew."""
    budget = locked(session, venue, budget_path(path), now)
    budget.stopped_until, budget.slow, budget.counted_from = None, False, now


def state(session: Session, venue: Venue, now: datetime) -> State:
    """What the dashboard shows; reads only."""
    found = {b.path: b for b in session.scalars(select(SmsBudget).where(SmsBudget.venue_id == venue.id))}
    paths = tuple(_path_state(venue, path, found.get(path), now) for path in PATHS)
    return State(paths, tuple(alarms.of_today(session, venue.id, now)))


def _refusal(venue: Venue, budget: Held, now: datetime, price: int) -> Refusal | None:
    if _stopped_by_owner(venue, budget.path):
        return Refusal("sms_stopped", None)
    if budget.stopped_until is not None and now < budget.stopped_until:
        return Refusal("sms_braked", budget.stopped_until)
    if budget.kopecks + price > _day_kopecks(venue, budget.path):
        return Refusal("sms_budget", _next_day(venue, now))
    minute = _within_minute(budget, now)
    limit = _minute_limit(venue, budget.path, budget.slow)
    if len(minute) >= limit:
        oldest = minute[-limit] if limit else now.timestamp()
        return Refusal("sms_minute", datetime.fromtimestamp(oldest, now.tzinfo) + MINUTE)
    return None


def _brake(session: Session, budget: SmsBudget, now: datetime, settings: Settings) -> None:
    if budget.stopped_until is not None:
        if now < budget.stopped_until:
            return
        budget.counted_from, budget.stopped_until = budget.stopped_until, None
    percent = _used_percent(session, budget, now)
    if percent is None:
        return
    budget.slow = percent < settings.delivery_slow_percent
    if percent < settings.delivery_stop_percent:
        budget.stopped_until = now + STOP_FOR
        _sound(session, budget, "stopped", now)
    elif budget.slow:
        _sound(session, budget, "slow", now)


def _used_percent(session: Session, budget: SmsBudget, now: datetime) -> int | None:
    """Codes used, of the last 50 messages that left; None while there are fewer."""
    last = (
        select(SmsMessage.verification_id)
        .where(
            SmsMessage.venue_id == budget.venue_id,
            SmsMessage.path.in_(("qr", "me") if budget.path == "qr" else ("wifi",)),
            SmsMessage.queued_at > budget.counted_from,
            SmsMessage.queued_at <= now - TIME_TO_TYPE,
            SmsMessage.status.in_(("sent", "delivered", "unknown")),
        )
        .order_by(SmsMessage.queued_at.desc())
        .limit(LAST)
        .subquery()
    )
    counted = select(func.count(), func.count(_VERIFICATION.c.consumed_at))
    sent, used = session.execute(
        counted.select_from(last.join(_VERIFICATION, _VERIFICATION.c.id == last.c.verification_id))
    ).one()
    return None if sent < LAST else used * 100 // sent


def _turn_day(budget: SmsBudget, venue: Venue, now: datetime) -> None:
    today = local_day(venue, now)
    if budget.day != today:
        budget.day, budget.kopecks = today, 0


def _path_state(venue: Venue, path: str, budget: SmsBudget | None, now: datetime) -> PathState:
    is_today = budget is not None and budget.day == local_day(venue, now)
    stopped_until = budget.stopped_until if budget and budget.stopped_until and budget.stopped_until > now else None
    return PathState(
        path,
        budget.kopecks if budget and is_today else 0,
        _day_kopecks(venue, path),
        len(_within_minute(budget, now)) if budget else 0,
        _minute_limit(venue, path, budget.slow if budget else False),
        budget.slow if budget else False,
        _stopped_by_owner(venue, path),
        stopped_until,
    )


def _sound(session: Session, budget: SmsBudget | Held, kind: str, now: datetime) -> None:
    alarms.sound(session, budget.organization_id, budget.venue_id, budget.path, kind, now)


def _within_minute(budget: SmsBudget | Held, now: datetime) -> list[float]:
    begin = (now - MINUTE).timestamp()
    return [t for t in budget.minute if t > begin]


def _minute_limit(venue: Venue, path: str, slow: bool) -> int:
    whole = venue.sms_per_minute_wifi if path == "wifi" else venue.sms_per_minute_qr
    return -(-whole // 2) if slow else whole


def _day_kopecks(venue: Venue, path: str) -> int:
    return venue.sms_day_kopecks_wifi if path == "wifi" else venue.sms_day_kopecks_qr


def _stopped_by_owner(venue: Venue, path: str) -> bool:
    return venue.sms_stopped_wifi if path == "wifi" else venue.sms_stopped_qr


def _next_day(venue: Venue, now: datetime) -> datetime:
    zone = ZoneInfo(venue.timezone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(now.tzinfo)
