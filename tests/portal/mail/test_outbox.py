"""The outbox of e-mail: once, or not at all, and never silently."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.jobs import mail
from portal.mail import outbox
from portal.mail.models import MailMessage
from portal.mail.senders.base import BadRecipient, Unknown, Unreachable
from portal.mail.writing import Paragraph, Written
from portal.staff import accounts, invitations
from portal.staff.models import StaffUser
from tests.support.mail import RecordingMail


class Office:
    """A postman whose clock can be moved, with one kind of letter of the tests' own."""

    def __init__(self, settings, database, house, now, monkeypatch) -> None:
        self.database, self.now, self.sender, self.composed = database, now, RecordingMail(), 0
        monkeypatch.setitem(mail.COMPOSERS, "weekly", self._compose)
        self.postman = mail.postman(settings, database, self.sender, lambda: self.now)
        with database.writing() as session:
            self.user, _ = accounts.create(session, house.organization_id, "anna@teremok.example", "Анна", "owner", None, [], now)

    def _compose(self, session, settings, user, facts, now):
        self.composed += 1
        if facts.get("broken"):
            raise KeyError("broken")
        return None if facts.get("over") else Written(f"Неделя {facts['week']}", (Paragraph("12 гостей"),))

    def queue(self, week: int = 47, **facts) -> bool:
        with self.database.writing() as session:
            return outbox.queue(session, self.user, "weekly", f"weekly:1:{week}", {"week": week, **facts}, self.now)

    def rows(self) -> list[MailMessage]:
        with self.database.reading() as session:
            return list(session.scalars(select(MailMessage).order_by(MailMessage.id)))


@pytest.fixture
def office(settings, database, house, now, monkeypatch) -> Office:
    return Office(settings, database, house, now, monkeypatch)


def test_a_letter_is_written_as_it_leaves_and_goes_once(office):
    assert office.queue()
    assert office.composed == 0
    assert office.postman.work() == 1
    assert office.postman.work() == 0
    (sent,) = office.sender.sent
    assert (sent.to, sent.name, sent.written.subject) == ("anna@teremok.example", "Анна", "Неделя 47")
    (row,) = office.rows()
    assert (row.status, row.error, row.look_at, row.attempts) == ("sent", None, None, 1)
    assert row.sent_at == office.now


def test_one_reference_is_one_letter_however_often_it_is_queued(office):
    assert office.queue()
    assert not office.queue()
    office.postman.work()
    assert not office.queue()
    office.postman.work()
    assert len(office.sender.sent) == 1


def test_the_weekly_letter_carries_the_way_out_of_it(office, settings):
    office.queue()
    office.postman.work()
    way_out = office.sender.sent[0].written.unsubscribe
    assert way_out.startswith(f"{settings.base_url}/callbacks/mail/stop/")


def test_who_said_no_or_left_gets_nothing(office):
    office.queue(47)
    with office.database.writing() as session:
        session.get(StaffUser, office.user.id).weekly_report = False
    office.postman.work()
    with office.database.writing() as session:
        session.get(StaffUser, office.user.id).weekly_report = True
        accounts.deactivate(session, session.get(StaffUser, office.user.id), office.now)
    office.queue(48)
    office.postman.work()
    assert office.sender.sent == []
    assert [(row.status, row.error) for row in office.rows()] == [("failed", "not_needed")] * 2


def test_what_certainly_did_not_leave_is_tried_again_with_growing_patience(office):
    office.queue()
    office.sender.failures = [Unreachable(), Unreachable()]
    office.postman.work()
    assert [(row.status, row.error) for row in office.rows()] == [("queued", "unreachable")]
    office.now += timedelta(seconds=59)
    assert office.postman.work() == 0
    office.now += timedelta(seconds=2)
    assert office.postman.work() == 1
    office.now += timedelta(minutes=4)
    assert office.postman.work() == 0
    office.now += timedelta(minutes=2)
    assert office.postman.work() == 1
    assert len(office.sender.sent) == 1
    assert office.rows()[0].attempts == 3


def test_patience_ends_after_a_day_and_a_half(office):
    office.queue()
    office.sender.failures = [Unreachable() for _ in range(20)]
    for _ in range(20):
        office.postman.work()
        office.now += timedelta(hours=17)
    assert [(row.status, row.attempts) for row in office.rows()] == [("failed", 9)]


def test_a_refused_recipient_is_final(office):
    office.queue()
    office.sender.failures = [BadRecipient()]
    office.postman.work()
    office.now += timedelta(days=2)
    assert office.postman.work() == 0
    assert [(row.status, row.error) for row in office.rows()] == [("failed", "bad_recipient")]


def test_silence_after_the_letter_was_handed_over_is_not_answered_with_a_second_one(office):
    office.queue()
    office.sender.failures = [Unknown()]
    office.postman.work()
    office.now += timedelta(days=2)
    assert office.postman.work() == 0
    assert [(row.status, row.error) for row in office.rows()] == [("unknown", "unknown")]


def test_a_crash_while_sending_leaves_an_unknown_letter_and_no_second_one(office):
    office.queue()

    def dies(letter):
        raise SystemExit

    office.sender.try_send = dies
    with pytest.raises(SystemExit):
        office.postman.work()
    assert [row.status for row in office.rows()] == ["sending"]
    del office.sender.try_send
    assert office.postman.work() == 0
    office.now += timedelta(minutes=11)
    assert office.postman.work() == 1
    assert office.sender.sent == []
    assert [(row.status, row.error) for row in office.rows()] == [("unknown", "crash")]


def test_a_letter_that_cannot_be_written_holds_up_no_other(office):
    office.queue(47, broken=True)
    office.queue(48)
    office.postman.work()
    assert [letter.reference for letter in office.sender.sent] == ["weekly:1:48"]
    assert [(row.status, row.error) for row in office.rows()] == [("queued", "compose"), ("sent", None)]


def test_what_is_no_longer_needed_is_not_sent(office):
    office.queue(47, over=True)
    office.postman.work()
    assert office.sender.sent == []
    assert [(row.status, row.error) for row in office.rows()] == [("failed", "not_needed")]


def test_an_invitation_is_nowhere_at_rest(office, settings, database, now):
    with database.writing() as session:
        invitation = invitations.write(session, office.user, "invite", now)
        outbox.queue(session, office.user, "invite", f"invite:{invitation.public_id}", {"invitation": invitation.id}, now)
        token = invitations.token_of(settings.keys, invitation)
    office.postman.work()
    (letter,) = office.sender.sent
    assert f"{settings.base_url}/dashboard/welcome/{token}" in [getattr(block, "url", "") for block in letter.written.blocks]
    (row,) = office.rows()
    assert token not in repr(vars(row)) and token not in repr(letter)


def test_a_voided_invitation_is_not_mailed(office, database, now):
    with database.writing() as session:
        invitation = invitations.write(session, office.user, "reset", now)
        outbox.queue(session, office.user, "reset", f"reset:{invitation.public_id}", {"invitation": invitation.id}, now)
        invitations.void(session, office.user.id, now)
    office.postman.work()
    assert office.sender.sent == []


def test_letters_of_a_season_ago_are_forgotten(office):
    office.queue(47)
    office.now += timedelta(days=91)
    office.queue(60)
    with office.database.writing() as session:
        assert outbox.forget_old(session, office.now) == 1
    assert [row.reference for row in office.rows()] == ["weekly:1:60"]


def test_a_reference_that_the_column_cannot_hold_is_refused(office):
    with office.database.writing() as session, pytest.raises(ValueError, match="60 characters"):
        outbox.queue(session, office.user, "weekly", "x" * 61, {}, office.now)
