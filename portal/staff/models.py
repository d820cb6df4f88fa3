"""People who see the dashboard: plain rows, no framework."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

ROLES = ("owner", "marketer", "staff")


class StaffUser(Base):
    """A login. `venue_ids` empty means every venue of the organization."""

    __tablename__ = "staff_user"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))
    venue_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(2), default="ru")
    active: Mapped[bool] = mapped_column(default=True)
    totp_secret: Mapped[str | None] = mapped_column(String(200))  # sealed with the house's key
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]  # RFC 6238 §5.2: a step is taken once
    weekly_report: Mapped[bool] = mapped_column(default=True, server_default="1")
    alerts: Mapped[bool] = mapped_column(default=True, server_default="1")
    created_at: Mapped[datetime]


class StaffSession(Base):
    """One signed-in browser. Deleting the row signs it out."""

    __tablename__ = "staff_session"
    id: Mapped[Pk]
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class StaffJournal(Base):
    """Who saw or changed what. Holds no phone: a masked one at most."""

    __tablename__ = "staff_journal"
    __table_args__ = (Index(None, "organization_id", "at"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    staff_user_id: Mapped[int | None]
    who: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]


class StaffInvitation(Base):
    """A link by e-mail that sets a password, once. Its token is derived from the row by the house's key, never stored."""

    __tablename__ = "staff_invitation"
    id: Mapped[Pk]
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))  # invite | reset
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StaffResetRequest(Base):
    """Somebody forgot the password of this address. Deleted by the worker that looks whether there is such a login."""

    __tablename__ = "staff_reset_request"
    id: Mapped[Pk]
    email: Mapped[str] = mapped_column(String(200))  # lower case
    asked_at: Mapped[datetime]


class StaffRecoveryCode(Base):
    """One of the codes that stand in for a lost authenticator, each good for once."""

    __tablename__ = "staff_recovery_code"
    id: Mapped[Pk]
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))  # keyed
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A key to the read-only API. Shown once; `venue_ids` empty means every venue of the organization."""

    __tablename__ = "api_token"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(4))  # its last characters, to tell it from others
    venue_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
