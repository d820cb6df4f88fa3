import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from portal.cli import privacy as commands
from portal.cli.house import House as OpenHouse
from portal.cli.privacy import privacy
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import Phone
from portal.guests.models import Guest
from tests.support.house import House
from tests.support.persons import leave_phone, publish, sign_up

ANNA = Phone("+79161234567")


@pytest.fixture
def run(database: Database, house: House, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(commands, "open_house", lambda: OpenHouse(settings, database))
    monkeypatch.setattr(commands, "utcnow", lambda: now + timedelta(days=2))
    with database.writing() as session:
        publish(session, settings, house, now)
        sign_up(session, settings, house, ANNA, now)

    def invoke(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(privacy, list(arguments), input=stdin)

    return invoke


def test_what_is_known_is_json_and_the_number_comes_by_standard_input(run: object) -> None:
    result = run("known", "--entity", "1", stdin="8 916 123-45-67\n")  # type: ignore[operator]
    known = json.loads(result.output)
    assert result.exit_code == 0
    assert known["guest"]["name"] == "Анна"
    assert [given["document"]["kind"] for given in known["consents"]] == ["card_consent"]
    assert "body" not in known["consents"][0]["document"]


def test_erasure_needs_a_yes_and_names_its_act(run: object, database: Database) -> None:
    refused = run("erase", "--entity", "1", stdin="+79161234567\nn\n")  # type: ignore[operator]
    assert refused.exit_code == 1 and "--yes" in refused.output
    done = run("erase", "--entity", "1", "--yes", stdin="+79161234567\n")  # type: ignore[operator]
    assert done.exit_code == 0 and "act 1:" in done.output
    again = run("erase", "--entity", "1", "--yes", stdin="+79161234567\n")  # type: ignore[operator]
    assert "nothing is known" in again.output
    with database.reading() as session:
        assert session.scalars(select(Guest)).all() == []
    log = run("log", "1")  # type: ignore[operator]
    assert any(line.startswith("1,guest,1,row,2026-11-24") for line in log.output.splitlines())
    lines = [json.loads(line) for line in run("log", "1", "--json").output.splitlines()]  # type: ignore[operator]
    assert {line["table"] for line in lines} >= {"guest", "card", "consent_opening"}
    assert all("9161234567" not in text for text in (done.output, log.output, refused.output))


def test_retention_says_what_it_destroyed_and_acts_list_it(
    run: object, database: Database, settings: Settings, house: House, now: datetime
) -> None:
    with database.writing() as session:
        leave_phone(session, settings, house, Phone("+79167654321"), now, mac="020000000003", purposes=())
    ran = json.loads(run("retention", "--json").output)  # type: ignore[operator]
    assert [(act["rule"], act["total"]) for act in ran] == [("unproven_phone", 2)]
    listed = json.loads(run("acts", "--json").output)  # type: ignore[operator]
    assert [(act["rule"], act["reason"], act["total"]) for act in listed] == [("unproven_phone", "term", 2)]
    assert listed[0]["finished_at"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("known", "--entity", "1"), "abc\n", "not understood"),
        (("known", "--entity", "7"), "+79161234567\n", "no legal entity 7"),
        (("log", "99"), "", "no act 99"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(run: object, arguments: tuple[str, ...], stdin: str, said: str) -> None:
    result = run(*arguments, stdin=stdin)  # type: ignore[operator]
    assert result.exit_code == 1 and said in result.output
