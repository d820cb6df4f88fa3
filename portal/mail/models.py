"""The outbox of e-mail. The text is never stored: it is composed when the message leaves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

STATUSES = ("queued", "sending", "sent", "failed", "unknown")


class MailMessage(Base):
    """One message to one address, committed together with what it is about.

    Its status moves forward; only a try of which it is certain that nothing was taken puts it back to `queued`.
    """

    __tablename__ = "mail_message"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), index=True)
    reference: Mapped[str] = mapped_column(String(60), unique=True)  # what makes it the same message: "weekly:7:2026-W47"
    kind: Mapped[str] = mapped_column(String(12))  # invite | reset | guessed | weekly | alert
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # ids and days, nothing secret
    status: Mapped[str] = mapped_column(String(8), default="queued")
    error: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None] = mapped_column(index=True)  # when the sweep looks at it; NULL when nothing is left to do
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
