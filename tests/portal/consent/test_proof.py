"""The exported proof convinces a stranger who has only hashlib, cryptography and the instructions inside it."""

import copy
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.consent import anchors, records
from portal.consent.proof import proof
from portal.consent.signing import PublicKey, signing_key
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.errors import PortalError
from tests.support.consent_checker import check
from tests.support.consents import GUEST, OTHER, declare, give, publish_all
from tests.support.house import NOW, House

# ISO/IEC TS 27560:2023, mandatory parts and those that GDPR makes mandatory (DPV guide).
FIELDS = {
    "schema_version", "record_id", "pii_principal_id", "privacy_notice", "language", "purpose", "pii_information",
    "pii_controllers", "storage_locations", "retention_period", "jurisdiction", "recipient_third_parties", "withdrawal_method",
    "party_identification", "event", "lawful_basis", "collection_method", "processing_method", "processing_locations",
    "geographic_restrictions", "privacy_rights",
}  # fmt: skip


@pytest.fixture
def exported(database: Database, house: House, settings: Settings) -> dict[str, Any]:
    """Guest gives card and SMS, another guest signs up between, guest withdraws SMS a day later."""
    with database.writing() as session:
        publish_all(session, house, settings)
        declare(session, settings, house, 1, "card", "advertising_sms")
        declare(session, settings, house, 2, "card", phone=OTHER)
        give(session, 1)
    anchors.sign_all(database, settings, lambda: NOW + timedelta(hours=1))
    later = NOW + timedelta(days=1)
    with database.writing() as session:
        declare(session, settings, house, 3, "card", phone=OTHER, now=later)
        records.withdraw(session, settings.keys, house.legal_entity_id, GUEST, "advertising_sms", "me:withdraw", later)
    anchors.sign_all(database, settings, lambda: later + timedelta(hours=1))
    return export(database, house, settings)


def export(database: Database, house: House, settings: Settings, phone=GUEST) -> dict[str, Any]:
    key = PublicKey(signing_key(settings.data_dir).public_key())
    with database.reading() as session:
        made = proof(session, settings.keys, house.legal_entity_id, phone, key=key, now=NOW + timedelta(days=2))
    return json.loads(json.dumps(made))


def test_a_stranger_finds_the_proof_in_order(exported: dict[str, Any]) -> None:
    assert check(exported) == []
    events = [(r["event"]["event_type"], r["purpose"]["code"]) for r in exported["consent_records"]]
    assert events == [
        ("declared", "card"), ("declared", "advertising_sms"), ("given", "card"), ("given", "advertising_sms"),
        ("withdrawn", "advertising_sms"),
    ]  # fmt: skip
    assert len(exported["chain"]) == len(exported["anchors"]) == 2
    assert "Ed25519" in " ".join(exported["how_to_check"])


def test_the_checker_runs_alone_as_a_script(exported: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(exported), encoding="utf-8")
    script = Path(__file__).parents[2] / "support" / "consent_checker.py"
    command = [sys.executable, "-I", str(script), str(file)]
    assert subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0
    exported["documents"][0]["body"] += "."
    file.write_text(json.dumps(exported), encoding="utf-8")
    failed = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "text of" in failed.stderr


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (("documents", 0, "body"), "Я согласен на всё", "text of"),
        (("openings", "*", "phone", "value"), "+79999999999", "phone of"),
        (("openings", "*", "mac", "salt"), "00" * 16, "mac of"),
        (("chain", 0, 2, "content", "purpose"), "advertising_email", "hash of 3"),
        (("chain", 0, 0, "content", "at"), "2026-11-21T09:00:00.000000Z", "hash of 1"),
        (("chain", 0, 1, "row_hash"), "0" * 64, "link after 2"),
        (("anchors", 1, "signed_at"), "2026-01-01T00:00:00.000000Z", "signature at"),
        (("anchors", 0, "head_hash"), "0" * 64, "link after 5"),
        (("public_key", "key_id"), "0" * 16, "public key"),
    ],
)
def test_whatever_is_changed_in_it_the_stranger_sees(
    exported: dict[str, Any], place: tuple[Any, ...], value: str, complaint: str
) -> None:
    changed = copy.deepcopy(exported)
    spot = changed
    for step in place[:-1]:
        spot = next(iter(spot.values())) if step == "*" else spot[step]
    assert spot[place[-1]] != value
    spot[place[-1]] = value
    assert any(complaint in wrong for wrong in check(changed))


def test_each_record_has_the_fields_of_the_standard_and_a_pseudonym_instead_of_the_number(exported: dict[str, Any]) -> None:
    for record in exported["consent_records"]:
        assert set(record) >= FIELDS
        assert {"event_time", "validity_duration", "entity_id", "event_type", "event_state"} <= set(record["event"])
        parties = record["party_identification"]
        assert {"party_id", "party_address", "party_name", "party_contact", "party_type"} <= set(parties[0])
        assert GUEST.e164 not in json.dumps(record)


def test_nobody_else_is_named_in_it(exported: dict[str, Any]) -> None:
    assert OTHER.e164 not in json.dumps(exported)
    assert len(exported["openings"]) == 1


def test_after_erasure_the_proof_has_no_values_and_still_stands(
    database: Database, house: House, settings: Settings, exported: dict[str, Any]
) -> None:
    from sqlalchemy import text

    with database.writing() as session:
        session.execute(text("DELETE FROM consent_opening"))
    erased = export(database, house, settings)
    assert erased["openings"] == {}
    assert check(erased) == []
    assert GUEST.e164 not in json.dumps(erased)


def test_an_unknown_number_and_an_unsigned_record_are_refused(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)
    with pytest.raises(PortalError, match="nothing_known"):
        export(database, house, settings)
    with database.writing() as session:
        declare(session, settings, house, 1, "card")
    with pytest.raises(PortalError, match="not_anchored"):
        export(database, house, settings)
