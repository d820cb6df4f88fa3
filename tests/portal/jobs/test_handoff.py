"""The guest does not wait for the queue, and the queue gets every message in order."""

import itertools
import threading
import time
from collections.abc import Sequence

from portal.jobs.handoff import GATHER_SECONDS, Handoff


def test_a_slow_queue_does_not_hold_the_request_and_gets_everything_in_order() -> None:
    open_again, passed, done = threading.Event(), [], threading.Event()

    def slowly(message_ids: Sequence[int]) -> None:
        assert open_again.wait(10)
        passed.append(list(message_ids))
        if 99 in message_ids:
            done.set()

    hand_over = Handoff(slowly)
    for message_id in range(100):
        hand_over(message_id)
    assert passed == []
    open_again.set()
    assert done.wait(10) and [number for several in passed for number in several] == list(range(100))
    assert len(passed) <= 2, "what came meanwhile goes together"


def test_a_message_alone_goes_at_once_and_a_crowd_shares_its_commits() -> None:
    passed, all_of_them = [], threading.Event()

    def pass_on(message_ids: Sequence[int]) -> None:
        passed.append((time.monotonic(), list(message_ids)))
        if 40 in message_ids:
            all_of_them.set()

    hand_over = Handoff(pass_on)
    for message_id in range(41):
        hand_over(message_id)
        time.sleep(0.001)
    assert all_of_them.wait(10)
    assert passed[0][1][0] == 0 and [number for _, several in passed for number in several] == list(range(41))
    moments = [moment for moment, _ in passed]
    assert all(later - earlier >= GATHER_SECONDS for earlier, later in itertools.pairwise(moments))


def test_no_thread_stands_before_the_first_message() -> None:
    before = threading.active_count()
    Handoff(lambda _: None)
    assert threading.active_count() == before
