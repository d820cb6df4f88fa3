"""which sums of visits a venue has: what is there was made by a version that knew days and months"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    with op.batch_alter_table("rollup_state", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("layout", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="1", nullable=False)
        )
