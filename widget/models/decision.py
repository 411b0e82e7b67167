"""A decision: the row that every move of a comment leaves. Append only."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.comment import Comment, Status
from widget.models.moderator import Moderator
from widget.models.types import enum_column


class Move(StrEnum):
    """What can be done with a comment."""

    approve = "approve"
    unapprove = "unapprove"
    reject = "reject"
    spam = "spam"
    trash = "trash"
    restore = "restore"
    edit = "edit"
    hold = "hold"
    withdraw = "withdraw"
    undo = "undo"


class Via(StrEnum):
    """Where a decision was taken."""

    policy = "policy"
    reports = "reports"
    author = "author"
    desk = "desk"
    mail = "mail"
    transfer = "transfer"


class Decision(Base):
    """Who moved which comment, from where to where, why and when.

    `moderator_id` is empty when the machine decided (`via` says which part of it).
    """

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_comment", "comment_id", "id"),
        Index("ix_decision_moderator", "site_id", "moderator_id", "id"),
        Index("ix_decision_site", "site_id", "created_at", "id"),
        Index("ix_decision_batch", "batch_id", "id"),
        Index("ix_decision_undoes", "undoes_id"),
        # What there is to learn (spam.learning): most decisions are the machine's.
        Index(
            "ix_decision_taught",
            "site_id",
            "status_to",
            "id",
            sqlite_where=text("moderator_id IS NOT NULL"),
            postgresql_where=text("moderator_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    # No foreign key: a purged comment's decisions stay in the log.
    comment_id: Mapped[int] = mapped_column(BigId)
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    via: Mapped[Via] = mapped_column(enum_column(Via))
    move: Mapped[Move] = mapped_column(enum_column(Move))
    status_from: Mapped[Status] = mapped_column(enum_column(Status))
    status_to: Mapped[Status] = mapped_column(enum_column(Status))
    reason: Mapped[str] = mapped_column(Text, default="")
    # The batch it was part of; and which decision it took back.
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"))
    undoes_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(default=now)

    comment: Mapped[Comment] = relationship(
        primaryjoin="foreign(Decision.comment_id) == Comment.id"
    )
    moderator: Mapped[Moderator | None] = relationship()
