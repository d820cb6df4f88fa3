"""Text as people type it into the dashboard: trimmed, and without what can neither be seen nor stored."""

from typing import Any

from wtforms import EmailField, Field, StringField, TextAreaField
from wtforms.validators import DataRequired, Length


def one_line(typed: str | None) -> str:
    """One line without control and direction marks (NUL would be refused by PostgreSQL, RTL marks would mislead)."""
    return " ".join("".join(c if c.isprintable() else " " for c in typed or "").split())


def lines(typed: str | None) -> str:
    """The same, line by line."""
    return "\n".join(one_line(line) for line in (typed or "").splitlines()).strip()


def text(
    label: Any, most: int, too_long: Any, needed: Any = None, more: tuple[Any, ...] = (), kind: type[Field] = StringField
) -> Field:
    """A field of one line with at most `most` characters; `needed` is what to say when it is empty."""
    checks = [*([DataRequired(needed)] if needed else []), Length(max=most, message=too_long), *more]
    return kind(label, checks, filters=[one_line])


def email(label: Any, most: int, too_long: Any, needed: Any, more: tuple[Any, ...] = ()) -> Field:
    """The same for an address."""
    return text(label, most, too_long, needed, more, EmailField)


def several_lines(label: Any, most: int, too_long: Any) -> Field:
    """A field of several lines, which may stay empty."""
    return TextAreaField(label, [Length(max=most, message=too_long)], filters=[lines])
