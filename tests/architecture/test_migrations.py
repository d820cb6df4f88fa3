"""Migrations and models say the same on both databases, and append-only tables stay append-only after every step."""

from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

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


def test_a_gateway_and_its_sessions_from_before_are_carried_over(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'before.db'}")
    config = migrations._config(database.engine)
    command.upgrade(config, "0002")
    with database.engine.begin() as connection:
        _fill(connection, "organization")
        _fill(connection, "legal_entity", organization_id=1)
        _fill(connection, "venue", organization_id=1, legal_entity_id=1, code="cafe")
        _fill(connection, "gateway", organization_id=1, venue_id=1, kind="simulator")
        _fill(connection, "nas", organization_id=1, venue_id=1, gateway_id=1, name="cafe-nas")
        _fill(
            connection, "access_grant", organization_id=1, venue_id=1, user_name="ab12", identification_id=None, voucher_id=None
        )
        _fill(connection, "accounting_session", organization_id=1, venue_id=1, nas_id=1, acct_session_id="s", user_name="ab12")
    command.upgrade(config, "head")
    with database.engine.connect() as connection:
        key, script_key, options = connection.execute(text("SELECT key, script_key, options FROM gateway")).one()
        assert len(key) == 24 and len(script_key) >= 32 and options == "{}"
        assert connection.execute(text("SELECT user_name, incarnation FROM accounting_session")).one() == ("ab12", 0)
    assert migrations.differences(database.engine) == []
    database.engine.dispose()


def _fill(connection: Connection, table: str, **values: object) -> None:
    """One row with something of the right type in every column that needs a value."""
    columns = inspect(connection).get_columns(table)
    row = {c["name"]: values[c["name"]] for c in columns if c["name"] in values}
    for column in columns:
        if column["name"] not in row and not column["nullable"] and column["default"] is None:
            row[column["name"]] = _something(str(column["type"]), column["name"])
    names = ", ".join(row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in row)})"), row)


def _something(kind: str, name: str) -> object:
    if kind.startswith("DATETIME"):
        return "2026-11-01 09:00:00.000000"
    if kind == "JSON":
        return "{}"
    return 1 if kind in ("INTEGER", "BIGINT", "BOOLEAN") else name[:8]


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
