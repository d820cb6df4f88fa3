"""`pip install .` into an empty environment gives the whole product: command, pages, migrations, translations."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOK = """
from pathlib import Path
import portal, radius_hooks
from portal.core.share import SHARE
from portal.core.i18n import translations
home = Path(portal.__file__).parents[1]
print(home, radius_hooks.__file__)
for name in ("templates/guest/landing.html", "static/guest/card.js", "migrations/env.py"):
    assert SHARE.is_relative_to(home) and (SHARE / name).is_file(), name
assert translations("ru").gettext("Guest card") != "Guest card"
from portal.app import create_app
from portal.core.config import load_settings
from portal.core.db import Database
settings = load_settings()
app = create_app(settings, Database(settings.url_of_database), print)
page = app.test_client().get("/", headers={"Accept-Language": "ru"})
assert page.status_code == 200 and 'lang="ru"' in page.text, page.text
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the built product in it; the libraries are lent by the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    site = next((folder / "lib").glob("python*/site-packages"))
    lent = next(path for path in sys.path if path.endswith("site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site), str(ROOT)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    # after our own packages, and without what the other environment's .pth files add: the checkout must not be found
    (site / "lent.pth").write_text(f"{lent}\n")
    return folder


def run(installed: Path, *command: str, **environment: str) -> str:
    """Run a program of that environment far from the checkout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VESTIBULE_", "PYTHON"))}
    done = subprocess.run(
        [str(installed / "bin/python"), *command],
        cwd=installed,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_works(installed: Path) -> None:
    assert "serve" in run(installed, "-m", "portal", "--help")
    script = next(installed.glob("lib/python*/site-packages/bin/vestibule"))
    assert "doctor" in run(installed, str(script), "--help")


def test_it_migrates_and_makes_a_demo(installed: Path) -> None:
    demo = {"VESTIBULE_DEMO": "true", "VESTIBULE_DATA_DIR": str(installed / "var")}
    assert "newest schema" in run(installed, "-m", "portal", "migrate", **demo)
    assert "/s/" in run(installed, "-m", "portal", "demo", **demo)


def test_pages_and_translations_are_inside(installed: Path) -> None:
    demo = {"VESTIBULE_DEMO": "true", "VESTIBULE_DATA_DIR": str(installed / "var2")}
    run(installed, "-m", "portal", "migrate", **demo)
    where = run(installed, "-c", LOOK, **demo)
    assert str(installed) in where and str(ROOT) not in where


def test_tests_and_tools_stay_out(installed: Path) -> None:
    site = next((installed / "lib").glob("python*/site-packages"))
    assert not (site / "tests").exists() and not (site / "bench").exists()
