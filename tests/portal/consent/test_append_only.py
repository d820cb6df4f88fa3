"""After every migration from 0002 on, both databases refuse to change evidence, whoever asks."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.db import Database
from portal.core.migrations import _config
from portal.core.share import SHARE
from tests.support.postgres import PrivatePostgres

REVISIONS = sorted(r.revision for r in ScriptDirectory(str(SHARE / "migrations")).walk_revisions() if r.revision >= "0002")
RECORD = (
    "INSERT INTO consent_record (id, organization_id, legal_entity_id, venue_id, seq, record_id, event, purpose, document_id,"
    " document_version, document_sha256, language, control, visit_id, subject, opening_id, commitments, at, prev_hash, row_hash)"
    " VALUES (1, 1, 1, 1, 1, 'r1', 'declared', 'card', 1, 1, 'x', 'ru', 'c', 'v', 's', 'o', '{}', '2026-01-01', 'p', 'h')"
)
ANCHOR = (
    "INSERT INTO consent_anchor (id, organization_id, legal_entity_id, seq, head_hash, signed_at, key_id, signature)"
    " VALUES (1, 1, 1, 1, 'h', '2026-01-01', 'k', 's')"
)
DOCUMENT = (
    "INSERT INTO consent_document (id, organization_id, legal_entity_id, venue_id, kind, language, version, title, body, sha256,"
    " created_at, published_at) VALUES (1, 1, 1, 1, 'card_consent', 'ru', 1, 't', 'b', 'x', '2026-01-01', '2026-01-01')"
)
DRAFT = DOCUMENT.replace("VALUES (1, 1, 1, 1, 'card_consent'", "VALUES (2, 1, 1, 1, 'wifi_terms'").replace(
    "'2026-01-01', '2026-01-01')", "'2026-01-01', NULL)"
)
REFUSED = [
    "UPDATE consent_record SET at = '2025-01-01'",
    "UPDATE consent_record SET row_hash = 'y' WHERE id = 1",
    "DELETE FROM consent_record",
    "UPDATE consent_anchor SET head_hash = 'y'",
    "DELETE FROM consent_anchor WHERE seq = 1",
    "UPDATE consent_document SET body = 'other' WHERE id = 1",
    "UPDATE consent_document SET published_at = NULL WHERE id = 1",
    "UPDATE consent_document SET sha256 = 'y', title = 'y' WHERE id = 1",
    "DELETE FROM consent_document WHERE id = 1",
]
SQLITE_REFUSED = [
    RECORD.replace("INSERT", "INSERT OR REPLACE"),
    RECORD.replace("INSERT", "REPLACE").replace("VALUES (1, 1, 1, 1, 1, 'r1'", "VALUES (9, 1, 1, 1, 1, 'r9'"),
    ANCHOR.replace("INSERT", "INSERT OR REPLACE"),
    DOCUMENT.replace("INSERT", "INSERT OR REPLACE").replace("VALUES (1,", "VALUES (9,"),
]
POSTGRESQL_REFUSED = [f"TRUNCATE {table} CASCADE" for table in ("consent_record", "consent_anchor", "consent_document")]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database without any table."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'empty.db'}")
    server: PrivatePostgres = request.getfixturevalue("postgres")
    name = f"empty_{tmp_path.name}".lower().replace("-", "_")[:60]
    server.sql(f'CREATE DATABASE "{name}"')
    return Database(server.url(name))


@pytest.mark.parametrize("revision", REVISIONS)
def test_after_each_migration_evidence_can_only_be_added(empty: Database, revision: str) -> None:
    command.upgrade(_config(empty.engine), revision)
    _insert(empty, RECORD, ANCHOR, DOCUMENT, DRAFT)
    for statement in [*REFUSED, *(SQLITE_REFUSED if empty.is_sqlite else POSTGRESQL_REFUSED)]:
        with pytest.raises(DBAPIError, match=r"append-only|never changes"), empty.engine.begin() as connection:
            connection.execute(text(statement))
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE consent_document SET body = 'edited' WHERE id = 2"))
        connection.execute(text("DELETE FROM consent_document WHERE id = 2"))
    empty.engine.dispose()


def test_sqlite_refuses_replace_from_a_shell_that_did_not_ask_for_recursive_triggers(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shell.db'}")
    command.upgrade(_config(database.engine), "head")
    database.engine.dispose()
    shell = sqlite3.connect(tmp_path / "shell.db")
    for statement in (RECORD, ANCHOR, DOCUMENT):
        shell.execute(statement)
    for statement in [*REFUSED, *SQLITE_REFUSED]:
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never changes"):
            shell.execute(statement)
    shell.close()


def _insert(database: Database, *statements: str) -> None:
    """Rows without parents: only the triggers are on trial."""
    if database.is_sqlite:
        shell = sqlite3.connect(str(database.engine.url.database))
        for statement in statements:
            shell.execute(statement)
        shell.commit()
        shell.close()
        return
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
