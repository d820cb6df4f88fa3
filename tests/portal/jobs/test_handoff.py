"""The guest does not wait for the queue, and the queue gets every message in order."""

import threading
from collections.abc import Sequence

from portal.jobs.handoff import Handoff


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


def test_no_thread_stands_before_the_first_message() -> None:
    before = threading.active_count()
    Handoff(lambda _: None)
    assert threading.active_count() == before
