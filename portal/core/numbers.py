"""Ids drawn before their rows are sent: what belongs together can leave together."""

from typing import Any

from sqlalchemy import BigInteger, column, func, select, text

from portal.core.statements import Statement


def next_numbers(*tables: Any) -> Statement:
    """The ids that the next rows are to have, for whoever needs them before the rows are sent, named as their tables."""
    drawn = ", ".join(f"nextval('{table.name}_id_seq') AS {table.name}" for table in tables)
    sequences = text(f"SELECT {drawn}").columns(*(column(table.name, BigInteger) for table in tables))
    highest = ((func.coalesce(select(func.max(table.c.id)).scalar_subquery(), 0) + 1).label(table.name) for table in tables)
    return Statement({"sqlite": select(*highest), "postgresql": sequences})
