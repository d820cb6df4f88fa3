"""A statement compiled for one dialect, in the form that its driver takes."""

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from sqlalchemy import Table

_NAMED = re.compile(r"%\((\w+)\)s")


class Ready:
    """A statement in one dialect: its text, the order of its values, and the way of values in and out."""

    def __init__(self, statement: Any, dialect: Any, columns: list[str] | None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        self.table: Table | None = getattr(statement, "table", None)
        self._text = compiled.string if compiled.positiontup else compiled.string.replace("%%", "%")
        self.sql = self.numbered(count(1))
        names = compiled.positiontup or _NAMED.findall(compiled.string)
        self._held = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
        self._held |= {column.key: column.default.arg for column in compiled.insert_prefetch if column.default.is_scalar}
        self._order = [(name, _processor(compiled.binds[name].type, dialect, "bind_processor")) for name in names]
        answer = list(getattr(statement, "exported_columns", ()))
        self._row: Any = namedtuple("Row", [column.key for column in answer]) if answer else tuple
        self._out = [_processor(column.type, dialect, "result_processor", None) for column in answer]

    def numbered(self, places: "count[int]") -> str:
        """The text, with the next of these numbers at each of its places: for PostgreSQL, SQLite's have none."""
        return _NAMED.sub(lambda _place: f"${next(places)}", self._text)

    def values(self, facts: dict[str, Any]) -> list[Any]:
        """In the order of their places."""
        known = self._held | facts if self._held else facts
        return [known[name] if into is None else into(known[name]) for name, into in self._order]

    def read(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """As Python's own types, named."""
        out, make = self._out, self._row
        return [make(*[value if of is None else of(value) for value, of in zip(row, out, strict=True)]) for row in rows]


def _processor(kind: Any, dialect: Any, which: str, *more: Any) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = getattr(kind.dialect_impl(dialect), which)(dialect, *more)
    return found
