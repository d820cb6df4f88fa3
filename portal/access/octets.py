"""Totals from 32-bit counters. A router that sends no gigawords begins again at 0 after each 4 GiB.

A counter's past decides what a value means, and packets come late or not at all: so the last samples of a session are kept
(seconds into the session, octets in and out) and the totals are worked out over them in the session's own order. The
oldest one holds totals, the others what the router said.
"""

from collections.abc import Iterable

KEPT = 16  # how many interims late a packet may come and still be put in its place
WRAP = 1 << 32
FASTEST = 125_000_000  # octets a second: who would need more to have passed 4 GiB since has started anew from 0
Sample = tuple[int, int, int]


def read(text: str) -> list[Sample]:
    """Samples from their stored form."""
    return [(int(when), int(up), int(down)) for when, up, down in (one.split(":") for one in text.split(";") if one)]


def write(samples: Iterable[Sample]) -> str:
    """Their stored form: at most some 600 characters."""
    return ";".join(f"{when}:{up}:{down}" for when, up, down in samples)


def add(samples: list[Sample], new: Sample) -> list[Sample]:
    """The samples in the session's order with a new one; one older than everything that is kept says nothing any more."""
    if new in samples or (len(samples) == KEPT and new < samples[0]):
        return samples
    found = sorted([*samples, new])
    while len(found) > KEPT:
        found[:2] = [(found[1][0], *totals(found[:2]))]
    return found


def totals(samples: list[Sample]) -> tuple[int, int]:
    """Octets in and out at the last sample."""
    if not samples:
        return 0, 0
    before, up, down = samples[0]
    for when, low_up, low_down in samples[1:]:
        longest = max(when - before, 1) * FASTEST
        up, down, before = _on(up, low_up, longest), _on(down, low_down, longest), when
    return up, down


def _on(total: int, low: int, most: int) -> int:
    """The total that has `low` as its lower half and comes next after `total`."""
    following = total - total % WRAP + low
    if following >= total:
        return following
    return following + WRAP if following + WRAP - total <= most else total
