"""The API's operations: each reads its question, asks the reports, and writes what they say."""

from dataclasses import fields
from datetime import date, datetime, timedelta

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.reporting import funnel, money
from portal.reporting.period import local_date
from portal.reporting.question import OTHER_CODE, Question
from portal.reporting.series import series
from portal.reporting.stops import stops
from portal.reporting.times import times
from portal.staff import scope
from portal.venues.models import Venue
from portal.web.api import shapes
from portal.web.api.blueprint import answers as answers_to
from portal.web.api.blueprint import bp
from portal.web.api.guards import own_venue, token
from portal.web.contract import answers
from portal.web.contract.document import document
from portal.web.contract.questions import EARLIEST, LONGEST, PageQuery, Query, Refused, ReportQuery, SeriesQuery
from portal.web.parts import parts

USUAL_DAYS = 28


@bp.get("/openapi.json", endpoint="document")
def show_document() -> ResponseReturnValue:
    """The contract; it needs no token."""
    return jsonify(document(parts().settings.base_url))


@answers_to("venues")
def list_venues(query: PageQuery) -> answers.VenuePage:
    """Venues of the scope."""
    with parts().database.reading() as session:
        found = sorted((one for one in scope.venues(session, token()) if one.code > query.after), key=lambda one: one.code)
    more = found[query.limit - 1].code if len(found) > query.limit else None
    return answers.VenuePage(items=[shapes.venue(one) for one in found[: query.limit]], next=more)


@answers_to("venue")
def one_venue(query: Query, venue: str) -> answers.Venue:
    """One of them."""
    with parts().database.reading() as session:
        return shapes.venue(own_venue(session, venue))


@answers_to("sources")
def list_sources(query: PageQuery, venue: str) -> answers.SourcePage:
    """Its channels, the retired and merged ones too."""
    with parts().database.reading() as session:
        mine = (Source.venue_id == own_venue(session, venue).id, Source.code > query.after)
        found = list(session.scalars(select(Source).where(*mine).order_by(Source.code).limit(query.limit + 1)))
    more = found[query.limit - 1].code if len(found) > query.limit else None
    return answers.SourcePage(items=[shapes.source(one) for one in found[: query.limit]], next=more)


@answers_to("channels")
def show_channels(query: ReportQuery, venue: str) -> answers.Channels:
    """The channel table."""
    now = parts().clock()
    with parts().database.snapshot() as session:
        question = _question(session, own_venue(session, venue), query, now)
        report = funnel.channels(session, question, now=now)
        costs = money.costs(session, question.venue, question.first, question.last)
    return shapes.channels(report, costs)


@answers_to("series")
def show_series(query: SeriesQuery, venue: str) -> answers.Series:
    """The same along time."""
    now = parts().clock()
    with parts().database.snapshot() as session:
        question = _question(session, own_venue(session, venue), query, now)
        buckets = series(session, question, query.grain, now=now)
    said = [
        answers.Bucket(first=one.first, last=one.last, immature=one.immature, steps=shapes.steps(one.counts.steps))
        for one in buckets
    ]
    return answers.Series(asked=shapes.asked(question), grain=query.grain, buckets=said)


@answers_to("funnel")
def show_funnel(query: ReportQuery, venue: str) -> answers.Funnel:
    """Every step."""
    now = parts().clock()
    with parts().database.snapshot() as session:
        question = _question(session, own_venue(session, venue), query, now)
        report = funnel.channels(session, question, now=now)
    return answers.Funnel(asked=shapes.asked(question), steps=shapes.steps(report.totals.funnel), unripe=report.unripe)


@answers_to("times")
def show_times(query: ReportQuery, venue: str) -> answers.Times:
    """How long each step takes."""
    now = parts().clock()
    with parts().database.snapshot() as session:
        question = _question(session, own_venue(session, venue), query, now)
        found = times(session, question, now=now)
    by_channel = [
        answers.ChannelTimes(source=shapes.source_name(one.source), steps=shapes.step_times(one.steps)) for one in found.channels
    ]
    return answers.Times(asked=shapes.asked(question), steps=shapes.step_times(found.steps), channels=by_channel)


@answers_to("stops")
def show_stops(query: ReportQuery, venue: str) -> answers.Stops:
    """Where guests stop."""
    now = parts().clock()
    with parts().database.snapshot() as session:
        question = _question(session, own_venue(session, venue), query, now)
        found = stops(session, question, now=now)
    places = [(one.name, getattr(found, one.name)) for one in fields(found)]
    said = [answers.Stop(place=name, of=shapes.share(stop.count, stop.of)) for name, stop in places]
    return answers.Stops(asked=shapes.asked(question), stops=said)


def _question(session: Session, venue: Venue, query: ReportQuery, now: datetime) -> Question:
    known = {source.code for source in sources.list_for_venue(session, venue.id)} | {OTHER_CODE}
    unknown = sorted(set(query.source) - known)
    if unknown:
        raise Refused({"source": "no such source at this venue: " + ", ".join(unknown[:5])})
    first, last = _days(query, local_date(now, venue.timezone))
    return Question(
        venue=venue, first=first, last=last, window=query.window, attribution=query.attribution, visitors=query.visitors,
        sources=frozenset(query.source), kinds=frozenset(query.kind), campaigns=frozenset(query.campaign),
        language=query.language or "", device=query.device or "", goal=query.goal,
    )  # fmt: skip


def _days(query: ReportQuery, today: date) -> tuple[date, date]:
    """With one of the two days given, the other follows from it."""
    usual = timedelta(days=USUAL_DAYS - 1)
    if query.last is None:
        first = query.first or today - usual
        return first, max(first, min(today, first + LONGEST - timedelta(days=1)))
    return query.first or max(EARLIEST, query.last - usual), query.last
