"""A backlog takes what is to spare, and little of what guests need."""

import subprocess
import sys
import time

from radius_hooks.pace import BUSY, Others, Pace

SHARE = 0.125


class Machine:
    """Time that only passes by work and waiting, beside others that need a share of the processors."""

    def __init__(self, others: float) -> None:
        self.now, self.others = 1000.0, others

    def share_of(self, batches: int, seconds: float) -> float:
        """Of the time that batches of so many seconds take, with their rests."""
        pace = Pace(SHARE, lambda: self.others, lambda: self.now)
        began = self.now
        for _ in range(batches):
            while not pace.may_go_on():
                self.now += 0.001
            self.now += seconds
            pace.worked()
        while not pace.may_go_on():
            self.now += 0.001
        return batches * seconds / (self.now - began)


def test_alone_it_never_rests() -> None:
    assert Machine(BUSY - 0.01).share_of(50, 0.1) > 0.99


def test_beside_guests_it_takes_its_share_and_no_more_and_still_comes_to_an_end() -> None:
    for seconds in (0.02, 0.1, 2.0):
        assert 0.9 * SHARE < Machine(BUSY).share_of(20, seconds) < 1.05 * SHARE


def test_others_are_seen_and_this_process_is_none_of_them() -> None:
    others = Others()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        pass
    beside_own_work = others()
    work = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    try:
        others()
        time.sleep(0.5)
        beside_theirs = others()
    finally:
        for one in work:
            one.kill()
            one.wait()
    assert 0 <= beside_own_work <= 1 and beside_theirs > BUSY
