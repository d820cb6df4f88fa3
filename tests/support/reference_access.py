"""Who may be online, told slowly: plain lists, every rule spelled out, nothing shared with the product's code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

CODE_LIVES = timedelta(minutes=10)
TRIES = 5
LOGIN_LIVES = timedelta(seconds=120)
SESSION = timedelta(hours=4)
REMEMBERED = timedelta(days=30)


@dataclass
class Proof:
    """A code that was sent: to which number, for which device and visit, and what became of it."""

    phone: str
    mac: str
    visit: str
    sent: datetime
    tries: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    used: datetime | None = None
    closed: bool = False


@dataclass
class Grant:
    """A right to be online."""

    mac: str
    phone: str
    begins: datetime
    ends: datetime
    ended_by: str | None = None


@dataclass
class Login:
    """A name and password that a router was handed."""

    grant: Grant
    made: datetime
    spent: bool = False


@dataclass
class Reference:
    """One venue, its devices, its guests."""

    proofs: dict[str, Proof] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    logins: dict[str, Login] = field(default_factory=dict)
    remembered: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # MAC → phone, when it was proven
    owners: dict[str, set[str]] = field(default_factory=dict)  # MAC → every phone ever proven on it
    blocked: set[str] = field(default_factory=set)

    def code(self, name: str, *, right: bool, by_mac: bool, now: datetime) -> str:
        """What typing a code does: `refused`, `again` (a double tap), `blocked` (proven, and sent to the staff), `opened`."""
        proof = self.proofs[name]
        if proof.tries[by_mac] >= TRIES or now >= proof.sent + CODE_LIVES:
            return "refused"
        proof.tries[by_mac] += 1
        if not right:
            return "refused"
        if proof.used is not None:
            return "again" if now - proof.used <= timedelta(minutes=2) else "refused"
        if proof.closed:
            return "refused"
        proof.used = now
        self.owners.setdefault(proof.mac, set()).add(proof.phone)
        if self.blocked & {proof.mac, proof.phone}:
            return "blocked"
        self.grants.append(Grant(proof.mac, proof.phone, now, now + SESSION))
        self.remembered[proof.mac] = (proof.phone, now)
        return "opened"

    def newest(self, mac: str, now: datetime) -> Grant | None:
        """The newest grant of a device whose time is not over, ended or not."""
        return next((grant for grant in reversed(self.grants) if grant.mac == mac and grant.ends > now), None)

    def live(self, mac: str, now: datetime) -> Grant | None:
        """The newest grant of a device that holds."""
        mine = (grant for grant in reversed(self.grants) if grant.mac == mac)
        return next((grant for grant in mine if grant.ends > now and grant.ended_by is None), None)

    def is_remembered(self, mac: str, now: datetime) -> bool:
        """May this device return without a code, apart from what it did last?"""
        phone, proven = self.remembered.get(mac, ("", None))
        return proven is not None and now < proven + REMEMBERED and not self.blocked & {mac, phone}

    def welcome(self, mac: str, now: datetime) -> bool:
        """May it return by one tap? Who went offline by their own word may."""
        newest = self.newest(mac, now)
        return self.is_remembered(mac, now) and (newest is None or newest.ended_by in (None, "guest"))

    def seconds_by_mac(self, mac: str, now: datetime) -> int:
        """For how long RADIUS lets a device in by its MAC; 0: not at all."""
        newest = self.newest(mac, now)
        if not self.is_remembered(mac, now) or (newest and newest.ended_by):
            return 0
        return int((newest.ends - now).total_seconds()) if newest else int(SESSION.total_seconds())

    def seconds_by_login(self, name: str, mac: str, now: datetime) -> int:
        """For how long RADIUS lets a login in; 0: not at all."""
        login = self.logins[name]
        grant = login.grant
        held = grant.ended_by is None and grant.mac == mac and not self.blocked & {grant.mac, grant.phone}
        if login.spent or not held or now - login.made > LOGIN_LIVES:
            return 0
        return max(int((grant.ends - now).total_seconds()), 0)

    def readmit(self, mac: str, now: datetime) -> Grant:
        """A remembered device is back: its running grant, or a new one."""
        found = self.live(mac, now)
        if found is None or found is not self.newest(mac, now):
            found = Grant(mac, self.remembered[mac][0], now, now + SESSION)
            self.grants.append(found)
        return found

    def end(self, grants: list[Grant], reason: str, now: datetime) -> None:
        """End what still holds."""
        for grant in grants:
            if grant.ends > now and grant.ended_by is None:
                grant.ended_by = reason

    def forget_phone(self, phone: str) -> None:
        """No device that this phone was ever proven on comes back without a code."""
        for mac in [mac for mac in self.remembered if phone in self.owners[mac]]:
            del self.remembered[mac]
