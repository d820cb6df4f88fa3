"""Every text that a person can read exists in Russian and in English."""

import ast
import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PO = ROOT / "portal/translations/ru/LC_MESSAGES/messages.po"
METHODS = [("portal/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {
    "_": None,
    "_l": None,
    "marked": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
}
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def test_the_russian_catalogue_holds_every_text() -> None:
    russian = _catalogue()
    missing = sorted({str(m) for m in _used()} - {str(m.id) for m in russian if m.id})
    assert missing == [], "run `make messages` and translate"


def test_no_text_is_left_in_the_catalogue_that_nobody_says() -> None:
    used = {str(m) for m in _used()}
    assert sorted(str(m.id) for m in _catalogue() if m.id and str(m.id) not in used) == []


def test_every_text_is_translated_for_certain() -> None:
    bad = [message.id for message in _catalogue() if message.id and (not _forms(message) or message.fuzzy)]
    assert bad == []


def test_placeholders_survive_translation() -> None:
    wrong = [m.id for m in _catalogue() if m.id and any(_places(form) - _places(_source(m)) for form in _forms(m))]
    assert wrong == []


def test_russian_is_written_as_russian() -> None:
    forms = [form for message in _catalogue() if message.id for form in _forms(message)]
    assert [form for form in forms if "!" in form or '"' in form or " - " in form] == []


def test_texts_for_people_stand_in_the_catalogue_not_in_the_code() -> None:
    """Cyrillic in templates is a text that English guests would see; documents and SMS have files of their own."""
    guilty = [
        str(p.relative_to(ROOT)) for p in (ROOT / "templates").rglob("*.html") if CYRILLIC.search(_without_names(p.read_text()))
    ]
    assert guilty == []


def test_a_text_inside_an_f_string_is_found() -> None:
    assert _said_inside_f_strings("f\"{said}: {_('share')}\"") == [1]
    assert _said_inside_f_strings("x = 1\nf'{translations(a).ngettext(b, c, 2):>{_l(d)}}'") == [2, 2]
    assert _said_inside_f_strings('_(f"{said}"); f"{said(1)}"') == []


def test_no_text_is_said_inside_an_f_string() -> None:
    """Babel on Python 3.11 reads an f-string as one piece: such a text never reaches the catalogue, nor the tests above."""
    found = {str(p.relative_to(ROOT)): _said_inside_f_strings(p.read_text()) for p in (ROOT / "portal").rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}, "say it before the f-string"


def _said_inside_f_strings(source: str) -> list[int]:
    """Lines of the calls that would say a text from inside an f-string."""
    strings = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr))
    calls = {node for string in strings for node in ast.walk(string) if isinstance(node, ast.Call)}
    return sorted(call.lineno for call in calls if _name_of(call.func) in KEYWORDS)


def _name_of(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _without_names(text: str) -> str:
    return re.sub(r"\{#.*?#\}|Русский|\bРус\b|\bRU\b|Ру\b", "", text, flags=re.DOTALL)


def _used() -> set[object]:
    methods = [(pattern, method) for pattern, method in METHODS]
    options = {"templates/**.html": {"silent": "false"}}
    found = extract_from_dir(str(ROOT), methods, options_map=options, keywords=KEYWORDS, directory_filter=_worth_a_look)
    return {message for _file, _line, message, _comments, _context in found}


def _worth_a_look(folder: str) -> bool:
    return not Path(folder).name.startswith((".", "_")) and Path(folder).name not in {"tests", "bench", "var", "screenshots"}


def _catalogue() -> Catalog:
    return read_po(io.BytesIO(PO.read_bytes()), locale="ru")


def _forms(message: Message) -> list[str]:
    forms = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
    return forms if all(forms) else []


def _source(message: Message) -> str:
    return " ".join(message.id) if isinstance(message.id, tuple | list) else str(message.id)


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]", text))
