"""Where a printed code leads, and in whose row a placement's past is shown.

A placement may point to another one of its organization: its paper then lands there and counts there. With `merged_at`
its past is shown there too. Chains are followed to their end; loops cannot be made, and one in the rows does no harm.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.venues.models import Venue


def landing(session: Session, source: Source) -> Source:
    """The placement that a scan of this one's paper counts for: the end of its chain.

    A venue that is not open to guests is no end for paper of a venue that is: the last open place of the chain stands in.
    """
    if source.points_to_id is None:
        return source
    chain = _chain(session, source)
    open_ones = [step for step in chain if _is_open(session, step)]
    return (open_ones or chain)[-1]


def within(source: Source, sources: Iterable[Source]) -> Source:
    """The same for a link or a Wi-Fi that names its venue, as far as the chain stays among that venue's `sources`."""
    by_id = {one.id: one for one in sources}
    return _end(source, by_id, merged_only=False)


def shown_in(sources: Iterable[Source]) -> dict[int, int]:
    """Of each placement's id the id of the one in whose row it is shown: its own, unless it was merged into another."""
    by_id = {one.id: one for one in sources}
    return {one.id: _end(one, by_id, merged_only=True).id for one in by_id.values()}


def leads_to(session: Session, source: Source, other: Source) -> bool:
    """Whether the chain of `source` passes through `other`, or is it."""
    return other.id in {step.id for step in _chain(session, source)}


def _chain(session: Session, source: Source) -> list[Source]:
    chain, seen = [source], {source.id}
    while (to := chain[-1].points_to_id) is not None and to not in seen:
        step = session.get(Source, to)
        assert step is not None  # a foreign key
        chain.append(step)
        seen.add(to)
    return chain


def _end(source: Source, by_id: Mapping[int, Source], *, merged_only: bool) -> Source:
    seen = {source.id}
    while (to := source.points_to_id) is not None and to in by_id and to not in seen and (source.merged_at or not merged_only):
        source = by_id[to]
        seen.add(to)
    return source


def _is_open(session: Session, source: Source) -> bool:
    venue = session.get(Venue, source.venue_id)
    return venue is not None and venue.live
