"""Acts of destruction (RKN order 179: an act and the log behind it)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk


class DestructionAct(Base):
    """One run of one rule. Open while `finished_at` is empty: a killed run goes on with the same act."""

    __tablename__ = "destruction_act"
    id: Mapped[Pk]
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
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
    act_id: Mapped[int] = mapped_column(ForeignKey("destruction_act.id"), index=True)
    table_name: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[str] = mapped_column(String(40))
    what: Mapped[str] = mapped_column(String(80))  # which columns, or "row"
    at: Mapped[datetime]
