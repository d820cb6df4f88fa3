"""Random secrets for the demo, made once and kept in the data folder; production never gets any from here."""

import os
import secrets
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

NAMES = ("SECRET_KEY", "IDENTITY_KEY", "RADIUS_HOOK_SECRET", "METRICS_TOKEN")
FILE = "secrets.env"
PREFIX = "VESTIBULE_"


class _Place(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    data_dir: Path = Path("var")


class _Switch(_Place):
    demo: bool = False


def folder() -> Path:
    """The data folder, found before the other settings: it holds some of them."""
    return _Place().data_dir


def ensure_if_demo() -> Path | None:
    """Make what is missing when the demo is switched on; returns the file, or None outside the demo."""
    try:
        switch = _Switch()
    except ValidationError:  # neither on nor off: whoever reads all settings says so
        return None
    return ensure(switch.data_dir) if switch.demo else None


def ensure(data_dir: Path) -> Path:
    """Write secrets.env (mode 0600) unless it is there. A second start keeps the first one's secrets."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data_dir / FILE
    if not path.exists():
        lines = [f"{PREFIX}{name}={secrets.token_urlsafe(32)}\n" for name in NAMES]
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text("".join(lines), "ascii")
        fresh.rename(path)
    return path
