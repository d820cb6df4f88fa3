"""gateways that were there before get the names and keys that new ones are made with"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

gateway = sa.table("gateway", sa.column("id", sa.Integer), sa.column("key", sa.String), sa.column("script_key", sa.String))


def upgrade() -> None:
    bind = op.get_bind()
    for number in bind.scalars(sa.select(gateway.c.id).where(gateway.c.key.is_(None))).all():
        values = {"key": secrets.token_hex(12), "script_key": secrets.token_urlsafe(24)}
        bind.execute(gateway.update().where(gateway.c.id == number).values(**values))
