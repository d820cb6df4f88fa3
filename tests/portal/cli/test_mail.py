"""`vestibule mail` as it is typed, and what the doctor says of the account."""

import json
from functools import partial

import pytest

from portal.cli import checks
from portal.cli.house import House as CliHouse
from portal.mail import outbox
from portal.staff import accounts
from tests.conftest import make_settings
from tests.support.house import NOW
from tests.support.mail import post_office


@pytest.fixture
def vestibule(cli):
    return partial(cli, "mail")


def test_a_test_letter_goes_through_the_account_that_is_set(vestibule, monkeypatch, tmp_path):
    with post_office(tmp_path) as post:
        for name, value in post.settings().items():
            monkeypatch.setenv(f"VESTIBULE_{name.upper()}", str(value))
        answer = vestibule("test", "anna@teremok.example")
        assert answer.exit_code == 0, answer.output
        assert post.recipients == ["anna@teremok.example"]
        post.answer_to_recipient = "550 nobody here"
        refused = vestibule("test", "anna@teremok.example")
    assert refused.exit_code == 1
    assert "check the address" in refused.output


def test_without_an_account_it_becomes_a_file(vestibule, settings):
    assert vestibule("test", "anna@teremok.example").exit_code == 0
    assert len(list((settings.data_dir / "mail").glob("*.eml"))) == 1
    assert vestibule("test", "no address").exit_code == 1


def test_the_list_says_what_became_of_letters(vestibule, database, house):
    with database.writing() as session:
        user, _ = accounts.create(session, house.organization_id, "anna@teremok.example", "Анна", "owner", None, [], NOW)
        outbox.queue(session, user, "weekly", "weekly:1:2026-W47", {}, NOW)
    rows = json.loads(vestibule("list", "--json").output)
    assert [(row["kind"], row["to"], row["status"]) for row in rows] == [("weekly", "anna@teremok.example", "queued")]


def test_the_doctor_tries_the_account(settings, database, tmp_path):
    assert "files in" in checks.mail_account(CliHouse(settings, database))
    with post_office(tmp_path) as post:
        right = make_settings(tmp_path, **post.settings())
        assert "takes the account" in checks.mail_account(CliHouse(right, database))
        wrong = make_settings(tmp_path, **post.settings(smtp_password="not-it"))
        with pytest.raises(checks.Wrong, match="bad_credentials"):
            checks.mail_account(CliHouse(wrong, database))


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"mail_sender": "smtp"}, "mail_from"),
        ({"mail_sender": "smtp", "mail_from": "a@b.example"}, "smtp_host"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"mail_from": "a@b.example\r\nBcc: c@d.example"}, "mail_from"),
        ({"smtp_host": "smtp.example.ru", "smtp_security": "none"}, "smtp_security"),
    ],
)
def test_wrong_settings_of_mail_are_said_at_the_start(tmp_path, values, name):
    with pytest.raises(ValueError, match=name):
        make_settings(tmp_path, **values)
