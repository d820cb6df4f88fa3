"""The check list of a new venue fills itself."""

from datetime import timedelta

from portal.acquisition.models import Source
from portal.reporting.beginnings import NEW_FOR, beginnings
from portal.venues.models import Venue
from tests.support.visits import add_visit

MINUTE = timedelta(minutes=1)


def reached(session, house, now):
    found = beginnings(session, session.get(Venue, house.venue_id), now)
    return None if found is None else [one.name for one in found.milestones if one.at]


def test_each_milestone_is_the_first_of_its_kind(database, house, now):
    with database.writing() as session:
        assert reached(session, house, now) == ["source"]
        session.get(Source, house.source_id).sheet_taken_at = now
        add_visit(session, house, now - timedelta(hours=3), {"seen": timedelta()}, visitor_class="bot")
        assert reached(session, house, now) == ["source", "sheet"]
        add_visit(session, house, now - timedelta(hours=2), {"seen": timedelta(), "phone": MINUTE, "code_sent": MINUTE})
        assert reached(session, house, now) == ["source", "sheet", "scan", "sms"]
        steps = {"phone": MINUTE, "code_sent": MINUTE, "verified": 2 * MINUTE, "card": 2 * MINUTE, "online": 3 * MINUTE}
        for hours in (1, 0):
            add_visit(session, house, now - timedelta(hours=hours), steps)
        found = beginnings(session, session.get(Venue, house.venue_id), now)
        assert found.done == 6 and found.is_over
        assert found.milestones[4].at == now - timedelta(hours=1) + 2 * MINUTE


def test_a_venue_without_a_gateway_is_not_asked_for_the_internet(database, house, now):
    with database.writing() as session:
        found = beginnings(session, session.get(Venue, house.venue_id), now)
        all_but_internet = [type(one)(one.name, None if one.name == "internet" else now) for one in found.milestones]
        for has_gateway in (True, False):
            assert type(found)(tuple(all_but_internet), has_gateway).is_over is not has_gateway


def test_an_old_venue_has_no_list(database, house, now):
    with database.writing() as session:
        venue = session.get(Venue, house.venue_id)
        assert beginnings(session, venue, venue.created_at + NEW_FOR + MINUTE) is None
