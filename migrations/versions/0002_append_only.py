"""consents are append-only, published documents never change

Triggers on both databases. A migration that rebuilds one of these tables (Alembic's batch mode on SQLite) drops them
and has to make them again; tests/portal/consent/test_append_only.py proves them after every revision.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

# What makes a row the same row: SQLite's INSERT OR REPLACE would delete the old one past its DELETE trigger.
SAME = {
    "consent_record": (
        "id = NEW.id OR record_id = NEW.record_id OR declared_record_id = NEW.declared_record_id"
        " OR (legal_entity_id = NEW.legal_entity_id AND seq = NEW.seq)"
    ),
    "consent_anchor": "id = NEW.id OR (legal_entity_id = NEW.legal_entity_id AND seq = NEW.seq)",
    "consent_document": (
        "id = NEW.id OR (venue_id = NEW.venue_id AND kind = NEW.kind AND language = NEW.language AND version = NEW.version)"
    ),
}
APPEND_ONLY = ("consent_record", "consent_anchor")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    for table in APPEND_ONLY:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - our own words
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {SAME[table]}) {refuse}"
        )
    refuse = "BEGIN SELECT RAISE(ABORT, 'a published consent_document never changes'); END"
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER consent_document_no_{event.lower()} BEFORE {event} ON consent_document "
            f"WHEN OLD.published_at IS NOT NULL {refuse}"
        )
    op.execute(
        "CREATE TRIGGER consent_document_no_replace BEFORE INSERT ON consent_document WHEN EXISTS "  # noqa: S608
        f"(SELECT 1 FROM consent_document WHERE published_at IS NOT NULL AND ({SAME['consent_document']})) {refuse}"
    )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER consent_document_no_change BEFORE UPDATE OR DELETE ON consent_document FOR EACH ROW "
        "WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change()"
    )
    for table in (*APPEND_ONLY, "consent_document"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
