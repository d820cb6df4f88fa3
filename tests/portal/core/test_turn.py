"""Short transactions of a process go one after another, and nobody waits for one that is long."""

import threading
import time
from collections.abc import Iterator

import pytest

from portal.core.turn import PATIENCE_SECONDS, Lane


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
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    there.wait(10)
    yield done
    done.set()
    thread.join()


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
    with lane.taken():
        assert not held.is_set()


def test_the_patience_with_a_long_one_is_used_up_once(lane: Lane, held: threading.Event) -> None:
    time.sleep(PATIENCE_SECONDS)
    assert lane._left() == 0
    for _ in range(100):
        with lane.taken():
            pass
    assert not held.is_set()


def test_whoever_passed_does_not_end_the_turn_of_the_other(lane: Lane, held: threading.Event) -> None:
    with lane.taken():
        pass
    assert not lane._free.acquire(blocking=False)
    held.set()
    assert lane._free.acquire(timeout=10)


def test_an_error_ends_its_turn(lane: Lane) -> None:
    with pytest.raises(ZeroDivisionError), lane.taken():
        raise ZeroDivisionError
    assert lane._free.acquire(blocking=False)
