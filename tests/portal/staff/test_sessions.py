"""Signed-in browsers as rows."""

from datetime import timedelta

from sqlalchemy import select

from portal.staff import accounts, invitations, journal, sessions
from portal.staff.models import StaffInvitation, StaffSession


def user(session, house, now, email="anna@teremok.example"):
    return accounts.create(session, house.organization_id, email, "Анна", "staff", None, [], now)[0]


def test_a_token_is_stored_only_as_its_hash(database, house, now):
    with database.writing() as session:
        _row, token = sessions.start(session, user(session, house, now), "Firefox", "203.0.113.9", now)
    with database.reading() as session:
        stored = session.scalar(select(StaffSession.token_hash))
        assert stored != token
        assert sessions.find(session, token, now)[0].email == "anna@teremok.example"
        assert sessions.find(session, stored, now) is None


def test_a_session_ends_after_a_week_of_silence_and_after_a_month_at_any_rate(database, house, now):
    with database.writing() as session:
        row, token = sessions.start(session, user(session, house, now), "Firefox", "203.0.113.9", now)
        number = row.id
    with database.reading() as session:
        assert sessions.find(session, token, now + timedelta(days=6, hours=23))
        assert sessions.find(session, token, now + timedelta(days=7, seconds=1)) is None
    for day in range(6, 31, 6):
        with database.writing() as session:
            sessions.touch(session, number, now + timedelta(days=day))
    with database.reading() as session:
        assert sessions.find(session, token, now + timedelta(days=29, hours=23))
        assert sessions.find(session, token, now + timedelta(days=30, seconds=1)) is None


def test_only_ones_own_session_can_be_revoked(database, house, now):
    with database.writing() as session:
        anna, boris = user(session, house, now), user(session, house, now, "boris@teremok.example")
        row, token = sessions.start(session, anna, "Firefox", "203.0.113.9", now)
        assert not sessions.revoke(session, boris.id, row.id)
        assert sessions.find(session, token, now)
        assert sessions.revoke(session, anna.id, row.id)
        assert sessions.find(session, token, now) is None


def test_the_journal_is_one_organizations_own(database, house, now):
    with database.writing() as session:
        journal.write(session, user(session, house, now), "voucher", "teremok", now)
        assert [line.action for line in journal.latest(session, house.organization_id)] == ["voucher"]
        assert journal.latest(session, house.organization_id + 1) == []


def test_what_is_over_is_forgotten_with_its_address(database, house, now):
    with database.writing() as session:
        anna = user(session, house, now)
        _old, _token = sessions.start(session, anna, "Firefox", "203.0.113.9", now - timedelta(days=8))
        live, _token = sessions.start(session, anna, "Chrome", "203.0.113.10", now - timedelta(days=6))
        invitations.write(session, anna, "reset", now - timedelta(days=31))
        kept = invitations.write(session, anna, "reset", now - timedelta(days=29))
    with database.writing() as session:
        assert sessions.forget_old(session, now) == 1
        assert invitations.forget_old(session, now) == 1
    with database.reading() as session:
        assert session.scalars(select(StaffSession.id)).all() == [live.id]
        assert session.scalars(select(StaffInvitation.id)).all() == [kept.id]
