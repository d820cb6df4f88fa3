"""what a source cost becomes rows of costs; a line on its sheets that says why to scan

source.cost_kopecks waits to be dropped (portal/core/migrations.py): a version of the product that still runs beside the
new one reads and writes it, while the new one leaves it to its default.
"""

from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"

KOPECKS = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sheet_line",
        sa.Column("venue_id", KOPECKS, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("organization_id", KOPECKS, nullable=False),
        sa.Column("text", sa.String(length=90), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_sheet_line_organization_id")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_sheet_line_venue_id")),
        sa.PrimaryKeyConstraint("venue_id", "kind", "language", name=op.f("pk_sheet_line")),
        sqlite_strict=True,
    )
    _costs_become_rows()
    _cost_gets_a_default()


def _costs_become_rows() -> None:
    """Once, on the venue's day on which the source was made: nothing nearer is known."""
    connection = op.get_bind()
    source = sa.table(
        "source", *(sa.column(name) for name in ("id", "organization_id", "venue_id", "cost_kopecks")),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )  # fmt: skip
    venue = sa.table("venue", sa.column("id"), sa.column("timezone"))
    cost = sa.table(
        "source_cost",
        *(sa.column(name) for name in ("organization_id", "venue_id", "source_id", "kind", "kopecks", "pieces", "note")),
        *(sa.column(name, sa.Date()) for name in ("first_day", "last_day")), sa.column("created_at", sa.DateTime(timezone=True)),
    )  # fmt: skip
    spent = sa.select(source, venue.c.timezone).join(venue, venue.c.id == source.c.venue_id).where(source.c.cost_kopecks > 0)
    rows = [
        {
            "organization_id": row.organization_id, "venue_id": row.venue_id, "source_id": row.id, "kind": "once",
            "kopecks": row.cost_kopecks, "pieces": 1, "note": "", "first_day": _day(row), "last_day": _day(row),
            "created_at": row.created_at,
        }
        for row in connection.execute(spent)
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(cost), rows)


def _day(row: sa.Row) -> date:
    moment = row.created_at
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("UTC"))  # SQLite gives naive ones, in UTC
    return moment.astimezone(ZoneInfo(row.timezone)).date()


def _cost_gets_a_default() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE source ALTER COLUMN cost_kopecks SET DEFAULT 0")
        return
    # SQLite changes no default: a column beside it takes its values and its name, without rebuilding the table.
    op.execute("ALTER TABLE source ADD COLUMN kept_kopecks INTEGER NOT NULL DEFAULT 0")
    op.execute("UPDATE source SET kept_kopecks = cost_kopecks")
    op.execute("ALTER TABLE source DROP COLUMN cost_kopecks")
    op.execute("ALTER TABLE source RENAME COLUMN kept_kopecks TO cost_kopecks")
