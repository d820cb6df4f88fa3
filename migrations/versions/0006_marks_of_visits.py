"""a change of a visit on a day that is summed up leaves a mark; what is known of devices that came before

A migration that rebuilds `visit` (Alembic's batch mode on SQLite) drops the triggers and must create them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# The columns that a sum is made of. Addresses, user agents and the like may go without a mark.
COUNTED = (
    "venue_id, source_id, visitor_class, came_before, is_returning, guest_id, arrived_at, synthetic, sms_kopecks, phone_at, "
    "code_sent_at, code_delivered_at, verified_at, card_at, card_saved_at, online_at"
)
SETTLED = "EXISTS (SELECT 1 FROM rollup_state WHERE venue_id = {row}.venue_id AND {row}.arrived_at < closed_until)"
MARK = "INSERT INTO rollup_mark (venue_id, arrived_at) VALUES ({row}.venue_id, {row}.arrived_at);"
EVENTS = {"insert": ("INSERT", ("NEW",)), "update": (f"UPDATE OF {COUNTED}", ("OLD", "NEW")), "delete": ("DELETE", ("OLD",))}


def upgrade() -> None:
    _came_before()
    if op.get_bind().dialect.name == "sqlite":
        for name, (event, rows) in EVENTS.items():
            for row in rows:
                trigger = f"visit_{name}_marks_{row.lower()}"
                when, mark = SETTLED.format(row=row), MARK.format(row=row)
                op.execute(f"CREATE TRIGGER {trigger} AFTER {event} ON visit WHEN {when} BEGIN {mark} END")
        return
    for name, (event, rows) in EVENTS.items():
        body = " ".join(f"IF {SETTLED.format(row=row)} THEN {MARK.format(row=row)} END IF;" for row in rows)
        op.execute(f"CREATE FUNCTION mark_visit_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")
        op.execute(f"CREATE TRIGGER visit_{name}_marks AFTER {event} ON visit FOR EACH ROW EXECUTE FUNCTION mark_visit_{name}()")


def _came_before() -> None:
    op.execute(
        sa.text(
            "UPDATE visit SET came_before = EXISTS (SELECT 1 FROM visit AS earlier WHERE earlier.venue_id = visit.venue_id "
            "AND earlier.device_hash = visit.device_hash AND earlier.arrived_at < visit.arrived_at) WHERE device_hash IS NOT NULL"
        )
    )
