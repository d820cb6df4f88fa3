"""What stood behind a consent: phone, address, browser and device, committed to without being shown."""

from dataclasses import dataclass
from typing import Any

from portal.consent.canonical import commitment
from portal.core.crypto import random_bytes
from portal.core.phone import Phone

COMMITTED = ("phone", "ip", "user_agent", "mac")
_SALT_BYTES = 16
_USER_AGENT_KEPT = 300  # characters


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who ticked, from where. `mac` is what a gateway vouched for, if any."""

    phone: Phone
    ip: str
    user_agent: str
    mac: str | None


def commit(evidence: Evidence) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Commitments for the chain, and the opening (salts and values) for the side row that erasure deletes."""
    browser = evidence.user_agent[:_USER_AGENT_KEPT].encode("utf-8", "replace").decode()
    values = (evidence.phone.e164, evidence.ip, browser, evidence.mac)
    random = random_bytes(_SALT_BYTES * len(COMMITTED)).hex()
    opening = {
        name: {"salt": random[i * 2 * _SALT_BYTES : (i + 1) * 2 * _SALT_BYTES], "value": value}
        for i, (name, value) in enumerate(zip(COMMITTED, values, strict=True))
    }
    return {name: commitment(o["salt"] or "", o["value"]) for name, o in opening.items()}, opening


def matches(commitments: dict[str, Any], opening: dict[str, Any]) -> bool:
    """True when every value of an opening is what the record committed to."""
    return opening.keys() == commitments.keys() and all(
        commitment(opening[name]["salt"], opening[name]["value"]) == wanted for name, wanted in commitments.items()
    )
