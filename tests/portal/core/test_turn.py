"""Short transactions of a process go one after another, and nobody waits for one that is long."""

import threading
import time
from collections.abc import Iterator

import pytest

from portal.core import turn
from portal.core.turn import Lane


@pytest.fixture
def lane() -> Lane:
    return Lane()


@pytest.fixture
def held(lane: Lane) -> Iterator[threading.Event]:
    """Somebody has it until the event is set."""
    there, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lane.taken():
            there.set()
            done.wait()

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert there.wait(20)
    yield done
    done.set()
    thread.join()


def passes(lane: Lane, times: int = 1) -> bool:
    """Whether somebody else comes through, and does not wait for ever."""

    def pass_by() -> None:
        for _ in range(times):
            with lane.taken():
                pass

    thread = threading.Thread(target=pass_by, daemon=True)
    thread.start()
    thread.join(20)
    return not thread.is_alive()


@pytest.fixture
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a test waits, and than a busy machine keeps a thread from its work."""
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", 60.0)


@pytest.mark.usefixtures("endless_patience")
def test_short_ones_are_never_side_by_side(lane: Lane) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with lane.taken():
                inside += 1
                most = max(most, inside)
                time.sleep(0.0001)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_long_one_is_passed(lane: Lane, held: threading.Event) -> None:
    assert passes(lane)
    assert not held.is_set()


@pytest.mark.usefixtures("endless_patience")
def test_the_patience_with_a_long_one_is_used_up_once(lane: Lane, held: threading.Event) -> None:
    assert lane._left() > 50
    lane._since -= 60.0
    assert lane._left() == 0
    assert passes(lane, 100)
    assert not held.is_set()


@pytest.mark.usefixtures("endless_patience")
def test_whoever_has_just_got_it_is_not_taken_for_the_one_before(lane: Lane) -> None:
    with lane.taken():
        pass
    assert lane._free.acquire(blocking=False)  # taken, and the time is not noted yet
    assert lane._left() == 60.0


def test_whoever_passed_does_not_end_the_turn_of_the_other(lane: Lane, held: threading.Event) -> None:
    assert passes(lane)
    assert not lane._free.acquire(blocking=False)
    held.set()
    assert lane._free.acquire(timeout=10)


def test_an_error_ends_its_turn(lane: Lane) -> None:
    with pytest.raises(ZeroDivisionError), lane.taken():
        raise ZeroDivisionError
    assert lane._free.acquire(blocking=False)
