"""`vestibule consent` as it is typed."""

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text

from portal.core.config import Settings
from portal.core.db import Database
from tests.support.consent_checker import check
from tests.support.consents import GUEST, declare, give, publish_all
from tests.support.house import House


@pytest.fixture
def vestibule(cli):
    return partial(cli, "consent")


@pytest.fixture
def consents(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)
        declare(session, settings, house, 1, "card", "advertising_sms")
        give(session, 1)


@pytest.mark.usefixtures("consents")
def test_verify_is_quiet_about_a_whole_chain_and_fails_naming_what_was_done(database: Database, vestibule) -> None:
    assert vestibule("anchor").exit_code == 0
    whole = vestibule("verify")
    assert whole.exit_code == 0
    assert "whole, 4 records, 1 anchors, 0 records after the last anchor" in whole.output
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER consent_record_no_update"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE consent_record SET proof = 'paper' WHERE seq = 3"))
    broken: Result = vestibule("verify", "--json")
    assert broken.exit_code == 1
    (verdict,) = json.loads(broken.stdout)
    assert [(f["seq"], f["reason"]) for f in verdict["findings"]] == [(3, "edited")]
    assert "3: edited" in vestibule("verify").stdout


@pytest.mark.usefixtures("consents")
def test_verify_believes_a_copy_of_the_anchors_kept_elsewhere(
    database: Database, settings: Settings, vestibule, tmp_path: Path
) -> None:
    assert vestibule("anchor").exit_code == 0
    elsewhere = tmp_path / "elsewhere"
    (settings.data_dir / "anchors").rename(elsewhere)
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER consent_anchor_no_delete"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM consent_anchor"))
    assert vestibule("verify").exit_code == 0
    key = str(settings.data_dir / "consent_public_key.pem")
    compared = vestibule("verify", "--anchors", str(elsewhere), "--public-key", key)
    assert compared.exit_code == 1
    assert "anchor_deleted" in compared.output


@pytest.mark.usefixtures("consents")
def test_proof_reads_the_number_from_standard_input_and_writes_a_private_file(house: House, vestibule, tmp_path: Path) -> None:
    output = tmp_path / "proof.json"
    arguments = ("proof", "--venue", house.venue_code, "--phone-stdin", "--output", str(output))
    made = vestibule(*arguments, input="8 (903) 123-45-67\n")
    assert made.exit_code == 0, made.output
    assert GUEST.e164[-7:] not in made.output
    assert output.stat().st_mode & 0o777 == 0o600
    proof = json.loads(output.read_text(encoding="utf-8"))
    assert check(proof) == []
    assert len(proof["consent_records"]) == 4
    again = vestibule(*arguments, input="8 (903) 123-45-67\n")
    assert again.exit_code == 1
    assert "there already" in again.output


@pytest.mark.usefixtures("consents")
@pytest.mark.parametrize(("typed", "said"), [("+7 916 111-22-33\n", "nothing is known"), ("12\n", "cannot be read")])
def test_proof_of_an_unknown_or_unreadable_number_fails_without_a_file(
    house: House, vestibule, tmp_path: Path, typed: str, said: str
) -> None:
    output = tmp_path / "proof.json"
    failed = vestibule("proof", "--venue", house.venue_code, "--output", str(output), input=typed)
    assert failed.exit_code == 1
    assert said in failed.output
    assert not output.exists()


def test_drafts_are_made_listed_and_published(house: House, vestibule) -> None:
    assert "no draft" in vestibule("documents", "publish", "--venue", house.venue_code).output
    assert "12 drafts" in vestibule("documents", "draft", "--venue", house.venue_code).output
    listed = vestibule("documents", "list", "--json")
    assert "cannot go live: document:wifi_terms:ru" in listed.stderr
    assert {row["state"] for row in json.loads(listed.stdout)} == {"draft"}
    one = vestibule("documents", "publish", "--venue", house.venue_code, "--kind", "wifi_terms", "--language", "ru")
    assert one.output.startswith("published wifi_terms ru, version 1, SHA-256 ")
    assert len(vestibule("documents", "publish", "--venue", house.venue_code).output.splitlines()) == 11
    assert vestibule("documents", "list").stderr == ""
    assert "12 drafts" in vestibule("documents", "draft", "--venue", house.venue_code, "--anew").output
    versions = {(row["version"], row["state"]) for row in json.loads(vestibule("documents", "list", "--json").stdout)}
    assert versions == {(1, "published"), (2, "draft")}


def test_an_unknown_venue_is_named(vestibule) -> None:
    failed = vestibule("documents", "draft", "--venue", "nowhere")
    assert failed.exit_code == 1
    assert "no venue has the code nowhere" in failed.output
