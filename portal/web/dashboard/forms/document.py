"""A draft of a document."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from portal.consent import documents, markup


class DocumentForm(FlaskForm):
    """The words alone: the first line is the title. What a box does is not the document's to say."""

    body = TextAreaField(
        _l("Text; the first line is the title"),
        [
            InputRequired(_l("A document has words: type them.")),
            Length(max=markup.MOST, message=_l("At most 60,000 characters: shorten it.")),
        ],
    )

    def validate_body(self, field: Field) -> None:
        """A title line that is no whole paragraph."""
        body = markup.clean(field.data)
        if not body:
            raise ValidationError(_("A document has words: type them."))
        if len(markup.title_of(body)) > documents.TITLE_MOST:
            raise ValidationError(_("The first line is the title: at most 200 characters, then an empty line."))
