"""The same report the usual way: an event per step in one table, joined with itself, each step within the window from entry.

The table is made from the same visits, with the two indexes that its joins ask for.
"""

from typing import Any

from sqlalchemy import text

from portal.core.db import Database

STEPS = ("phone", "code_sent", "code_delivered", "verified", "card", "card_saved", "online")
AFTER = {
    "phone": "seen", "code_sent": "phone", "code_delivered": "phone", "verified": "phone", "card": "verified",
    "card_saved": "card", "online": "verified",
}  # fmt: skip
_TYPES = {"sqlite": ("INTEGER", "TEXT"), "postgresql": ("bigint", "timestamptz")}
_DAY_LATER = {
    "sqlite": "datetime(substr(seen.at, 1, 19), '86400 seconds') || substr(seen.at, 20)",
    "postgresql": "seen.at + interval '86400 seconds'",
}


def build(database: Database) -> None:
    """Make the table."""
    number, moment = _TYPES[database.engine.dialect.name]
    guests = "FROM visit WHERE visitor_class = 'guest'"
    parts = [f"SELECT id, venue_id, source_id, 'seen', arrived_at {guests}"]
    parts += [f"SELECT id, venue_id, source_id, '{step}', {step}_at {guests} AND {step}_at IS NOT NULL" for step in STEPS]
    statements = (
        f"CREATE TABLE bench_event (visit_id {number}, venue_id {number}, source_id {number}, step TEXT, at {moment})",
        f"INSERT INTO bench_event {' UNION ALL '.join(parts)}",
        "CREATE INDEX bench_event_entry ON bench_event (venue_id, step, at, visit_id, source_id)",
        "CREATE INDEX bench_event_step ON bench_event (visit_id, step, at)",
        "ANALYZE bench_event",
    )
    with database.engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def report(database: Database, ranges: dict[int, tuple[Any, Any]]) -> dict[tuple[int, int | None], tuple[int, ...]]:
    """Of each venue and source how many visits of its range reached each step within 24 hours."""
    with database.reading() as session:
        asked = {}
        places = []
        for place, (venue_id, (start, end)) in enumerate(ranges.items()):
            asked |= {f"v{place}": venue_id, f"s{place}": start, f"e{place}": end}
            places.append(f"(venue_id = :v{place} AND at >= :s{place} AND at < :e{place})")
        if database.is_sqlite:
            asked = {name: value if isinstance(value, int) else f"{value:%Y-%m-%d %H:%M:%S.%f}" for name, value in asked.items()}
        rows = session.execute(text(_sql(database.engine.dialect.name, " OR ".join(places))), asked).all()
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _sql(dialect: str, where: str) -> str:
    levels = [
        f"seen AS (SELECT seen.*, {_DAY_LATER[dialect]} AS until FROM "
        f"(SELECT visit_id, venue_id, source_id, at FROM bench_event WHERE step = 'seen' AND ({where})) AS seen)"
    ]
    for step in STEPS:
        before = AFTER[step]
        levels.append(
            f"{step} AS (SELECT {before}.visit_id, {before}.venue_id, {before}.source_id, {before}.until FROM {before} "
            f"JOIN bench_event AS event ON event.visit_id = {before}.visit_id AND event.step = '{step}' "
            f"AND event.at <= {before}.until)"
        )
    counted = [
        f"SELECT venue_id, source_id, {place} AS step, count(*) AS visits FROM {name} GROUP BY venue_id, source_id"
        for place, name in enumerate(("seen", *STEPS))
    ]
    sums = ", ".join(f"coalesce(sum(CASE WHEN step = {place} THEN visits END), 0)" for place in range(len(STEPS) + 1))
    return f"WITH {', '.join(levels)} SELECT venue_id, source_id, {sums} FROM ({' UNION ALL '.join(counted)}) AS c GROUP BY 1, 2"
