"""How far a new venue has come: from its first source to its first guest online. The list fills itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source, Visit
from portal.venues.models import GatewayConfig, Venue

NEW_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Milestone:
    """`name`: source | sheet | scan | sms | member | internet. `at`: when it first happened; None: not yet."""

    name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Beginnings:
    """`has_gateway` False: nobody can come online here yet, and for a venue of printed codes alone that is well."""

    milestones: tuple[Milestone, ...]
    has_gateway: bool

    @property
    def done(self) -> int:
        """How many are reached."""
        return sum(milestone.at is not None for milestone in self.milestones)

    @property
    def is_before_first_visit(self) -> bool:
        """True while there is nothing to count."""
        return next(milestone.at for milestone in self.milestones if milestone.name == "scan") is None

    @property
    def is_over(self) -> bool:
        """True when nothing of it is worth showing any more."""
        wanted = self.milestones if self.has_gateway else self.milestones[:-1]
        return all(milestone.at for milestone in wanted)


def beginnings(session: Session, venue: Venue, now: datetime) -> Beginnings | None:
    """What a venue younger than NEW_FOR has reached; None for an older one, whose numbers speak for themselves."""
    if now - venue.created_at > NEW_FOR:
        return None
    made, taken = session.execute(
        select(func.min(Source.created_at), func.min(Source.sheet_taken_at)).where(Source.venue_id == venue.id)
    ).one()
    gateway = session.scalar(select(GatewayConfig.id).where(GatewayConfig.venue_id == venue.id).limit(1))
    milestones = (
        Milestone("source", made),
        Milestone("sheet", taken),
        Milestone("scan", _first(session, venue.id, Visit.arrived_at, Visit.visitor_class != "bot")),
        Milestone("sms", _first(session, venue.id, Visit.code_sent_at)),
        Milestone("member", _first(session, venue.id, Visit.card_at)),
        Milestone("internet", _first(session, venue.id, Visit.online_at)),
    )
    return Beginnings(milestones, gateway is not None)


def _first(session: Session, venue_id: int, step: object, *more: ColumnElement[bool]) -> datetime | None:
    """The step's time in the earliest visit that has it: an index walks there, where a minimum would read them all."""
    query = select(step).where(Visit.venue_id == venue_id, step.is_not(None), *more)  # type: ignore[call-overload,attr-defined]
    return session.scalar(query.order_by(Visit.arrived_at).limit(1))
