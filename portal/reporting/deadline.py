"""The one piece of SQL that differs between the databases: a stored time plus whole seconds, compared exactly."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from portal.core.db import UtcDateTime


class Deadline(FunctionElement[Any]):
    """`deadline(column, window)`: comparable with any other UtcDateTime column on both databases."""

    type = UtcDateTime()
    inherit_cache = True
    name = "deadline"


def deadline(moment: ColumnElement[datetime], window: timedelta) -> Deadline:
    """`moment` + `window`; the window is taken in whole seconds."""
    return Deadline(moment, literal(int(window.total_seconds())))


@compiles(Deadline, "postgresql")
def _postgresql(element: Deadline, compiler: Any, **kw: Any) -> str:
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({moment} + make_interval(secs => {seconds}))"


@compiles(Deadline, "sqlite")
def _sqlite(element: Deadline, compiler: Any, **kw: Any) -> str:
    """Times are text, `YYYY-MM-DD HH:MM:SS.ffffff`: move the seconds, carry the microseconds over as they are.

    `datetime()` of the whole text would round .9996 up to the next second.
    """
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(datetime(substr({moment}, 1, 19), {seconds} || ' seconds') || substr({moment}, 20))"
