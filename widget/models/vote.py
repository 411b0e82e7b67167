"""A vote, and a report: what readers say of a comment without writing one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.comment import HASH_LENGTH, Comment
from widget.models.types import enum_column

MAX_NOTE = 1000


class Vote(Base):
    """One voter's opinion of one comment: 1 or -1.

    `voter_hash` stands for the commenter's key, or for the address of a browser without one.
    """

    __tablename__ = "vote"
    __table_args__ = (
        UniqueConstraint("comment_id", "voter_hash"),
        Index("ix_vote_network", "comment_id", "network_hash"),
        Index("ix_vote_voter", "site_id", "voter_hash"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    voter_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    network_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    value: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Complaint(StrEnum):
    """Why a reader reports a comment."""

    spam = "spam"
    abuse = "abuse"
    personal = "personal"
    illegal = "illegal"
    other = "other"


class Report(Base):
    """One reader's report of one comment; open until a moderator decides."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("comment_id", "reporter_hash"),
        Index("ix_report_site", "site_id", "handled_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    reporter_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    network_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    complaint: Mapped[Complaint] = mapped_column(enum_column(Complaint))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    handled_at: Mapped[datetime | None]

    comment: Mapped[Comment] = relationship()
