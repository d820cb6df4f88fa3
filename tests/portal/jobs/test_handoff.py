"""The guest does not wait for the queue, and the queue gets every message in order."""

import threading

from portal.jobs.handoff import Handoff


def test_a_slow_queue_does_not_hold_the_request_and_gets_everything_in_order() -> None:
    open_again, passed, done = threading.Event(), [], threading.Event()

    def slowly(message_id: int) -> None:
        assert open_again.wait(10)
        passed.append(message_id)
        if message_id == 99:
            done.set()

    hand_over = Handoff(slowly)
    for message_id in range(100):
        hand_over(message_id)
    assert passed == []
    open_again.set()
    assert done.wait(10) and passed == list(range(100))


def test_no_thread_stands_before_the_first_message() -> None:
    before = threading.active_count()
    Handoff(lambda _: None)
    assert threading.active_count() == before
