"""Migrations and models say the same on both databases, and append-only tables stay append-only after every step."""

from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect, text

from portal.core import migrations
from portal.core.db import Database
from tests.portal.venues.test_changes import TABLES as CHANGING

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


def test_migrations_begin_as_writers_beside_a_version_that_still_runs(tmp_path: Path) -> None:
    database, begun = Database(f"sqlite:///{tmp_path / 'beside.db'}"), list[str]()
    event.listen(database.engine, "before_cursor_execute", lambda *args: begun.append(args[2]))
    migrations.migrate(database.engine)
    assert {one for one in begun if one.startswith("BEGIN")} == {"BEGIN IMMEDIATE"}
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


def test_triggers_notice_whatever_happens_to_the_parts_of_a_landing(database: Database) -> None:
    found = _triggers(database)
    for table in CHANGING:
        assert {"INSERT", "UPDATE", "DELETE"} <= {word for name, word in found if name == table}, table


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


def test_what_a_source_cost_becomes_a_row_on_the_venues_day(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'costs.db'}")
    config = migrations._config(database.engine)
    command.upgrade(config, "0006")
    with database.engine.begin() as connection:
        _fill(connection, "organization")
        _fill(connection, "legal_entity", organization_id=1)
        _fill(connection, "venue", organization_id=1, legal_entity_id=1, code="cafe", timezone="Asia/Vladivostok")
        late = "2026-11-01 20:00:00.000000"  # the next morning in Vladivostok
        for number, kopecks in ((1, 4250), (2, 0)):
            facts = {"id": number, "code": f"code-{number}", "cost_kopecks": kopecks, "created_at": late}
            _fill(connection, "source", organization_id=1, venue_id=1, **facts)
    command.upgrade(config, "head")
    with database.engine.begin() as connection:
        rows = connection.execute(text("SELECT source_id, kind, kopecks, pieces, first_day, last_day FROM source_cost")).all()
        assert rows == [(1, "once", 4250, 1, "2026-11-02", "2026-11-02")]
        # A version that still runs beside this one reads what it wrote; this one leaves the column to its default.
        assert connection.execute(text("SELECT cost_kopecks FROM source ORDER BY id")).scalars().all() == [4250, 0]
        columns = [c["name"] for c in inspect(connection).get_columns("source") if c["name"] != "cost_kopecks"]
        listed = ", ".join(c for c in columns if c not in ("id", "code"))
        connection.execute(text(f"INSERT INTO source (code, {listed}) SELECT 'new', {listed} FROM source WHERE id = 1"))
        assert connection.execute(text("SELECT cost_kopecks FROM source WHERE code = 'new'")).scalar() == 0
    assert migrations.differences(database.engine) == []
    database.engine.dispose()


def test_only_what_waits_to_be_dropped_is_left_out_of_the_comparison(database: Database) -> None:
    for table, column in migrations.WAITING_TO_BE_DROPPED:
        assert column in {found["name"] for found in inspect(database.engine).get_columns(table)}, "it was dropped: take it out"
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE source ADD COLUMN cost_kopecks_2 INTEGER"))
    assert "cost_kopecks_2" in str(migrations.differences(database.engine))


def test_the_bills_of_earlier_messages_come_to_their_visits(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'bills.db'}")
    config = migrations._config(database.engine)
    command.upgrade(config, "0011")
    with database.engine.begin() as connection:
        _fill(connection, "organization")
        _fill(connection, "legal_entity", organization_id=1)
        _fill(connection, "venue", organization_id=1, legal_entity_id=1, code="cafe", timezone="Europe/Moscow")
        here = {"organization_id": 1, "venue_id": 1}
        for number, device in ((1, "d"), (2, "d"), (3, None)):
            at = f"2026-11-0{number} 10:00:00.000000"
            _fill(
                connection, "visit", **here, id=number, public_id=f"v{number}", device_hash=device, arrived_at=at, sms_kopecks=0
            )
        _fill(connection, "phone_verification", **here, id=1, legal_entity_id=1, public_id="p", link="l", visit_id="v1")
        for number, path in ((1, "qr"), (2, "qr"), (3, "me")):
            facts = {"id": number, "reference": f"r{number}", "path": path, "cost_kopecks": 600, "verification_id": 1}
            _fill(connection, "sms_message", **here, **facts)
    command.upgrade(config, "head")
    with database.engine.begin() as connection:
        found = connection.execute(text("SELECT sms_kopecks, came_before FROM visit ORDER BY id")).all()
    assert found == [(1200, 0), (0, 1), (0, None)]
