"""The command as somebody types it in the tests' house."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.core.config import Settings


@pytest.fixture
def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """`cli("venue", "list", input="…")` runs `vestibule venue list` with the settings of the test."""
    monkeypatch.chdir(tmp_path)
    for name in ("demo", "data_dir", "database_url"):
        monkeypatch.setenv(f"VESTIBULE_{name.upper()}", str(getattr(settings, name)))
    for name in ("secret_key", "identity_key", "radius_hook_secret", "metrics_token"):
        monkeypatch.setenv(f"VESTIBULE_{name.upper()}", getattr(settings, name).get_secret_value())

    def run(*arguments: Any, **options: Any) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)

    return run
