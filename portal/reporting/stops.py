"""Where guests stop, each at one place: what its verification and its messages say, or else how far the visit came.

Numbers are read from rows that outlive retention: a verification loses its phone, not its tries.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import Session

from portal.reporting import buckets as bucket_table
from portal.reporting import cohort, ledger
from portal.reporting.buckets import Bucket
from portal.reporting.placements import placements_of
from portal.reporting.question import Question
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage

_LEFT = ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class Stop:
    """`count` of `of` guests stopped here."""

    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Stops:
    """Every guest that did not get through is counted at one place.

    `no_phone` of all visits: left without leaving a number. Of those who left one: `refused` by a limit or an empty budget,
    `wrong_number` (changed it, or the carrier knows no such), `no_sms` (none was sent), `wrong_code` (tried, never right),
    `gave_up` (the SMS went out, nothing was typed). `no_internet`: of the proven phones on Wi-Fi.
    """

    no_phone: Stop
    refused: Stop
    wrong_number: Stop
    no_sms: Stop
    wrong_code: Stop
    gave_up: Stop
    no_internet: Stop


def stops(session: Session, question: Question, *, now: datetime) -> Stops:
    """Of the question's guests, where they stopped within the window. Raises PortalError `bad_period`."""
    placements = placements_of(session, question.venue.id)
    shown = placements.wanted(question)
    places: Counter[str] = Counter()
    for source_id, visitor_class, place, visits in _rows(session, question):
        if placements.row_of(source_id) in shown and visitor_class in question.classes:
            places[place] += visits
    seen = sum(places.values())
    phones, wifi = seen - places["no_phone"], places["no_internet"] + places["online"]
    ofs = {"no_phone": seen, "no_internet": wifi}
    return Stops(**{name: Stop(places[name], ofs.get(name, phones)) for name in Stops.__dataclass_fields__})


def _rows(session: Session, question: Question) -> Any:
    dialect, only, days = session.get_bind().dialect.name, ledger.narrowed(question), question.period
    facts = bucket_table.facts(dialect, [Bucket(0, question.venue.id, days.start, days.end)])
    about = {"of_venue": question.venue.id, "sent_from": days.start, "sent_to": days.end + question.span}
    return session.execute(_statement(dialect, question.window, question.attribution, tuple(only)), {**facts, **about, **only})


@lru_cache(maxsize=64)
def _statement(dialect: str, window: str, attribution: str, only: tuple[str, ...]) -> Select[Any]:
    visits = cohort.chosen(dialect, (window,), attribution, only, ("public_id", "entry"))
    told = _told()
    place = _place(visits.c, told.c, cohort.reached(visits.c, window)).label("place")
    keys = (visits.c.source_id, visits.c.visitor_class)
    placed = select(*keys, place).select_from(visits.outerjoin(told, told.c.visit_id == visits.c.public_id)).subquery()
    return select(*placed.c, func.count()).group_by(*placed.c)


def _told() -> Any:
    """What verifications and messages know, by visit."""
    here = (SmsMessage.venue_id == bindparam("of_venue"), SmsMessage.path.in_(("wifi", "qr")))
    then = (SmsMessage.queued_at >= bindparam("sent_from"), SmsMessage.queued_at < bindparam("sent_to"))
    facts = {
        "sent": SmsMessage.status.in_(_LEFT),
        "unknown_number": SmsMessage.error == "bad_number",
        "replaced": PhoneVerification.closed_reason == "replaced",
        "tried": PhoneVerification.attempts + PhoneVerification.mac_attempts > 0,
    }
    columns = [func.max(case((condition, 1), else_=0)).label(name) for name, condition in facts.items()]
    joined = select(PhoneVerification.visit_id, *columns).join(SmsMessage, SmsMessage.verification_id == PhoneVerification.id)
    return joined.where(*here, *then).group_by(PhoneVerification.visit_id).cte("told").prefix_with("MATERIALIZED")


def _place(visit: Any, told: Any, reached: dict[str, ColumnElement[bool]]) -> ColumnElement[str]:
    """The invented visits of a demo have no messages: they tell by their own times."""
    went_out = or_(func.coalesce(told.sent, 0) == 1, and_(told.visit_id.is_(None), visit.code_delivered_at.is_not(None)))
    return case(
        (reached["verified"], case((visit.entry != "wifi", "through"), (reached["online"], "online"), else_="no_internet")),
        (~func.coalesce(reached["phone"], literal(False)), "no_phone"),
        (and_(told.visit_id.is_(None), visit.synthetic.is_(False)), "refused"),
        (and_(~went_out, told.unknown_number == 1), "wrong_number"),
        (~went_out, "no_sms"),
        (told.tried == 1, "wrong_code"),
        (told.replaced == 1, "wrong_number"),
        else_="gave_up",
    )
