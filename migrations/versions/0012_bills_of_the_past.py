"""what the messages of earlier visits cost, and which of the visits written meanwhile came from a device seen before

On a fresh database both find nothing. Days that are summed up already are marked by the triggers and summed up again.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

BILLED = (
    "SELECT sum(m.cost_kopecks) FROM sms_message m JOIN phone_verification v ON v.id = m.verification_id "
    "WHERE v.visit_id = visit.public_id AND m.path <> 'me'"
)
EARLIER = (
    "SELECT 1 FROM visit AS earlier WHERE earlier.venue_id = visit.venue_id AND earlier.device_hash = visit.device_hash "
    "AND earlier.arrived_at < visit.arrived_at"
)


def upgrade() -> None:
    op.execute(f"UPDATE visit SET sms_kopecks = ({BILLED}) WHERE sms_kopecks = 0 AND coalesce(({BILLED}), 0) > 0")  # noqa: S608
    op.execute(f"UPDATE visit SET came_before = EXISTS ({EARLIER}) WHERE came_before IS NULL AND device_hash IS NOT NULL")  # noqa: S608
