"""What of a sheet is wanted, and its line that says why to scan."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.acquisition.models import Source
from portal.acquisition.sheet_lines import LENGTH
from portal.core.i18n import LANGUAGES
from portal.web.dashboard.forms.typed import text
from portal.web.dashboard.paper.formats import FORMATS
from portal.web.dashboard.source_words import PAPERS, PRINT_MODES
from portal.web.dashboard.words import LANGUAGE_NAMES

FILES = ("pdf", "svg")


class SheetForm(FlaskForm):
    """One format of one placement, as a file."""

    name = SelectField(_l("Format"), [InputRequired()], choices=[(name, PAPERS[name]) for name in FORMATS])
    file = SelectField(_l("File"), [InputRequired()], choices=[(file, file.upper()) for file in FILES])
    mode = SelectField(_l("How it is printed"), [InputRequired()], choices=list(PRINT_MODES.items()))
    paper = SelectField(
        _l("Language of the paper"), [InputRequired()], choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES]
    )
    label = BooleanField(_l("The source's name, small in the corner"))


class SheetsForm(SheetForm):
    """One format of several placements, in one PDF."""

    file = None  # a picture holds one sheet
    codes = SelectMultipleField(
        _l("Sources"), [InputRequired(_l("Choose at least one source."))],
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False),
    )  # fmt: skip

    def offer(self, sources: list[Source]) -> Any:
        """Say which ones there are."""
        self.codes.choices = [(source.code, source.label) for source in sources]
        return self


class LineForm(FlaskForm):
    """Why to scan, in each language; empty: the default."""

    why_ru = text(_l("In Russian"), LENGTH, _l("At most 90 characters."))
    why_en = text(_l("In English"), LENGTH, _l("At most 90 characters."))

    def texts(self) -> dict[str, str]:
        """By language."""
        return {"ru": self.why_ru.data or "", "en": self.why_en.data or ""}
