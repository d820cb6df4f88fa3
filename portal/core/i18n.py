"""Languages of the product. Texts for people live in templates and catalogues, never in branches by language."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

LANGUAGES = ("ru", "en")
FOLDER = Path(__file__).resolve().parent.parent / "translations"


def choose_language(wanted: Sequence[str | None], default: str = "ru") -> str:
    """The first wanted language that the product speaks."""
    for tag in wanted:
        language = (tag or "").strip().lower().replace("_", "-").split("-")[0]
        if language in LANGUAGES:
            return language
    return default


def marked(text: str) -> str:
    """A text of a table: it goes into the catalogues, and whoever shows it translates it."""
    return text


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language for rooms that run without a web framework (SMS, exports)."""
    return Translations.load(str(FOLDER), [language])
