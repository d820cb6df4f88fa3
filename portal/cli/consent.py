"""`vestibule consent`: documents, the signed chain of consents, proofs."""

import json
import os
import sys
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli.house import open_house, progress, show
from portal.consent import anchors, documents
from portal.consent.models import DOCUMENT_KINDS, ConsentDocument
from portal.consent.proof import proof as make_proof
from portal.consent.signing import PUBLIC_FILE, PublicKey, public_key, signing_key
from portal.consent.verify import Verdict, chains
from portal.consent.verify import verify as verify_chain
from portal.core.clock import utcnow
from portal.core.i18n import LANGUAGES
from portal.core.phone import PhoneRefused, parse_phone
from portal.signup import remembering
from portal.venues import directory
from portal.venues.models import Venue

_venue_option = click.option("--venue", "venue_code", required=True, metavar="CODE", help="Code of the venue, as in its links.")
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_kind = click.Choice(DOCUMENT_KINDS)
_language = click.Choice(LANGUAGES)


@click.group
def consent() -> None:
    """Documents, the chain of consents, proofs."""


@consent.command
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
@click.option("--anchors", "folder", type=_folder, help="Anchors kept elsewhere.")
@click.option("--public-key", "key_file", type=_file, help="Public key kept elsewhere.")
def verify(as_json: bool, folder: Path | None, key_file: Path | None) -> None:
    """Check every chain, its signed heads, documents and openings; exit 1 and name what is wrong."""
    house = open_house()
    folder = folder or house.settings.data_dir / anchors.FOLDER
    key = _key(key_file or house.settings.data_dir / PUBLIC_FILE)
    with progress("verifying"), house.database.reading() as session:
        outside = [anchor for path in sorted(folder.glob("*.jsonl")) for anchor in _outside(path)]
        verdicts = [verify_chain(session, entity, outside, key) for entity in chains(session, outside)]
    show([_line(verdict) for verdict in verdicts], as_json) if as_json else _tell(verdicts)
    if any(verdict.findings for verdict in verdicts):
        raise click.ClickException(
            "the evidence was tampered with or damaged: keep this database as it is, and compare with a backup and with anchors "
            "kept outside (--anchors, --public-key)"
        )


@consent.command
def anchor() -> None:
    """Sign the head of every chain that grew, and print the new anchors: mail or copy them out of the house."""
    house = open_house()
    for new in anchors.sign_all(house.database, house.settings, utcnow):
        click.echo(json.dumps(new.line))
    click.echo(
        f"anchors are in {house.settings.data_dir / anchors.FOLDER}; the key is {house.settings.data_dir / PUBLIC_FILE}", err=True
    )


@consent.command
@_venue_option
@click.option("--phone-stdin", is_flag=True, help="Read the number from standard input instead of asking for it.")
@click.option(
    "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write, readable by you alone."
)
def proof(venue_code: str, phone_stdin: bool, output: Path) -> None:
    """Export the proof of one person's consents to the venue's legal entity (JSON after ISO/IEC TS 27560).

    The number is never an argument: arguments stay in the shell's history.
    """
    house = open_house()
    typed: str = sys.stdin.readline() if phone_stdin else click.prompt("Phone", type=str)
    with house.database.reading() as session:
        venue = _venue_of(session, venue_code)
    try:
        phone = parse_phone(typed, tuple(venue.regions))
    except PhoneRefused as refused:
        raise click.ClickException(f"this number cannot be read ({refused.reason}): type it whole, such as +7 903 …") from None
    anchors.sign_all(house.database, house.settings, utcnow)
    key = PublicKey(signing_key(house.settings.data_dir).public_key())
    with progress("collecting"), house.database.reading() as session:
        made = make_proof(session, house.settings.keys, venue.legal_entity_id, phone, key=key, now=utcnow())
    _write_privately(output, json.dumps(made, ensure_ascii=False, indent=1))
    click.echo(f"{output}: {len(made['consent_records'])} records; how to check it is written inside")


@click.group(name="documents")
def documents_group() -> None:
    """Texts of a venue: drafts, versions, publication."""


consent.add_command(documents_group)


@documents_group.command("list")
@click.option("--venue", "venue_code", metavar="CODE", help="Only this venue.")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON.")
def list_documents(venue_code: str | None, as_json: bool) -> None:
    """Every version of every text, and what keeps a venue from going live."""
    house = open_house()
    with house.database.reading() as session:
        venues = [_venue_of(session, venue_code)] if venue_code else list(session.scalars(select(Venue).order_by(Venue.code)))
        rows = [_document_row(venue, document) for venue in venues for document in documents.list_for_venue(session, venue.id)]
        missing = {v.code: documents.obstacles_to_live(session, v, v.legal_entity) for v in venues}
    show(rows, as_json)
    for code, obstacles in missing.items():
        if obstacles:
            click.echo(f"{code} cannot go live: {', '.join(obstacles)}", err=True)


@documents_group.command
@_venue_option
@click.option("--anew", is_flag=True, help="Next versions of all texts, from ours and today's facts; drafts there are get lost.")
def draft(venue_code: str, anew: bool) -> None:
    """Make drafts of every text that the venue lacks, and fill the gaps of those there are.

    With --anew, after the operator, the address or the ground of identification changed: new versions of everything.
    """
    house = open_house()
    with house.database.writing() as session:
        venue = _venue_of(session, venue_code)
        facts = (session, venue, venue.legal_entity)
        if anew:
            now, settings = utcnow(), house.settings
            made = [
                documents.draft_anew(*facts, kind, language, now=now, settings=settings)
                for kind in DOCUMENT_KINDS
                for language in LANGUAGES
            ]
        else:
            made = documents.draft_all(*facts, utcnow(), house.settings)
    click.echo(f"{len(made)} drafts; read them, have counsel read them, then `vestibule consent documents publish`")


@documents_group.command
@_venue_option
@click.option("--kind", type=_kind, help="Only this kind.")
@click.option("--language", type=_language, help="Only this language.")
def publish(venue_code: str, kind: str | None, language: str | None) -> None:
    """Put drafts in force, for good. Without --kind and --language: all of them, or none."""
    house = open_house()
    with house.database.writing() as session:
        venue = _venue_of(session, venue_code)
        drafts = [
            d
            for d in documents.list_for_venue(session, venue.id, kind=kind)
            if d.published_at is None and language in (None, d.language)
        ]
        for document in drafts:
            remembering.publish(session, document, utcnow())
    if not drafts:
        raise click.ClickException("no draft to publish: make drafts with `vestibule consent documents draft`")
    for document in drafts:
        click.echo(f"published {document.kind} {document.language}, version {document.version}, SHA-256 {document.sha256}")


def _venue_of(session: Session, code: str) -> Venue:
    venue = directory.venue_by_code(session, code)
    if venue is None:
        raise click.ClickException(f"no venue has the code {code}: see `vestibule venue list`")
    return venue


def _key(path: Path) -> PublicKey | None:
    try:
        return public_key(path) if path.exists() else None
    except ValueError as error:
        raise click.ClickException(f"{path} is not a public key: {error}") from None


def _outside(path: Path) -> list[anchors.Anchor]:
    try:
        return anchors.read_file(path)
    except ValueError:
        raise click.ClickException(f"{path} holds a line that is no anchor: restore it from a copy kept outside") from None


def _line(verdict: Verdict) -> dict[str, object]:
    return {
        "legal_entity_id": verdict.legal_entity_id,
        "records": verdict.records,
        "anchors": verdict.anchors,
        "unanchored": verdict.unanchored,
        "findings": [{"seq": f.seq, "reason": f.reason, "words": f.words} for f in verdict.findings],
    }


def _tell(verdicts: list[Verdict]) -> None:
    for v in verdicts:
        state = "whole" if not v.findings else f"{len(v.findings)} findings"
        click.echo(
            f"legal entity {v.legal_entity_id}: {state}, {v.records} records, {v.anchors} anchors, "
            f"{v.unanchored} records after the last anchor"
        )
        for finding in v.findings:
            click.echo(f"  record {finding.seq}: {finding.reason}: {finding.words}")
    if not verdicts:
        click.echo("no consents yet")


def _document_row(venue: Venue, document: ConsentDocument) -> dict[str, object]:
    return {
        "venue": venue.code,
        "kind": document.kind,
        "language": document.language,
        "version": document.version,
        "state": "published" if document.published_at else "draft",
        "published_at": document.published_at,
        "sha256": document.sha256,
    }


def _write_privately(path: Path, content: str) -> None:
    """The file holds a phone number: nobody else may read it, and nothing is written over."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already: choose another --output") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
