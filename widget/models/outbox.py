"""The outbox: what must be told to someone, kept until it is delivered."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.site import Site


class Delivery(Base):
    """One message to one recipient.

    `dedupe_key` makes writing it twice impossible; `claimed_until` makes sending it twice at once
    impossible (a compare-and-set, see notify.deliveries). A delivery is open until it is either
    delivered or given up; `error` says why, in words.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("site_id", "dedupe_key"),
        Index(
            "ix_outbox_open",
            "due_at",
            sqlite_where=text("delivered_at IS NULL AND failed_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(255))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    dedupe_key: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now)
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")

    site: Mapped[Site] = relationship()
