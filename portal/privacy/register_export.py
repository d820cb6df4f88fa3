"""Handing part of the Wi-Fi register over: a signed file, and a row that says who took what on whose request."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.consent.canonical import canonical, written
from portal.consent.signing import PublicKey, signing_key
from portal.core.config import Settings
from portal.core.i18n import translations
from portal.core.mac import Mac
from portal.privacy.models import RegisterExport
from portal.privacy.register import Asked, Line, lines
from portal.reporting.exports import write
from portal.venues.models import LegalEntity

TABLE, SEAL = "register.csv", "signature.json"


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what, and by right of which paper. `language` is that of the file's headings."""

    asked: Asked
    who: str
    basis: str
    language: str


@dataclass(frozen=True, slots=True)
class Collected:
    """The table, not yet handed over to anybody."""

    table: bytes = field(repr=False)
    lines: int


def collect(session: Session, entity: LegalEntity, venue_ids: Sequence[int], request: Request) -> Collected:
    """What is asked for. Only reads: half a year takes many seconds, in which guests want to write."""
    found = lines(session, entity.id, venue_ids, request.asked)
    return Collected(write(_cells(found, request.language)), len(found))


def export(
    session: Session, settings: Settings, entity: LegalEntity, collected: Collected, request: Request, now: datetime
) -> bytes:
    """A ZIP of the table and its Ed25519 signature. Hand it over when the transaction that writes this down has committed."""
    asked = request.asked
    row = RegisterExport(
        organization_id=entity.organization_id, legal_entity_id=entity.id, who=request.who[:200], basis=request.basis[:300],
        asked=asked.kind, subject=_subject(settings, asked), begins=asked.begins, ends=asked.ends, lines=collected.lines,
        sha256=hashlib.sha256(collected.table).hexdigest(), at=now,
    )  # fmt: skip
    session.add(row)
    return _packed(collected.table, _sealed(settings.data_dir, row))


def latest(session: Session, legal_entity_id: int, count: int = 200) -> list[RegisterExport]:
    """The newest exports of a legal entity."""
    query = select(RegisterExport).where(RegisterExport.legal_entity_id == legal_entity_id)
    return list(session.scalars(query.order_by(RegisterExport.id.desc()).limit(count)))


def signed_by(content: bytes) -> dict[str, Any] | None:
    """What the seal of an exported file says, when the table in it is what was signed; None when it is not.

    The public key lies in the file: compare its `key_id` with the one that the operator published.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        table, seal = packed.read(TABLE), json.loads(packed.read(SEAL))
    key: Any = load_pem_public_key(seal.pop("public_key").encode())
    signature, public = seal.pop("signature"), PublicKey(key)
    honest = seal["sha256"] == hashlib.sha256(table).hexdigest() and seal["key_id"] == public.key_id
    return seal if honest and public.signed(canonical(seal), signature) else None


def _subject(settings: Settings, asked: Asked) -> str:
    if asked.phone:
        return settings.keys.keyed_hash("register", asked.phone.e164)
    return settings.keys.keyed_hash("mac", asked.mac.hex) if asked.mac else ""


def _sealed(data_dir: Path, row: RegisterExport) -> bytes:
    key = signing_key(data_dir)
    public = PublicKey(key.public_key())
    claim = {
        "basis": row.basis, "lines": row.lines, "sha256": row.sha256, "signed_at": written(row.at), "key_id": public.key_id,
    }  # fmt: skip
    sealed = {**claim, "signature": key.sign(canonical(claim)).hex(), "public_key": public.pem}
    return json.dumps(sealed, ensure_ascii=False, indent=2).encode()


def _packed(table: bytes, seal: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(TABLE, table)
        packed.writestr(SEAL, seal)
    return content.getvalue()


def _cells(found: list[Line], language: str) -> Iterator[list[str]]:
    yield _headings(language)
    for line in found:
        mac, ip = Mac(line.mac).colons if line.mac else "", line.ip or ""
        who = [line.venue, (line.phone or "").lstrip("+"), _proof(line, language), _at(line.proven_at, line)]
        where = [mac, ip, line.nas or "", line.session or "", _at(line.since, line), _at(line.until, line)]
        volumes = [str(line.sent_octets), str(line.received_octets)]
        yield [*who, *where, *volumes, str(line.policy_version or ""), _at(line.kept_until, line)]


def _headings(language: str) -> list[str]:
    _ = translations(language).gettext
    who = [_("Venue"), _("Phone"), _("How it was proven"), _("Proven at")]
    where = [_("MAC"), _("IP address"), _("Router"), _("Session"), _("Online since"), _("Online until")]
    volumes = [_("Bytes from the guest"), _("Bytes to the guest")]
    return [*who, *where, *volumes, _("Version of the Wi-Fi policy"), _("Kept until")]


def _proof(line: Line, language: str) -> str:
    _ = translations(language).gettext
    words = {"sms": _("code in an SMS"), "remembered": _("remembered device"), "voucher": _("staff's voucher")}
    proof = words.get(line.proof, line.proof)
    return f"{proof}: {line.staff}" if line.staff else proof


def _at(moment: datetime | None, line: Line) -> str:
    """The venue's own time with its offset from UTC."""
    return moment.astimezone(ZoneInfo(line.timezone)).isoformat(sep=" ", timespec="seconds") if moment else ""
