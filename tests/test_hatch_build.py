"""Building the package beside a running portal harms nobody."""

import gettext
import shutil
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_catalogue_is_put_into_place_in_one_step(tmp_path: Path) -> None:
    folder = tmp_path / "portal" / "translations" / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / folder.relative_to(tmp_path) / "messages.po", folder)
    built = folder / "messages.mo"
    built.write_bytes(b"the one before")
    hook = import_module("hatch_build").CatalogHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    with built.open("rb") as reader:
        hook.initialize("standard", {})
        assert reader.read() == b"the one before", "whoever had it open reads it whole"
    with built.open("rb") as reader:
        assert gettext.GNUTranslations(reader).gettext("Guest card") == "Карта гостя"
    assert sorted(path.name for path in folder.iterdir()) == ["messages.mo", "messages.po"]
