"""The real portal in its room: gunicorn and worker on a private database, by http or https."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.core.config import Settings
from tests.labs.network import PORTAL, Network
from tests.support.gunicorn import ROOT, SECRETS
from tests.support.programs import wait_until


@contextmanager
def front(made: Network, settings: Settings, certificate: Path | None) -> Iterator[None]:
    """Serves `settings.public_url` until the end of the block."""
    environment = _environment(settings)
    python = ("env", "-C", str(ROOT), sys.executable, "-m")
    tls = ("--certfile", str(certificate), "--keyfile", str(certificate)) if certificate else ()
    bind = ("-b", f"{PORTAL}:{settings.port}")
    served = (*python, "gunicorn", "-c", "python:portal.gunicorn_conf", *bind, *tls, "portal.wsgi:app")
    running = [
        made.start("portal", *served, log="portal.log", env=environment),
        made.start("portal", *python, "portal", "worker", log="worker.log", env=environment),
    ]
    address = f"{'https' if certificate else 'http'}://{PORTAL}:{settings.port}/healthz"
    try:
        assert wait_until(lambda: _answers(made, address), 60), made.said("portal.log") + made.said("worker.log")
        yield
    finally:
        for program in running:
            program.terminate()
        for program in running:
            program.wait(20)


def _answers(made: Network, address: str) -> bool:
    return made.succeeds(
        "portal", "curl", "-skf", "-m", "2", "--noproxy", "*", "-o", "/dev/null", "-H", "Host: portal.test", address
    )


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VESTIBULE_", "PROMETHEUS_"))}
    own = {
        "DEMO": "true", "DATA_DIR": str(settings.data_dir), "PORT": str(settings.port), "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.url_of_database, "WEB_WORKERS": "1", "WORKER_THREADS": "2",
        **{name.upper(): getattr(settings, name).get_secret_value() for name in SECRETS},
    }  # fmt: skip
    return kept | {f"VESTIBULE_{name}": value for name, value in own.items()}
