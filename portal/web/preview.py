"""How a guest's page would look, handed from the dashboard to the guests' side in a sealed link: nothing is saved for it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from portal.core.tokens import Keys

_PURPOSE, _LIFE = "preview", timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Look:
    """A venue's page with values that are not saved yet."""

    venue_id: int
    page: str
    language: str
    accent: str
    offer_ru: str
    offer_en: str


def seal(keys: Keys, look: Look, now: datetime) -> str:
    """The link's last part, good for an hour."""
    return keys.seal(_PURPOSE, asdict(look), now)


def unseal(keys: Keys, token: str, now: datetime) -> Look:
    """What it says. Raises BadToken."""
    return Look(**keys.unseal(_PURPOSE, token, now, _LIFE))
