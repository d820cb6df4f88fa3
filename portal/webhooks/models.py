"""Who outside is told of new members, and what of it has been told."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk


class WebhookEndpoint(Base):
    """An https address of the customer's own system. `venue_ids` empty means every venue of the organization."""

    __tablename__ = "webhook_endpoint"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    url: Mapped[str] = mapped_column(String(300))
    secret: Mapped[str] = mapped_column(String(200))  # signs what is sent
    with_phone: Mapped[bool] = mapped_column(default=False)  # the owner's explicit switch
    venue_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str] = mapped_column(String(80), default="")
    looked_to: Mapped[int] = mapped_column(default=0, server_default="0")  # every guest up to this id has its delivery


class WebhookDelivery(Base):
    """One fact for one endpoint. What is sent is composed when it leaves; `public_id` lets the receiver drop repeats."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (UniqueConstraint("endpoint_id", "kind", "guest_id"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), index=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guest.id", ondelete="CASCADE"), index=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # member.created
    status: Mapped[str] = mapped_column(String(8), default="queued")  # queued | sending | done | failed
    http_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
