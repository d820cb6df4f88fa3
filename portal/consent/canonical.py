"""The bytes that are hashed. Anybody can make them again: JSON with sorted keys, no spaces, UTF-8; SHA-256."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
# Every column of a record that its hash covers: all but the database's own id and the two hashes.
HASHED = (
    "organization_id", "legal_entity_id", "venue_id", "seq", "record_id", "event", "purpose", "document_id",
    "document_version", "document_sha256", "language", "control", "visit_id", "verification_id", "declared_record_id",
    "proof", "subject", "opening_id", "commitments", "at",
)  # fmt: skip


def canonical(value: object) -> bytes:
    """Canonical JSON (RFC 8785 for the values that occur here: objects, strings, whole numbers, null)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def written(moment: datetime) -> str:
    """A time as it is hashed and exported: UTC with six decimals."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a record's hash covers, ready for `canonical`."""
    return {name: row[name] for name in HASHED} | {"at": written(row["at"])}


def row_hash(row: Mapping[str, Any], prev_hash: str) -> str:
    """SHA-256(canonical JSON of the record ‖ hash of the record before it), 64 hex characters."""
    return hashlib.sha256(canonical(content(row)) + prev_hash.encode()).hexdigest()


def commitment(salt: str, value: str | None) -> str:
    """SHA-256(salt ‖ canonical JSON of the value); `salt` is 16 bytes in hex."""
    return hashlib.sha256(bytes.fromhex(salt) + canonical(value)).hexdigest()
