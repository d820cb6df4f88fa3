"""Acts of destruction (RKN order 179: an act and the log behind it), and what left the Wi-Fi register."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk


class DestructionAct(Base):
    """One run of one rule. Open while `finished_at` is empty: a killed run goes on with the same act."""

    __tablename__ = "destruction_act"
    __table_args__ = (
        Index("uq_destruction_act_open", "legal_entity_id", "rule", unique=True,
              sqlite_where=text("finished_at IS NULL"), postgresql_where=text("finished_at IS NULL")),
    )  # fmt: skip
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))  # the operator that shows the act
    rule: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(40))  # term | erasure | withdrawal
    cutoff: Mapped[datetime]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(default=0)


class DestructionLog(Base):
    """One destroyed row: which table, which id, when. Never what stood in it."""

    __tablename__ = "destruction_log"
    id: Mapped[Pk]
    act_id: Mapped[int] = mapped_column(ForeignKey("destruction_act.id", ondelete="CASCADE"), index=True)
    table_name: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(80))  # which columns, or "row"
    at: Mapped[datetime]


class RegisterExport(Base):
    """One export of the Wi-Fi register for an official request: an access to personal data, written down for ever."""

    __tablename__ = "register_export"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    who: Mapped[str] = mapped_column(String(200))  # the person at the dashboard, or the account of the command line
    basis: Mapped[str] = mapped_column(String(300))  # whose request, its number and date
    asked: Mapped[str] = mapped_column(String(8))  # phone | mac | time
    subject: Mapped[str] = mapped_column(String(32))  # keyed hash of the phone or the MAC: finds it again, tells nothing
    begins: Mapped[datetime | None]
    ends: Mapped[datetime | None]
    lines: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))  # of the file that was handed over
    at: Mapped[datetime]
