"""What is known of one session, and how one more packet of it adds to that: pure, and the same in whatever order they come.

A router that was restarted gives out its session ids anew, to the same users too. Which session a packet belongs to follows
from when it was under way: a router's Acct-Session-Time tells when the session began, and two sessions of one id and user
never run at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.access import octets
from portal.access.packets import AccountingReport

RESTARTED = "NAS-Reboot"  # RFC 2866 §5.10, value 11
TOLERANCE = timedelta(seconds=30)  # of a packet sent again without saying so; no router restarts and lets in faster
LONGEST_SKEW = timedelta(minutes=5)  # an Event-Timestamp further back is a wrong clock, not a late packet


@dataclass(slots=True)
class Story:
    """One row of AccountingSession while packets are added to it. `id` is None until it is written."""

    acct_session_id: str
    user_name: str
    incarnation: int
    started_at: datetime
    updated_at: datetime
    id: int | None = None
    revision: int = 0
    grant_id: int | None = None
    mac: str | None = None
    ip: str | None = None
    stopped_at: datetime | None = None
    ended_by: str | None = None
    terminate_cause: str | None = None
    session_seconds: int = 0
    input_octets: int = 0
    output_octets: int = 0
    samples: str = ""

    def add(self, packet: AccountingReport, at: datetime, swapped: bool, restarted_at: datetime | None) -> None:
        """One packet of this session, sent at `at`. `swapped`: its octets are counted as the guest sees them."""
        began = began_at(packet, at)
        self.started_at = min(self.started_at, began or at)
        self.mac = self.mac or (packet.mac.hex if packet.mac else None)
        if packet.ip and (at >= self.updated_at or self.ip is None):
            self.ip = packet.ip
        self.updated_at = max(self.updated_at, at)
        lasted = packet.session_seconds if packet.session_seconds is not None else int((at - self.started_at).total_seconds())
        self.session_seconds = max(self.session_seconds, lasted)
        self._count(packet, lasted, swapped)
        self._end(packet, at, restarted_at)

    def _count(self, packet: AccountingReport, lasted: int, swapped: bool) -> None:
        counted = (packet.input_octets, packet.output_octets)
        inward, outward = counted[::-1] if swapped else counted
        if not packet.gigawords:
            samples = octets.add(octets.read(self.samples), (lasted, inward, outward))
            self.samples = octets.write(samples)
            inward, outward = octets.totals(samples)
        self.input_octets = max(self.input_octets, inward)
        self.output_octets = max(self.output_octets, outward)

    def _end(self, packet: AccountingReport, at: datetime, restarted_at: datetime | None) -> None:
        """Only a Stop ends it for good: silence and restarts were concluded, and are undone by a later word."""
        if packet.status == "Stop":
            earlier = self.stopped_at if self.ended_by == "stop" else None
            self.stopped_at = min(earlier or at, at)
            self.ended_by, self.terminate_cause = "stop", packet.terminate_cause or self.terminate_cause
            return
        if self.ended_by in ("silence", "restart") and self.stopped_at and self.updated_at > self.stopped_at:
            self.stopped_at = self.ended_by = self.terminate_cause = None
        if self.stopped_at is None and restarted_at is not None and self.updated_at < restarted_at:
            self.stopped_at, self.ended_by, self.terminate_cause = restarted_at, "restart", RESTARTED


def sent_at(packet: AccountingReport, received_at: datetime) -> datetime:
    """When the router sent a packet first. Its own clock is believed only as far as a clock is right."""
    at = received_at - timedelta(seconds=packet.delay_seconds)
    if packet.event_at is not None and at - LONGEST_SKEW <= packet.event_at < at:
        return packet.event_at
    return at


def began_at(packet: AccountingReport, at: datetime) -> datetime | None:
    """When the session began, by the router's own count; None where it does not count."""
    if packet.session_seconds is None:
        return at if packet.status == "Start" else None
    return at - timedelta(seconds=packet.session_seconds)


def find(stories: list[Story], packet: AccountingReport, at: datetime) -> Story | None:
    """The session of this router, id and user that a packet sent at `at` belongs to; None for a new one."""
    began = began_at(packet, at)
    fitting = [story for story in stories if _overlaps(story, began, at)]
    if began is None:
        return max(fitting, key=lambda story: story.started_at, default=None)
    return min(fitting, key=lambda story: abs(story.started_at - began), default=None)


def _overlaps(story: Story, began: datetime | None, at: datetime) -> bool:
    if at < story.started_at - TOLERANCE:
        return False
    if began is not None:
        return began <= story.updated_at + TOLERANCE
    heard = story.updated_at if story.stopped_at is None else max(story.updated_at, story.stopped_at)
    return story.ended_by in (None, "silence") or at <= heard + TOLERANCE
