"""Days that are not summed up yet are known."""

from datetime import date, timedelta

from portal.reporting.models import RollupMark, RollupState
from portal.reporting.question import Question
from portal.reporting.readiness import days_to_sum
from portal.venues.models import Venue


def test_only_older_days_outside_the_sums_are_waited_for(database, house, now):
    with database.writing() as session:
        venue = session.get(Venue, house.venue_id)
        question = Question(venue, date(2026, 10, 26), date(2026, 11, 22))
        assert days_to_sum(session, question, now) == 25  # of 28, the three youngest are never in the sums
        settled = {"zone": venue.timezone, "closed_until": now - timedelta(days=1)}
        session.add(RollupState(venue_id=venue.id, organization_id=venue.organization_id, **settled))
        session.flush()
        assert days_to_sum(session, question, now) == 0
        for hours in (200, 201):
            session.add(RollupMark(venue_id=venue.id, arrived_at=now - timedelta(hours=hours)))
        session.flush()
        assert days_to_sum(session, question, now) == 1
        session.get(RollupState, venue.id).zone = "Asia/Omsk"
        session.flush()
        assert days_to_sum(session, question, now) == 25
