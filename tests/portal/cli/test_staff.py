"""`vestibule staff` as it is typed."""

import json
from functools import partial

import pytest

from portal.staff import accounts, passwords, second_factor, sessions
from tests.support.house import NOW, build_house


@pytest.fixture
def vestibule(cli):
    return partial(cli, "staff")


def create(vestibule, *more, email="anna@teremok.example"):
    return vestibule("create", email, "--name", "Анна", "--role", "owner", *more)


def test_create_prints_a_password_that_fits_and_keeps_only_its_hash(vestibule, database, house):
    answer = create(vestibule, "--venue", house.venue_code)
    assert answer.exit_code == 0, answer.output
    password = answer.output.split("password ")[1].split()[0]
    with database.reading() as session:
        user = accounts.by_email(session, "anna@teremok.example")
        assert passwords.fits(user.password_hash, password)
        assert user.venue_ids == [house.venue_id]
    shown = vestibule("list", "--json")
    assert [(row["email"], row["role"], row["active"]) for row in json.loads(shown.output)] == [
        ("anna@teremok.example", "owner", True)
    ]
    assert "argon2" not in shown.output


def test_create_says_what_to_do_next_when_it_refuses(vestibule, database, house):
    assert "vestibule venue list" in create(vestibule, "--venue", "nowhere").output
    assert create(vestibule, email="anna").exit_code == 1
    create(vestibule)
    again = create(vestibule)
    assert (again.exit_code, "vestibule staff list" in again.output) == (1, True)
    with database.writing() as session:
        build_house(session, "blinnaya")
    several = create(vestibule, email="b@teremok.example")
    assert several.exit_code == 1
    assert "--organization" in several.output


def test_a_reset_gives_another_password_and_signs_every_browser_out(vestibule, database, house):
    first = create(vestibule).output.split("password ")[1].split()[0]
    with database.writing() as session:
        token = sessions.start(session, accounts.by_email(session, "anna@teremok.example"), "Firefox", "203.0.113.9", NOW)[1]
    second = vestibule("reset", "anna@teremok.example").output.split("password ")[1].split()[0]
    with database.reading() as session:
        stored = accounts.by_email(session, "anna@teremok.example").password_hash
        assert sessions.find(session, token, NOW) is None
    assert passwords.fits(stored, second)
    assert not passwords.fits(stored, first)


def test_deactivate_and_sessions_revoke_sign_out_and_an_unknown_login_fails(vestibule, database, house):
    create(vestibule)
    with database.writing() as session:
        sessions.start(session, accounts.by_email(session, "anna@teremok.example"), "Firefox", "203.0.113.9", NOW)
    assert "signed out: 1" in vestibule("sessions", "revoke", "anna@teremok.example").output
    assert vestibule("deactivate", "anna@teremok.example").exit_code == 0
    assert not json.loads(vestibule("list", "--json").output)[0]["active"]
    assert vestibule("deactivate", "nobody@teremok.example").exit_code == 1


def test_reset_totp_takes_the_second_factor_off_and_signs_out(vestibule, database, settings, house):
    create(vestibule)
    secret = second_factor.new_secret()
    with database.writing() as session:
        user = accounts.by_email(session, "anna@teremok.example")
        second_factor.turn_on(session, settings.keys, user, secret, second_factor.code_at(secret, NOW), NOW)
        sessions.start(session, user, "Firefox", "203.0.113.9", NOW)
    assert vestibule("reset-totp", "anna@teremok.example").exit_code == 0
    with database.reading() as session:
        user = accounts.by_email(session, "anna@teremok.example")
        assert not second_factor.is_on(user)
        assert sessions.list_for(session, user.id, NOW) == []
    assert vestibule("reset-totp", "nobody@teremok.example").exit_code == 1
