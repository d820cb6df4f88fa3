"""Session-Timeout against a slow model: a wall clock that is read minute by minute, and allowances counted second by second."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.access.authorization import answer_for
from portal.access.time_left import Used, day_start, next_closing, used_since

ZONES = ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Vladivostok", "Australia/Lord_Howe", "UTC")
BERLIN_SPRING, BERLIN_AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
moments = st.one_of(
    st.integers(0, 730 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.tuples(
        st.sampled_from([BERLIN_SPRING, BERLIN_AUTUMN, datetime(2026, 3, 8, tzinfo=UTC)]), st.integers(-90_000, 90_000)
    ).map(lambda pair: pair[0] + timedelta(seconds=pair[1])),
)
clocks = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda pair: f"{pair[0]:02}:{pair[1]:02}")


def slow_midnight(zone: ZoneInfo, now: datetime) -> datetime:
    """Walk back a minute at a time to the first minute of today."""
    today, at = now.astimezone(zone).date(), now.replace(second=0, microsecond=0)
    while (at - timedelta(minutes=1)).astimezone(zone).date() == today:
        at -= timedelta(minutes=1)
    return at


def slow_closing(closes_at: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Walk through each day's minutes: closing is the first that shows the time; on a day whose clock skips it, the minute of
    the day that it would have been."""
    day = slow_midnight(zone, now - timedelta(days=1))
    hours, minutes = map(int, closes_at.split(":"))
    while True:
        today, at, found = day.astimezone(zone).date(), day, None
        while at.astimezone(zone).date() == today:
            if found is None and at.astimezone(zone).strftime("%H:%M") == closes_at:
                found = at
            at += timedelta(minutes=1)
        closing = found or day + timedelta(hours=hours, minutes=minutes)
        if closing > now:
            return closing
        day = at


@settings(max_examples=60)
@given(now=moments, zone=st.sampled_from(ZONES), closes_at=clocks)
@example(now=BERLIN_SPRING, zone="Europe/Berlin", closes_at="02:30")
@example(now=BERLIN_AUTUMN + timedelta(minutes=45), zone="Europe/Berlin", closes_at="02:30")
@example(now=BERLIN_AUTUMN, zone="Europe/Berlin", closes_at="02:00")
def test_closing_time_is_what_the_clock_on_the_wall_shows(now: datetime, zone: str, closes_at: str) -> None:
    assert next_closing(closes_at, zone, now) == slow_closing(closes_at, ZoneInfo(zone), now)
    assert day_start(zone, now) == slow_midnight(ZoneInfo(zone), now)


def test_a_venue_without_closing_time_never_closes() -> None:
    assert next_closing("", "Europe/Moscow", BERLIN_SPRING) is None


def used_model(start: datetime, sessions: list[tuple[int, int]]) -> int:
    """Seconds after `start`, one by one. A session is (seconds from start to its beginning, length)."""
    return sum(1 for began, length in sessions for second in range(began, began + length) if second >= 0)


sessions_of_a_day = st.lists(st.tuples(st.integers(-3000, 3000), st.integers(0, 2000)), max_size=5)


@settings(max_examples=150)
@given(
    now=moments, zone=st.sampled_from(ZONES), closes_at=st.one_of(st.just(""), clocks), policy=st.integers(1, 604_800),
    grant=st.integers(1, 604_800), day=st.one_of(st.just(0), st.integers(1, 86_400)),
    lease=st.one_of(st.none(), st.integers(60, 3600)), began=sessions_of_a_day,
)  # fmt: skip
def test_the_session_is_the_least_of_policy_grant_allowance_lease_and_closing_time(
    now: datetime, zone: str, closes_at: str, policy: int, grant: int, day: int, lease: int | None, began: list[tuple[int, int]]
) -> None:
    midnight = slow_midnight(ZoneInfo(zone), now)
    used = [
        SimpleNamespace(
            session_start=midnight + timedelta(seconds=start), session_stop=midnight + timedelta(seconds=start + length),
            session_heard=midnight, session_length=length, session_octets=0, session_mac=None, session_user="",
        )
        for start, length in began
    ]  # fmt: skip
    row = SimpleNamespace(
        policy_seconds=policy, day_seconds=day, day_megabytes=0, closes_at=closes_at, timezone=zone, interim_seconds=600,
        short_lease_seconds=lease, devices_per_guest=3, idle_seconds=0, up_kbps=0, down_kbps=0, nas_gateway_id=None,
    )  # fmt: skip
    answer = answer_for(row, used, None, now, grant, "granted", "p", None)
    limits = [policy, grant]
    limits += [lease] if lease is not None else []
    limits += [day - used_model(midnight, began)] if day else []
    limits += [int((slow_closing(closes_at, ZoneInfo(zone), now) - now).total_seconds())] if closes_at else []
    assert (answer.accept, answer.session_timeout) == ((True, min(limits)) if min(limits) >= 1 else (False, 0))


def test_octets_of_a_session_across_midnight_are_shared_by_time() -> None:
    start = datetime(2026, 11, 22, tzinfo=UTC)
    across = Used(start - timedelta(seconds=300), start + timedelta(seconds=100), 400, 8000)
    silent = Used(None, start + timedelta(seconds=10), 10, 5)
    before = Used(start - timedelta(seconds=900), start - timedelta(seconds=500), 400, 7)
    assert used_since(start, [across]) == (100, 2000)
    assert used_since(start, [silent]) == (10, 5)
    assert used_since(start, [before]) == (0, 0)
