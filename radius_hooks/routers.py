"""Routers by their client's name, asked of the database at most every few seconds: each accounting packet names one."""

import time

from sqlalchemy.orm import Session

from portal.access.nas import KnownNas, find_nas

FRESH_SECONDS = 5.0
MOST = 20_000


class Routers:
    """One per process. Only known ones are kept: a new router is found at once, a removed one is gone within seconds."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, KnownNas]] = {}

    def named(self, session: Session, name: str) -> KnownNas | None:
        """The router of this name, or None."""
        now = time.monotonic()
        kept = self._kept.get(name)
        if kept is not None and now - kept[0] < FRESH_SECONDS:
            return kept[1]
        found = find_nas(session, name)
        if found is None:
            self._kept.pop(name, None)
            return None
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[name] = (now, found)
        return found
