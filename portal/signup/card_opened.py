"""The card was opened where it stays: what counts as "card saved".

A visit's card is saved when its page tells that it runs from the home screen (`installed`), or when the page is opened
again at least ten minutes after the card was issued, outside the captive window (`opened`). The glance right after the code
proves nothing and is not counted; a guest without scripts is never counted, so the figure is a lower bound. That the card is
in use, which keeps its number, is noted however it is shown.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from portal.acquisition import visits
from portal.cards import read

COMES_BACK_AFTER = timedelta(minutes=10)
Shown = Literal["installed", "opened", "shown"]


def card_opened(session: Session, token: str, how: Shown, now: datetime) -> bool:
    """Note that a card is in use and, once, that the visit which brought it ended with a saved card; False if unknown."""
    card = read.by_token(session, token)
    if card is None:
        return False
    read.touch(card, now)
    came_back = how == "opened" and now - card.issued_at >= COMES_BACK_AFTER
    if card.visit_id and (how == "installed" or came_back):
        visits.mark(session, card.visit_id, "card_saved_at", now)
    return True
