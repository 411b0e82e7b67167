"""A batch: one move for many comments at once, taken back as one step."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.decision import Move
from widget.models.moderator import Moderator
from widget.models.types import enum_column


class Together(StrEnum):
    """What the comments of a batch have in common."""

    selection = "selection"  # ticked by hand: `chosen` is their ids
    key = "key"
    email = "email"
    domain = "domain"
    network = "network"
    link = "link"
    likeness = "likeness"  # near-duplicate texts
    batch = "batch"  # the batch that this one takes back


class Batch(Base):
    """Which comments, what is done with them, and how far it has come.

    The row says all that a worker needs to go on where another was killed: `after_id` is the last
    comment that is done. Whether each could be moved is counted, and the decisions name the batch.
    """

    __tablename__ = "batch"
    __table_args__ = (
        Index(
            "ix_batch_open",
            "id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"))
    move: Mapped[Move] = mapped_column(enum_column(Move))
    together: Mapped[Together] = mapped_column(enum_column(Together))
    # The pattern they share (as Rule.pattern), the ids, or the number of the batch to take back.
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    after_id: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]

    moderator: Mapped[Moderator] = relationship()
