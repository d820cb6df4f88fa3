"""Bring a database to the newest schema, and say where it stands."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from portal.core.db import Base
from portal.core.share import SHARE

# Columns that no model has any more, left for a version that still runs beside the new one; a later migration drops them.
WAITING_TO_BE_DROPPED = frozenset({("source", "cost_kopecks")})  # since 0010: its values are rows of source_cost


def is_compared(thing: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:
    """Alembic's `include_object`: everything but what waits to be dropped."""
    return not (reflected and kind == "column" and (thing.table.name, name) in WAITING_TO_BE_DROPPED)


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SHARE / "migrations"))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Apply every missing migration, each in its own transaction."""
    command.upgrade(_config(engine), "head")


def is_current(engine: Engine) -> bool:
    """True when the database is at the newest migration."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(_config(engine)).get_current_head()


def new_migration(engine: Engine, message: str) -> Path:
    """Write a migration from the difference between models and database (for developers)."""
    script = command.revision(_config(engine), message, autogenerate=True)
    return Path(script.path)  # type: ignore[union-attr]


def differences(engine: Engine) -> list[object]:
    """What the models have and the database lacks, or the other way round. Empty when they match."""
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_compared}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))
