"""What moderators write for each other and for later: notes on authors, texts used again."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.moderator import Moderator
from widget.models.types import enum_column

MAX_REFERENCE = 80
MAX_CANNED_TITLE = 100


class AuthorNote(Base):
    """A word on a commenter, seen by the site's moderators alone.

    `author` is a reference (moderation.authors): the hash of a commenter's key, or a keyed digest
    of an e-mail address where there was no key.
    """

    __tablename__ = "author_note"
    __table_args__ = (Index("ix_author_note_author", "site_id", "author", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    author: Mapped[str] = mapped_column(String(MAX_REFERENCE))
    text: Mapped[str] = mapped_column(Text)
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    moderator: Mapped[Moderator | None] = relationship()


class CannedKind(StrEnum):
    """What a canned text is for."""

    reply = "reply"
    reason = "reason"


class Canned(Base):
    """A reply, or a reason for rejecting, that moderators use again and again."""

    __tablename__ = "canned"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    kind: Mapped[CannedKind] = mapped_column(enum_column(CannedKind))
    title: Mapped[str] = mapped_column(String(MAX_CANNED_TITLE))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SavedFilter(Base):
    """A search of the queue that a moderator gave a name."""

    __tablename__ = "saved_filter"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_CANNED_TITLE))
    # The query string of the queue's address, such as “view=pending&q=link%3Aspam.example”.
    query: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(default=now)
