"""Settings, databases and clients of the tests. Every room's tests run on SQLite and on PostgreSQL."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from portal import models
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.migrations import migrate
from tests.support import canary, compiled_once
from tests.support.house import NOW, House, build_house
from tests.support.postgres import PrivatePostgres
from tests.support.postgres import missing as postgres_missing

assert models


LONG = ("labs/test_opennds.py", "radius_hooks/test_robustness.py", "web/api/test_contract.py")


def pytest_configure(config: pytest.Config) -> None:
    """From here on the canary listens, nothing is compiled twice, and no example is timed: the machine may be busy."""
    canary.watch(config)
    compiled_once.begin()
    hypothesis_settings.register_profile("untimed", hypothesis_settings.default, deadline=None)
    hypothesis_settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits begins first, whatever the order of chance: else everybody waits for it at the end."""
    items.sort(key=lambda item: not str(item.path).endswith(LONG))


def skip_or_fail(reason: str) -> None:
    """Without a real part a test is skipped with the reason; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A private server for the session, with a migrated template database."""
    reason = postgres_missing()
    if reason:
        skip_or_fail(reason)
    server = PrivatePostgres()
    server.sql("CREATE DATABASE template_vestibule")
    template = Database(server.url("template_vestibule"), pool_size=1)
    migrate(template.engine)
    template.engine.dispose()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrate(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.engine.dispose()
    return path


_serial = iter(range(10**9))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "vestibule.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PrivatePostgres = request.getfixturevalue("postgres")
    name = f"t{os.getpid()}_{next(_serial)}"
    server.sql(f"CREATE DATABASE {name} TEMPLATE template_vestibule STRATEGY FILE_COPY")
    yield server.url(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The product's Database on that."""
    database = Database(database_url)
    yield database
    database.engine.dispose()


@pytest.fixture
def now() -> datetime:
    """The tests' moment; verbs take it as an argument, so no clock is patched."""
    return NOW


@pytest.fixture
def house(database: Database) -> House:
    """One tenant, written."""
    with database.writing() as session:
        return build_house(session)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a demo on loopback, with secrets of the tests' own."""
    return make_settings(tmp_path, database_url=database_url)


def make_settings(folder: Path, **overrides: object) -> Settings:
    """Settings that start; overrides win."""
    values: dict[str, object] = {
        "demo": True,
        "data_dir": folder,
        **canary.SECRETS,
        **overrides,
    }
    return Settings(_env_file=None, **values)  # type: ignore[arg-type,call-arg]


@pytest.fixture
def world(settings: Settings, database: Database, house: House) -> object:
    """The portal with published documents, on each database."""
    from tests.support.signups import World

    return World(settings, database, house)
