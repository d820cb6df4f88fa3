"""Colleagues and links by e-mail."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core.errors import PortalError
from portal.core.limits import LimitReached
from portal.staff import accounts, invitations, passwords, people, resets, sessions
from portal.staff.models import StaffInvitation, StaffResetRequest, StaffUser
from tests.conftest import make_settings


def hire(session, house, now, email="anna@teremok.example", role="owner"):
    return accounts.create(session, house.organization_id, email, "Анна", role, None, [], now)[0]


def test_an_invitation_is_a_login_that_nothing_fits_until_its_link_is_used(database, settings, house, now):
    with database.writing() as session:
        invitation = people.invite(session, house.organization_id, " Boris@Teremok.example", "Борис", "staff", [7], "en", now)
        token = invitations.token_of(settings.keys, invitation)
    with database.reading() as session:
        user = accounts.by_email(session, "boris@teremok.example")
        assert (user.role, user.venue_ids, user.language, people.is_invited(user)) == ("staff", [7], "en", True)
        assert not passwords.fits(user.password_hash, "") and not passwords.fits(user.password_hash, "anything at all")
        invited = invitations.find(session, settings.keys, token, now)
    with database.writing() as session:
        assert invitations.accept(session, invited, "Борис Б.", passwords.hashed("трое разных слов"), now)
        user = accounts.by_email(session, "boris@teremok.example")
        assert user.name == "Борис Б." and passwords.fits(user.password_hash, "трое разных слов")
        assert invitations.find(session, settings.keys, token, now) is None


def test_of_two_who_use_one_link_at_once_one_sets_the_password(database, settings, house, now):
    with database.writing() as session:
        invitation = invitations.write(session, hire(session, house, now), "reset", now)
        token = invitations.token_of(settings.keys, invitation)
    with database.reading() as session:
        invited = invitations.find(session, settings.keys, token, now)
    done = []

    def go() -> None:
        with database.writing() as session:
            done.append(invitations.accept(session, invited, "Анна", "hash", now))

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 5 + [True]


@pytest.mark.parametrize(("kind", "lasts"), [("invite", timedelta(days=7)), ("reset", timedelta(hours=1))])
def test_a_link_ends_in_its_time(database, settings, house, now, kind, lasts):
    with database.writing() as session:
        token = invitations.token_of(settings.keys, invitations.write(session, hire(session, house, now), kind, now))
    with database.reading() as session:
        assert invitations.find(session, settings.keys, token, now + lasts - timedelta(seconds=1))
        assert invitations.find(session, settings.keys, token, now + lasts) is None


def test_a_newer_link_ends_the_older_and_a_changed_one_is_nobodys(database, settings, house, now):
    with database.writing() as session:
        user = hire(session, house, now)
        old = invitations.token_of(settings.keys, invitations.write(session, user, "reset", now))
        new = invitations.token_of(settings.keys, invitations.write(session, user, "reset", now))
    with database.reading() as session:
        assert invitations.find(session, settings.keys, old, now) is None
        assert invitations.find(session, settings.keys, new, now)
        for wrong in (new[:-1] + ("0" if new[-1] != "0" else "1"), new[:22], old[:22] + new[22:], "", "x" * 66, "я" * 66):
            assert invitations.find(session, settings.keys, wrong, now) is None


def test_a_link_outlives_a_change_of_the_secret_key_by_a_fallback(database, settings, house, now, tmp_path):
    with database.writing() as session:
        token = invitations.token_of(settings.keys, invitations.write(session, hire(session, house, now), "reset", now))
    new = "tests-only-the-new-key-zyxwvutsrq-0123456789"
    beside = make_settings(tmp_path, secret_key=new, secret_key_fallbacks=settings.secret_key.get_secret_value())
    alone = make_settings(tmp_path, secret_key=new)
    with database.reading() as session:
        assert invitations.find(session, beside.keys, token, now)
        assert invitations.find(session, alone.keys, token, now) is None


def test_a_password_set_by_a_link_signs_every_browser_out(database, settings, house, now):
    with database.writing() as session:
        user = hire(session, house, now)
        _row, browser = sessions.start(session, user, "Firefox", "203.0.113.9", now)
        token = invitations.token_of(settings.keys, invitations.write(session, user, "reset", now))
    with database.writing() as session:
        assert invitations.accept(session, invitations.find(session, settings.keys, token, now), "Анна", "hash", now)
        assert sessions.find(session, browser, now) is None


def test_a_closed_login_has_no_links_and_comes_back_by_a_new_one_alone(database, settings, house, now):
    with database.writing() as session:
        owner, user = hire(session, house, now), hire(session, house, now, "b@teremok.example", "staff")
        token = invitations.token_of(settings.keys, invitations.write(session, user, "reset", now))
        people.close(session, owner, user, now)
        assert invitations.find(session, settings.keys, token, now) is None
        token = invitations.token_of(settings.keys, people.reopen(session, user, now))
        assert user.active and people.is_invited(user)
        assert invitations.find(session, settings.keys, token, now).user.id == user.id


def test_nobody_changes_or_closes_themselves_and_one_owner_stays(database, house, now):
    with database.writing() as session:
        anna, boris = hire(session, house, now), hire(session, house, now, "b@teremok.example")
        for refused in (lambda: people.change(session, anna, anna, "staff", []), lambda: people.close(session, anna, anna, now)):
            with pytest.raises(PortalError, match="own_role"):
                refused()
        people.change(session, anna, boris, "marketer", [1, 2])
        assert (boris.role, boris.venue_ids) == ("marketer", [1, 2])
        with pytest.raises(PortalError, match="unknown_role"):
            people.change(session, anna, boris, "root", [])
        with pytest.raises(PortalError, match="last_owner"):
            people.close(session, boris, anna, now)
        assert anna.active


def test_two_owners_who_close_each_other_at_once_do_not_both_succeed(database, house, now):
    with database.writing() as session:
        ids = [hire(session, house, now, f"{name}@teremok.example").id for name in ("anna", "boris")]
    start, refused = threading.Barrier(2), []

    def close(mine: int, theirs: int) -> None:
        start.wait()
        try:
            with database.writing() as session:
                people.close(session, session.get(StaffUser, mine), session.get(StaffUser, theirs), now)
        except PortalError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=close, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert refused == ["last_owner"]
        assert sum(session.get(StaffUser, one).active for one in ids) == 1


def test_a_forgotten_password_is_limited_per_address_and_per_mailbox(database, settings, house, now):
    with database.writing() as session:
        hire(session, house, now)

    def ask(email, address, at=now):
        with database.writing() as session:
            return resets.ask(session, settings.keys, email, address, 5, at)

    def waiting() -> list[str]:
        with database.reading() as session:
            return list(session.scalars(select(StaffResetRequest.email).order_by(StaffResetRequest.id)))

    for i in range(5):
        assert ask("anna@teremok.example", f"198.51.100.{i}") is None
    assert ask("ANNA@teremok.example", "198.51.100.9") is None, "who asks is not told"
    assert waiting() == ["anna@teremok.example"] * 5, "the mailbox has had enough"
    for _ in range(5):
        assert ask("nobody@teremok.example", "203.0.113.9") is None
    assert isinstance(ask("anna@teremok.example", "203.0.113.9"), LimitReached)
    assert ask("anna@teremok.example", "203.0.113.9", now + timedelta(minutes=16)) is None
    assert len(waiting()) == 11


def test_a_question_about_a_closed_login_or_none_writes_no_link(database, settings, house, now):
    with database.writing() as session:
        hire(session, house, now)
        accounts.by_email(session, "anna@teremok.example").active = False
    for email in ("anna@teremok.example", "nobody@teremok.example"):
        with database.writing() as session:
            resets.ask(session, settings.keys, email, "198.51.100.1", 5, now)
        with database.writing() as session:
            assert resets.answer(session, now) is None
    with database.reading() as session:
        assert not resets.is_waiting(session)
        assert session.scalars(select(StaffInvitation)).all() == []


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("короткий", "short"),
        ("x" * 201, "long"),
        ("anna@teremok.example", "personal"),
        ("Владимирова1", "personal"),
        ("1111111111", "simple"),
        ("qwertyuiop", "simple"),
        ("0987654321", "simple"),
        ("password123!", "simple"),
        ("йцукенгшщз", "simple"),
        ("три разных слова", None),
        ("correct horse battery", None),
        ("v9#Kq!x2Lm", None),
    ],
)
def test_passwords_that_are_tried_first_are_not_taken(password, why):
    assert passwords.refusal(password, "anna@teremok.example", "Анна Владимирова") == why
