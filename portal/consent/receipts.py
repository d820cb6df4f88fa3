"""One consent record in the terms of ISO/IEC TS 27560:2023, as DPV's guide reads it, with what GDPR adds.

https://w3c.github.io/dpv/guides/consent-27560.html
"""

from collections.abc import Mapping
from typing import Any

from portal.consent.canonical import written
from portal.consent.models import ConsentDocument
from portal.venues.models import LegalEntity

SCHEMA = "ISO/IEC TS 27560:2023"
EVENT_STATES = {"declared": "consent requested", "given": "consent given", "withdrawn": "consent withdrawn"}
PII = {
    "wifi_terms": ["phone number", "MAC address", "IP address", "session times and volume"],
    "card": ["phone number", "card number", "language", "visits and their sources", "fields of the form that were filled in"],
    "advertising_sms": ["phone number", "name if given"],
    "advertising_email": ["e-mail address", "phone number", "name if given"],
}
_OPTIONAL = ("if given", "filled in")
PURPOSE_WORDS = {
    "wifi_terms": "access to guest Wi-Fi",
    "card": "issue and use of a guest card",
    "advertising_sms": "advertising by SMS",
    "advertising_email": "advertising by e-mail",
}
LAWFUL_BASIS = {
    "wifi_terms": "152-FZ art. 6(1)(5), contract",
    "card": "152-FZ art. 6(1)(1) and 9, consent",
    "advertising_sms": "38-FZ art. 18(1), 152-FZ art. 15(1), prior consent",
    "advertising_email": "38-FZ art. 18(1), 152-FZ art. 15(1), prior consent",
}


def receipt(row: Mapping[str, Any], document: ConsentDocument, entity: LegalEntity) -> dict[str, Any]:
    """The record's fields under their names in the standard. The principal is a keyed pseudonym, never the number."""
    return {
        "schema_version": SCHEMA,
        "record_id": row["record_id"],
        "pii_principal_id": row["subject"],
        "privacy_notice": {
            "kind": document.kind, "version": document.version, "language": document.language, "sha256": document.sha256,
        },
        "language": row["language"],
        "jurisdiction": "RU",
        "purpose": {"code": row["purpose"], "description": PURPOSE_WORDS[row["purpose"]]},
        "lawful_basis": LAWFUL_BASIS[row["purpose"]],
        "pii_information": [{"pii_type": pii, "pii_optional": pii.endswith(_OPTIONAL)} for pii in PII[row["purpose"]]],
        "pii_controllers": [entity.inn],
        "collection_method": "form of a web page, an empty box that belongs to this document alone",
        "processing_method": "automated; actions and methods as in the privacy notice",
        "storage_locations": ["Russian Federation"],
        "processing_locations": ["Russian Federation"],
        "geographic_restrictions": "no transfer abroad",
        "retention_period": "as in the privacy notice",
        "recipient_third_parties": entity.processors.splitlines(),
        "withdrawal_method": "page /me, e-mail or letter, as in the privacy notice",
        "privacy_rights": "as in the privacy policy, section 11",
        "party_identification": _parties(entity),
        "event": {
            "event_time": written(row["at"]),
            "validity_duration": "until withdrawn, at most as in the privacy notice",
            "entity_id": row["subject"],
            "event_type": row["event"],
            "event_state": EVENT_STATES[row["event"]],
            "control": row["control"],
            "proof_of_identity": row["proof"],
            "refers_to_record": row["declared_record_id"],
        },
    }  # fmt: skip


def _parties(entity: LegalEntity) -> list[dict[str, str]]:
    operator = {
        "party_id": entity.inn, "party_name": entity.name, "party_address": entity.address, "party_contact": entity.contact_email,
        "party_type": "legal entity", "party_role": "PII controller (operator)", "ogrn": entity.ogrn,
    }  # fmt: skip
    authority = {"party_id": "roskomnadzor", "party_name": "Roskomnadzor", "party_role": "authority", "party_type": "public body"}
    return [operator, authority | {"party_address": "Moscow", "party_contact": "https://rkn.gov.ru"}]
