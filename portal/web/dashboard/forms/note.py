"""A note on a day of the graph."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField
from wtforms.validators import InputRequired

from portal.reporting.annotations import TEXT_LENGTH
from portal.web.dashboard.forms.typed import text


class NoteForm(FlaskForm):
    """The day and a few words."""

    day = DateField(_l("Day"), [InputRequired(_l("Choose the day."))])
    text = text(_l("What happened"), TEXT_LENGTH, _l("At most 120 characters."), _l("Write what happened, such as “new menu”."))
