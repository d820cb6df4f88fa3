"""The channel report over a year of visits: beside the same report by joining events, and as the year grows tenfold.

`python -m bench --only reports` runs this part alone; `--full` adds the year of ten million visits.
"""

import gc
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text

from bench import report_events, report_world
from bench.report_world import Year
from portal.core import demo_secrets
from portal.core.config import Settings
from portal.jobs import sums
from portal.reporting.funnel import ChannelReport, channels_of
from portal.reporting.question import Question
from portal.reporting.steps import FUNNEL
from portal.venues.models import Venue
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.postgres import PrivatePostgres

TIMES_FASTER, MOST_GROWTH = 50.0, 1.5
YEAR, LARGEST = (100_000, 1_000_000), 10_000_000
NOW = datetime(2026, 11, 22, 12, 20, tzinfo=UTC)  # in the middle of an hour, as always
_LONG = "?range=twelve_months"
PAGES = (
    *(f"/dashboard/{page}{days}" for page in ("overview", "funnel", "times", "compare") for days in ("", _LONG)),
    *(f"/dashboard/{page}" for page in ("live", "money", "sources", "overview?language=en")),
)
PATIENCE = timedelta(hours=2)


def measure(folder: Path, server: PrivatePostgres, count: int, full: bool = False) -> bool:
    """Print the table of both databases; True when all of it is as fast as required."""
    gc.set_threshold(20_000, 20, 20)  # as in the portal's own processes, see gunicorn_conf
    return all([_measure(folder, server, count, name, full) for name in ("SQLite", "PostgreSQL")])


def _measure(folder: Path, server: PrivatePostgres, count: int, name: str, full: bool) -> bool:
    print(f"\nReports on {name}: 365 days, {report_world.VENUES} cafés × {report_world.CHANNELS} channels, median of {count}")
    with ExitStack() as kept:
        years = {}
        for visits in (*YEAR, *((LARGEST,) if full else ())):
            years[visits], settings = kept.enter_context(_year(folder, server, name, visits))
            _summed(years[visits], visits)
            if visits == YEAR[-1]:
                standard, at_home = years[visits], settings
        good = _growth(years, count)
        good = _beside_events(standard, count) and good
        _pages(standard, at_home, count)
    return good


def _growth(years: Mapping[int, Year], count: int) -> bool:
    """One café's report over each year in turn, so that whatever else the machine does befalls all of them alike."""
    work = {visits: _one(year) for visits, year in years.items()}
    tries: dict[int, list[float]] = {visits: [] for visits in years}
    for number in range(8 * count + 1):
        for visits, report in work.items():
            seconds = _seconds(report)
            tries[visits] += [seconds] if number else []  # the first warms up
    spans = {visits: statistics.median(each) for visits, each in tries.items()}
    good = True
    for fewer, more in pairwise(spans):
        growth = spans[more] / spans[fewer]
        good = good and growth <= MOST_GROWTH
        said = f"{fewer:,} → {more:,} visits: {spans[fewer] * 1000:.1f} → {spans[more] * 1000:.1f} ms a café"
        print(f"  {said}, × {growth:.2f} (at most {MOST_GROWTH}){'' if growth <= MOST_GROWTH else '  GROWS'}", flush=True)
    return good


def _beside_events(year: Year, count: int) -> bool:
    report_events.build(year.database)
    asked = _questions(year)
    questions = [question for _, question in asked]
    ranges = {question.venue.id: (question.period.start, question.period.end) for question in questions}
    theirs = report_events.report(year.database, ranges)
    ours = {
        (venue.id, row.source_id): tuple(row.counts.values)
        for (venue, _), report in zip(asked, _reports(year, questions), strict=True)
        for row in report.rows if row.counts.of("seen")
    }  # fmt: skip
    order = [FUNNEL.index(step) for step in ("seen", *report_events.STEPS)]
    assert {key: tuple(values[place] for place in order) for key, values in ours.items()} == theirs, "not the same report"
    tries = []
    for _ in range(count):
        slow = _seconds(lambda: report_events.report(year.database, ranges))
        quick = _seconds(lambda: _reports(year, questions))
        tries.append((slow, quick))
    ratio = statistics.median(slow / quick for slow, quick in tries)
    slow, quick = (statistics.median(one) for one in zip(*tries, strict=True))
    each = " ".join(f"{a / b:.0f}" for a, b in tries) + ("" if ratio >= TIMES_FASTER else "  TOO SLOW")
    print(f"  all cafés: {quick * 1000:.0f} ms, by joining events {slow * 1000:.0f} ms: × {ratio:.0f} (at least 50)  {each}")
    venue_id, days = next(iter(ranges.items()))
    alone = _median(lambda: report_events.report(year.database, {venue_id: days}), count)
    mine = _median(_one(year), count)
    print(f"  one café: {mine * 1000:.1f} ms, by joining events {alone * 1000:.0f} ms: × {alone / mine:.0f} (not gated)")
    return ratio >= TIMES_FASTER


def _pages(year: Year, settings: Settings, count: int) -> None:
    browser = Browser(dashboard_app(settings, year.database, lambda: NOW))
    browser.sign_in(employ(year.database, year.organization_id, "marketer", "m@bench.example"))
    print("  pages, p95 of requests one after the other:")
    for page in PAGES:
        _opened(browser, page)
        spans = sorted(_seconds(lambda page=page: _opened(browser, page)) for _ in range(4 * count))
        print(f"    {page:<44}{spans[int(len(spans) * 0.95) - 1] * 1000:>8.0f} ms")


def _opened(browser: Browser, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 200, f"{page}: {answer.status_code}"


def _summed(year: Year, visits: int) -> None:
    begun = time.monotonic()
    while sums.keep_up(year.database, NOW, PATIENCE):
        continue
    with year.database.engine.connect() as connection:
        cells, times = (connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("visit_rollup", "time_rollup"))
        connection.execute(text("ANALYZE"))
        connection.commit()
    print(f"  {visits:,} visits summed up in {time.monotonic() - begun:.0f} s: {cells:,} rows of counts, {times:,} of times")


def _questions(year: Year) -> list[tuple[Venue, Question]]:
    with year.database.reading() as session:
        venues = [session.get_one(Venue, venue_id) for venue_id, _ in year.places]
    return [(venue, Question(venue, NOW.date() - timedelta(days=364), date(2026, 11, 22))) for venue in venues]


def _reports(year: Year, questions: Sequence[Question]) -> list[ChannelReport]:
    with year.database.snapshot() as session:
        return channels_of(session, questions, now=NOW)


def _one(year: Year) -> Callable[[], object]:
    question = _questions(year)[0][1]
    return lambda: _reports(year, [question])


def _median(work: Callable[[], object], count: int) -> float:
    work()
    return statistics.median(_seconds(work) for _ in range(count))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextmanager
def _year(folder: Path, server: PrivatePostgres, name: str, visits: int) -> Iterator[tuple[Year, Settings]]:
    home, base = folder / f"{name}-{visits}", f"year_{visits}"
    if name != "SQLite":
        server.sql(f"CREATE DATABASE {base}")
    settings = _settings(home, "" if name == "SQLite" else server.url(base))
    begun = time.monotonic()
    year = report_world.build(settings, visits, NOW)
    print(f"  {visits:,} visits written in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    try:
        yield year, settings
    finally:
        year.database.engine.dispose()
        shutil.rmtree(home)
        if name != "SQLite":
            server.sql(f"DROP DATABASE {base} WITH (FORCE)")


def _settings(home: Path, url: str) -> Settings:
    demo_secrets.ensure(home)
    return Settings(_env_file=home / demo_secrets.FILE, demo=True, data_dir=home, database_url=url)
