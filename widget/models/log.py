"""The log: what moderators change beside comments. Append only; decisions are their own log."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.moderator import Moderator


class Entry(Base):
    """Who changed what at a site, from what to what, why and when.

    `action` is a noun and a verb, such as “rule added” or “site changed”; `subject` names the thing
    in words; `before` and `after` hold only what changed, and no reader's words or address.
    """

    __tablename__ = "log"
    __table_args__ = (Index("ix_log_site", "site_id", "created_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    # Empty where a command or the machine did it.
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), default="")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

    moderator: Mapped[Moderator | None] = relationship()
