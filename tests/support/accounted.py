"""Real sessions of routers, drawn by hypothesis, what becomes of their packets on the way, and what can be known at the end.

The model is slow and simple: it sees which real session each packet belongs to, which the product has to find out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from hypothesis import strategies as st

from portal.access.packets import AccountingReport

USERS = ("anna", "boris")
IDS = ("80000001", "80000002")
REBOOT_SECONDS = 60  # a router does not let anybody in sooner after it went down
UNDECLARED_SECONDS = 20  # how late a packet may come without Acct-Delay-Time
WRAP = 1 << 32


@dataclass(frozen=True)
class Dialect:
    """How a router counts: with gigawords or without, and whose input is the input."""

    gigawords: bool
    view: Literal["nas", "client"]


@dataclass(frozen=True)
class Real:
    """A session that took place. `counts`: (second, octets from the guest, octets to the guest) of each report."""

    number: int
    user: str
    acct: str
    start: int
    counts: tuple[tuple[int, int, int], ...]
    stopped: bool


@dataclass(frozen=True)
class Sent:
    """A copy of a packet that arrived: of which session (None: the router itself), when it was received."""

    real: Real | None
    report: AccountingReport
    received_at: int
    seconds: int  # into the session


@dataclass(frozen=True)
class Expected:
    """What must be stored of one real session."""

    key: tuple[str, str]
    seconds: int
    up: int
    down: int
    stopped: bool


@dataclass(frozen=True)
class Scene:
    """A router's afternoon: its sessions, its restarts (seconds since the beginning), and what arrived, in what order."""

    dialect: Dialect
    sessions: tuple[Real, ...]
    restarts: tuple[int, ...]
    arrived: tuple[Sent, ...]


@st.composite
def scenes(draw: Any) -> Scene:
    """Two or three runs of a router; in each, the same ids go to whoever comes."""
    dialect = Dialect(draw(st.booleans()), draw(st.sampled_from(("nas", "client"))))
    sessions: list[Real] = []
    restarts: list[int] = []
    began = 0
    for _ in range(draw(st.integers(1, 3))):
        run = [draw(_real(began, len(sessions) + n, user, acct)) for n, (user, acct) in enumerate(draw(_pairs))]
        sessions += run
        ended = max((one.start + one.counts[-1][0] for one in run), default=began) + UNDECLARED_SECONDS + 2
        restarts.append(ended)
        began = ended + REBOOT_SECONDS
    copies = [copy for one in sessions for copy in draw(_copies(one, dialect))]
    heard_of = draw(st.lists(st.sampled_from(restarts[:-1]), max_size=3)) if len(restarts) > 1 else []
    copies += [Sent(None, _of_router(delay), at + delay, 0) for at in heard_of for delay in (draw(st.integers(0, 9000)),)]
    return Scene(dialect, tuple(sessions), tuple(sorted(set(heard_of))), tuple(draw(st.permutations(copies))))


_pairs = st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from(IDS)), unique=True, max_size=3)


@st.composite
def _real(draw: Any, began: int, number: int, user: str, acct: str) -> Real:
    start = began + draw(st.sampled_from((0, 0, 1, 700)))
    second = up = down = 0
    counts = [(0, 0, 0)]
    for _ in range(draw(st.integers(1, 5))):
        second += draw(st.integers(60, 900))
        up += draw(_traffic)
        down += draw(_traffic)
        counts.append((second, up, down))
    return Real(number, user, acct, start, tuple(counts), draw(st.booleans()))


_traffic = st.one_of(st.integers(0, 5000), st.integers(1 << 30, WRAP - 1), st.just(WRAP // 2))


@st.composite
def _copies(draw: Any, real: Real, dialect: Dialect) -> list[Sent]:
    """Each report lost, or arrived up to three times, each copy late by what it says and by what it does not say."""
    found = []
    for place, (second, up, down) in enumerate(real.counts):
        last = place == len(real.counts) - 1
        status: Any = "Start" if place == 0 else "Stop" if last and real.stopped else "Interim-Update"
        for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2, 3)))):
            declared, silent = draw(st.integers(0, 9000)), draw(st.integers(0, UNDECLARED_SECONDS))
            inward, outward = (up, down) if dialect.view == "nas" else (down, up)
            report = AccountingReport(
                status, real.acct, real.user, None, None, declared, second,
                inward if dialect.gigawords else inward % WRAP, outward if dialect.gigawords else outward % WRAP,
                "User-Request" if status == "Stop" else None, gigawords=dialect.gigawords, view=dialect.view,
            )  # fmt: skip
            found.append(Sent(real, report, real.start + second + declared + silent, second))
    return found


def _of_router(delay: int) -> AccountingReport:
    return AccountingReport("Accounting-On", "", "", None, None, delay, None, 0, 0, None)


def expected(scene: Scene) -> list[Expected]:
    """What can be known of each session of which anything arrived."""
    return [one for real in scene.sessions if (one := _expected(scene, real)) is not None]


def _expected(scene: Scene, real: Real) -> Expected | None:
    heard = {sent.seconds: sent for sent in scene.arrived if sent.real is real}
    if not heard:
        return None
    last_second = max(heard)
    truth = {second: (up, down) for second, up, down in real.counts}
    up, down = truth[last_second]
    if not scene.dialect.gigawords:
        up, down = (_unwrapped([truth[second][side] for second in sorted(heard)]) for side in (0, 1))
    stopped = any(sent.report.status == "Stop" for sent in heard.values())
    restarted = any(at > real.start + last_second + UNDECLARED_SECONDS for at in scene.restarts)
    return Expected((real.acct, real.user), last_second, up, down, stopped or restarted)


def _unwrapped(values: list[int]) -> int:
    """A counter modulo 2^32, followed from one value that arrived to the next."""
    total = values[0] % WRAP
    for before, after in pairwise(values):
        total += (after - before) % WRAP
    return total


def at(begin: datetime, seconds: int) -> datetime:
    """A moment of the scene."""
    return begin + timedelta(seconds=seconds)
