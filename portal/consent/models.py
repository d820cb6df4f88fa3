"""Documents with versions, and the append-only chain of what people declared, gave and withdrew."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

DOCUMENT_KINDS = ("wifi_terms", "privacy_policy", "card_consent", "programme_rules", "advertising_sms", "advertising_email")
# One purpose, one box, one document: since 1 September 2025 one tick must not confirm two texts (156-ФЗ).
KIND_OF_PURPOSE = {
    "wifi_terms": "wifi_terms",
    "card": "card_consent",
    "advertising_sms": "advertising_sms",
    "advertising_email": "advertising_email",
}
PURPOSES = tuple(KIND_OF_PURPOSE)
EVENTS = ("declared", "given", "withdrawn")


class ConsentDocument(Base):
    """One version of one text in one language. Once published, its body is never changed (triggers)."""

    __tablename__ = "consent_document"
    __table_args__ = (UniqueConstraint("venue_id", "kind", "language", "version"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    kind: Mapped[str] = mapped_column(String(30))
    language: Mapped[str] = mapped_column(String(2))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)  # exactly the text that is shown and hashed (UTF-8), its title as the first line
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class ConsentChain(Base):
    """The head of a legal entity's chain: the row that an append locks."""

    __tablename__ = "consent_chain"
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(String(64))


class ConsentRecord(Base):
    """One fact about a consent. Append-only by triggers; holds commitments, never a phone or an address."""

    __tablename__ = "consent_record"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "seq"),
        UniqueConstraint("declared_record_id"),  # a declaration is given once, a given consent is withdrawn once
        Index(None, "legal_entity_id", "subject"),
        Index(None, "verification_id"),
    )
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    seq: Mapped[int]
    record_id: Mapped[str] = mapped_column(String(22), unique=True)
    event: Mapped[str] = mapped_column(String(12))  # EVENTS
    purpose: Mapped[str] = mapped_column(String(30))  # PURPOSES
    document_id: Mapped[int] = mapped_column(ForeignKey("consent_document.id"))
    document_version: Mapped[int]
    document_sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    control: Mapped[str] = mapped_column(String(60))  # which box or button, such as "signup:box:card"
    visit_id: Mapped[str] = mapped_column(String(22))  # the visit's public id
    verification_id: Mapped[int | None]
    declared_record_id: Mapped[str | None] = mapped_column(String(22))  # the record that this one completes or ends
    proof: Mapped[str | None] = mapped_column(String(12))  # how the phone was proven: "sms"
    subject: Mapped[str] = mapped_column(String(32))  # keyed pseudonym of the phone within the legal entity
    opening_id: Mapped[str] = mapped_column(String(22))  # side row with the salts; records of one act share it
    commitments: Mapped[dict[str, Any]]  # SHA-256(salt ‖ canonical JSON) of phone, ip, user_agent, mac
    at: Mapped[datetime]
    prev_hash: Mapped[str] = mapped_column(String(64))
    row_hash: Mapped[str] = mapped_column(String(64))


class ConsentOpening(Base):
    """Salts and values behind the commitments of records. Erasure deletes this row; the chain still verifies."""

    __tablename__ = "consent_opening"
    opening_id: Mapped[str] = mapped_column(String(22), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    subject: Mapped[str] = mapped_column(String(32), index=True)
    opening: Mapped[dict[str, Any]]  # {"phone": {"salt": hex, "value": …}, "ip": …, "user_agent": …, "mac": …}
    created_at: Mapped[datetime] = mapped_column(index=True)


class ConsentAnchor(Base):
    """A signed head of a chain (Ed25519), also written to a file outside the database."""

    __tablename__ = "consent_anchor"
    __table_args__ = (UniqueConstraint("legal_entity_id", "seq"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    seq: Mapped[int]
    head_hash: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(128))
