"""Bring a database to the newest schema, and say where it stands."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from portal.core.db import Base
from portal.core.share import SHARE


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
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata))
