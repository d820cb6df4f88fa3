"""Whole microseconds between two stored times, the same on both databases."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from portal.core.db import BigId


class Elapsed(FunctionElement[int]):
    """`elapsed(since, until)`: an integer, negative when the times stand the wrong way round."""

    type = BigId
    inherit_cache = True
    name = "elapsed"


def elapsed(since: ColumnElement[Any], until: ColumnElement[Any]) -> Elapsed:
    """`until` − `since`."""
    return Elapsed(since, until)


@compiles(Elapsed, "postgresql")
def _postgresql(element: Elapsed, compiler: Any, **kw: Any) -> str:
    since, until = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(extract(epoch FROM ({until} - {since})) * 1000000 AS bigint)"


@compiles(Elapsed, "sqlite")
def _sqlite(element: Elapsed, compiler: Any, **kw: Any) -> str:
    """Times are text, `YYYY-MM-DD HH:MM:SS.ffffff`; a difference of Julian days would be off by milliseconds."""
    since, until = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({_micros(until)} - {_micros(since)})"


def _micros(moment: str) -> str:
    return f"(CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER) * 1000000 + CAST(substr({moment}, 21) AS INTEGER))"
