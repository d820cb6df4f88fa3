from datetime import datetime, timedelta

from portal.access import blocks
from portal.access.models import AccessGrant
from portal.core.db import Database
from portal.venues.models import LegalEntity
from tests.support.access import OTHER_MAC, PHONE_MAC, make_grant
from tests.support.house import House


def test_a_grant_that_was_written_beside_a_block_is_ended_by_the_next_look(
    database: Database, house: House, now: datetime
) -> None:
    """On PostgreSQL the two transactions do not see each other."""
    with database.writing() as session:
        entity = session.get_one(LegalEntity, house.legal_entity_id)
        _, ended = blocks.block(session, entity, phone=None, mac=PHONE_MAC, reason="fight", staff_name="Anna", now=now)
        assert ended == []
        make_grant(session, house, now)
        make_grant(session, house, now, mac=OTHER_MAC)
    with database.writing() as session:
        assert blocks.catch_up(session, now + timedelta(seconds=5)) == 1
        assert blocks.catch_up(session, now + timedelta(seconds=6)) == 0
    with database.reading() as session:
        found = {grant.mac: grant.revoked_reason for grant in session.query(AccessGrant)}
    assert found == {PHONE_MAC.hex: "blocked", OTHER_MAC.hex: None}
