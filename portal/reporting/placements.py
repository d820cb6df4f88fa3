"""The sources of a venue as a report shows them: what is merged stands in the other's row, what is unknown is "other"."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.acquisition.pointing import shown_in
from portal.reporting.models import OTHER
from portal.reporting.question import OTHER_CODE, Question


@dataclass(frozen=True, slots=True)
class Placements:
    """Sources by id, and for each id the id of the row that it is shown in."""

    known: dict[int, Source]
    rows: dict[int, int]

    def row_of(self, source_id: int) -> int:
        """The id of the row; OTHER for what is no source of this venue."""
        return self.rows.get(source_id, OTHER)

    def wanted(self, question: Question) -> frozenset[int]:
        """Ids of the rows that a question asks for."""
        return frozenset(row for row in {*self.rows.values(), OTHER} if _is_asked(question, self.known.get(row)))


def placements_of(session: Session, venue_id: int) -> Placements:
    """Read a venue's sources."""
    return placements_by_venue(session, [venue_id])[venue_id]


def placements_by_venue(session: Session, venue_ids: Iterable[int]) -> dict[int, Placements]:
    """Read the sources of several venues at once."""
    by_venue: dict[int, dict[int, Source]] = {venue_id: {} for venue_id in venue_ids}
    for source in session.scalars(select(Source).where(Source.venue_id.in_(sorted(by_venue))).order_by(Source.id)):
        by_venue[source.venue_id][source.id] = source
    return {venue_id: Placements(known, shown_in(known.values())) for venue_id, known in by_venue.items()}


def _is_asked(question: Question, source: Source | None) -> bool:
    code, kind, campaign = (source.code, source.kind, source.utm_campaign) if source else (OTHER_CODE, "", "")
    return all(_fits(value, chosen) for value, chosen in (
        (code, question.sources), (kind, question.kinds), (campaign, question.campaigns),
    ))  # fmt: skip


def _fits(value: str, chosen: Iterable[str]) -> bool:
    return not chosen or value in chosen
