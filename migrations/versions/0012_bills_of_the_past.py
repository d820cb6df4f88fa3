"""what the messages of earlier visits cost, and which of the visits written meanwhile came from a device seen before

On a fresh database both find nothing. Days that are summed up already are marked by the triggers and summed up again.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

BILLS = """
    UPDATE visit SET sms_kopecks = (
        SELECT coalesce(sum(m.cost_kopecks), 0) FROM sms_message m JOIN phone_verification v ON v.id = m.verification_id
        WHERE v.visit_id = visit.public_id AND m.path <> 'me'
    )
    WHERE sms_kopecks = 0 AND EXISTS (
        SELECT 1 FROM sms_message m JOIN phone_verification v ON v.id = m.verification_id
        WHERE v.visit_id = visit.public_id AND m.path <> 'me' AND m.cost_kopecks > 0
    )
"""
CAME_BEFORE = """
    UPDATE visit SET came_before = EXISTS (
        SELECT 1 FROM visit AS earlier
        WHERE earlier.venue_id = visit.venue_id AND earlier.device_hash = visit.device_hash
        AND earlier.arrived_at < visit.arrived_at
    )
    WHERE came_before IS NULL AND device_hash IS NOT NULL
"""


def upgrade() -> None:
    op.execute(BILLS)
    op.execute(CAME_BEFORE)
