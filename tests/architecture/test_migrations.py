"""Migrations and models say the same on both databases, and append-only tables stay append-only after every step."""

from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from portal.core import migrations
from portal.core.db import Database

APPEND_ONLY = ("consent_record", "consent_anchor")


def test_migrations_match_the_models(database: Database) -> None:
    assert migrations.is_current(database.engine)
    assert migrations.differences(database.engine) == []


def test_a_model_without_its_migration_is_noticed(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE source DROP COLUMN printed_count"))
    assert "printed_count" in str(migrations.differences(database.engine))


def test_there_is_one_line_of_migrations(database: Database) -> None:
    assert len(ScriptDirectory.from_config(migrations._config(database.engine)).get_heads()) == 1


def test_triggers_guard_the_evidence_after_every_migration(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'steps.db'}")
    config = migrations._config(database.engine)
    revisions = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    guarded = False
    for revision in revisions:
        command.upgrade(config, revision)
        found = _triggers(database)
        if guarded or found:
            guarded = True
            missing = [t for t in APPEND_ONLY if not {"UPDATE", "DELETE"} <= {word for name, word in found if name == t}]
            assert missing == [], f"after {revision}"
    assert guarded, "no migration made the triggers"
    database.engine.dispose()


def test_triggers_guard_the_evidence_on_both(database: Database) -> None:
    found = _triggers(database)
    for table in APPEND_ONLY:
        events = {word for name, word in found if name == table}
        assert {"UPDATE", "DELETE"} <= events
        assert database.is_sqlite or "TRUNCATE" in events


def test_a_second_migrate_changes_nothing(database: Database) -> None:
    before = _triggers(database)
    migrations.migrate(database.engine)
    assert _triggers(database) == before
    assert migrations.is_current(database.engine)


def _triggers(database: Database) -> set[tuple[str, str]]:
    """(table, event) of every trigger."""
    words = ("UPDATE", "DELETE", "TRUNCATE", "INSERT")
    with database.engine.connect() as connection:
        if database.is_sqlite:
            rows = connection.execute(text("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        else:
            query = (
                "SELECT c.relname, pg_get_triggerdef(t.oid) FROM pg_trigger t "
                "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
            )
            rows = connection.execute(text(query)).all()
    # only the head of a definition names its events; a body may hold the same words
    heads = [(table, sql.upper().split(" ON ")[0]) for table, sql in rows]
    return {(table, word) for table, head in heads for word in words if word in head.split("TRIGGER", 1)[1].split()}
