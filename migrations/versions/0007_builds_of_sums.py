"""sums are built one at a time per venue; why a visit counts as a machine's is part of them

A migration that rebuilds `visit` (Alembic's batch mode on SQLite) drops the triggers and must create them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

COUNTED = (
    "venue_id, source_id, visitor_class, bot_reason, came_before, guest_id, arrived_at, synthetic, sms_kopecks, phone_at, "
    "code_sent_at, code_delivered_at, verified_at, card_at, card_saved_at, online_at"
)
SETTLED = "EXISTS (SELECT 1 FROM rollup_state WHERE venue_id = {row}.venue_id AND {row}.arrived_at < closed_until)"
MARK = "INSERT INTO rollup_mark (venue_id, arrived_at) VALUES ({row}.venue_id, {row}.arrived_at);"


def upgrade() -> None:
    op.add_column(
        "rollup_state",
        sa.Column("builds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for row in ("OLD", "NEW"):
            trigger = f"visit_update_marks_{row.lower()}"
            op.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            when, mark = SETTLED.format(row=row), MARK.format(row=row)
            op.execute(f"CREATE TRIGGER {trigger} AFTER UPDATE OF {COUNTED} ON visit WHEN {when} BEGIN {mark} END")
        return
    op.execute("DROP TRIGGER visit_update_marks ON visit")
    op.execute(
        f"CREATE TRIGGER visit_update_marks AFTER UPDATE OF {COUNTED} ON visit FOR EACH ROW EXECUTE FUNCTION mark_visit_update()"
    )
