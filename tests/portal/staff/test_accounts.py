"""Logins, their passwords and the limits of signing in."""

import threading
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher

from portal.core.config import Settings
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.core.limits import LimitReached
from portal.staff import accounts, passwords, sessions
from portal.staff.models import StaffUser
from tests.support.house import House


def make(database: Database, house: House, now: datetime, email: str = "anna@teremok.example") -> str:
    with database.writing() as session:
        return accounts.create(session, house.organization_id, email, "Анна", "owner", None, [], now)[1]


def attempt(database: Database, settings: Settings, email: str, address: str, now: datetime):
    with database.writing() as session:
        return accounts.begin_sign_in(session, settings.keys, email, address, settings.limit_sign_in, now)


def test_a_generated_password_fits_and_is_stored_only_as_argon2id(database, house, now):
    password = make(database, house, now)
    with database.reading() as session:
        stored = accounts.by_email(session, " ANNA@teremok.example ").password_hash
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password not in stored
    assert passwords.fits(stored, password)
    assert not passwords.fits(stored, password + "x")


def test_an_unknown_login_costs_the_same_comparison_and_never_fits(monkeypatch):
    compared = []
    real = passwords._hasher

    class Watching:
        def verify(self, stored, password):
            compared.append(stored)
            return real.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Watching())
    assert not passwords.fits(None, "anything at all")
    assert [stored.split("$")[3] for stored in compared] == ["m=19456,t=2,p=1"]


def test_an_email_is_taken_in_any_case(database, house, now):
    make(database, house, now)
    with pytest.raises(PortalError, match="email_taken"):
        make(database, house, now, "ANNA@Teremok.example")


def test_an_unknown_role_and_a_short_password_are_refused(database, house, now):
    with database.writing() as session:
        with pytest.raises(PortalError, match="unknown_role"):
            accounts.create(session, house.organization_id, "a@b.example", "A", "root", None, [], now)
        with pytest.raises(ValueError, match="10 to 200"):
            accounts.create(session, house.organization_id, "a@b.example", "A", "staff", "short", [], now)


def test_the_sixth_try_is_refused_for_a_login_from_anywhere_and_for_an_address_with_any_login(database, house, settings, now):
    make(database, house, now)
    for i in range(5):
        assert not isinstance(attempt(database, settings, "Anna@teremok.example", f"198.51.100.{i}", now), LimitReached)
    assert isinstance(attempt(database, settings, "anna@teremok.example", "198.51.100.99", now), LimitReached)
    for i in range(5):
        assert not isinstance(attempt(database, settings, f"nobody{i}@teremok.example", "203.0.113.9", now), LimitReached)
    assert isinstance(attempt(database, settings, "nobody9@teremok.example", "203.0.113.9", now), LimitReached)
    later = now + timedelta(minutes=15, seconds=1)
    assert not isinstance(attempt(database, settings, "anna@teremok.example", "198.51.100.99", later), LimitReached)


def test_successful_sign_ins_are_not_counted(database, house, settings, now):
    password = make(database, house, now)
    for i in range(8):
        moment = now + timedelta(seconds=i)
        tried = attempt(database, settings, "anna@teremok.example", "203.0.113.9", moment)
        assert passwords.fits(tried.password_hash, password)
        with database.writing() as session:
            assert accounts.finish_sign_in(session, tried, password).email == "anna@teremok.example"


def test_fifty_tries_at_once_compare_at_most_five(database, house, settings, now):
    make(database, house, now)
    allowed = []

    def guess() -> None:
        if not isinstance(attempt(database, settings, "anna@teremok.example", "203.0.113.9", now), LimitReached):
            allowed.append(1)

    guessers = [threading.Thread(target=guess) for _ in range(50)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    assert len(allowed) == 5


def test_a_hash_of_other_parameters_is_made_anew_at_sign_in(database, house, settings, now):
    password = make(database, house, now)
    with database.writing() as session:
        accounts.by_email(session, "anna@teremok.example").password_hash = PasswordHasher(1, 8192, 1).hash(password)
    tried = attempt(database, settings, "anna@teremok.example", "203.0.113.9", now)
    with database.writing() as session:
        accounts.finish_sign_in(session, tried, password)
    with database.reading() as session:
        stored = accounts.by_email(session, "anna@teremok.example").password_hash
    assert "m=19456,t=2,p=1" in stored
    assert passwords.fits(stored, password)


def test_a_closed_login_has_nothing_to_compare_with_and_loses_its_sessions(database, house, settings, now):
    make(database, house, now)
    with database.writing() as session:
        user = accounts.by_email(session, "anna@teremok.example")
        token = sessions.start(session, user, "Firefox", "203.0.113.9", now)[1]
        accounts.deactivate(session, user, now)
    with database.reading() as session:
        assert sessions.find(session, token, now) is None
    assert attempt(database, settings, "anna@teremok.example", "203.0.113.9", now).password_hash is None


def test_a_login_closed_between_comparison_and_session_does_not_get_in(database, house, settings, now):
    password = make(database, house, now)
    tried = attempt(database, settings, "anna@teremok.example", "203.0.113.9", now)
    with database.writing() as session:
        accounts.deactivate(session, session.get(StaffUser, tried.user_id), now)
    with database.writing() as session:
        assert accounts.finish_sign_in(session, tried, password) is None
