"""a change of what landings are made of leaves a row, so that every process knows when to read it anew

A migration that rebuilds one of these tables (Alembic's batch mode on SQLite) drops its triggers and must create them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TABLES = ("legal_entity", "venue", "source", "gateway", "consent_document")
EVENTS = ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    op.create_table(
        "front_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_front_change")),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for event in EVENTS:
                name = f"{table}_{event.lower()}_changes_fronts"
                body = "INSERT INTO front_change (id) VALUES (NULL);"
                op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body} END")
        return
    body = "INSERT INTO front_change DEFAULT VALUES; RETURN NULL;"
    # the path, because a restore of data alone sets an empty one
    how = "LANGUAGE plpgsql SET search_path FROM CURRENT"
    op.execute(f"CREATE FUNCTION note_front_change() RETURNS trigger {how} AS $$ BEGIN {body} END $$")
    for table in TABLES:
        events = " OR ".join((*EVENTS, "TRUNCATE"))
        op.execute(
            f"CREATE TRIGGER {table}_changes_fronts AFTER {events} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_front_change()"
        )
