"""Alembic's environment: the engine of the product, whole-or-nothing migrations on both databases."""

from alembic import context

from portal.core.db import UtcDateTime
from portal.core.kept import WRITES
from portal.core.migrations import is_compared
from portal.models import metadata


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Migrations name plain column types: they never import the product."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


engine = context.config.attributes["engine"]

with engine.connect().execution_options(**{WRITES: True}) as connection:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:  # batch mode drops and re-creates tables: children must not be deleted by cascade
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=sqlite,
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_type=True,
        render_item=render_item,
        include_object=is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"foreign keys broken by a migration: {broken[:3]}")
        connection.rollback()
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
