"""A comment, and the states it can be in."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.site import Site
from widget.models.thread import Thread
from widget.models.types import enum_column

# WordPress's limits, so that an import never has to cut: characters, the body in bytes.
MAX_AUTHOR = 245
MAX_EMAIL = 100
MAX_WEBSITE = 200
MAX_NONCE = 64
HASH_LENGTH = 64


class Status(StrEnum):
    """Only `approved` is public."""

    pending = "pending"
    approved = "approved"
    spam = "spam"
    trash = "trash"
    rejected = "rejected"


class Kind(StrEnum):
    """What WordPress calls the comment's type; the last two only come by import."""

    comment = "comment"
    pingback = "pingback"
    trackback = "trackback"


class Badge(StrEnum):
    """Who a commenter is to this page; a moderator says so."""

    author = "author"
    moderator = "moderator"


def _when_written(row: DefaultExecutionContext) -> datetime:
    given = row.get_current_parameters().get("created_at")  # type: ignore[no-untyped-call]
    return cast("datetime | None", given) or now()


class Comment(Base):
    """One contribution.

    `path` orders a thread depth first: one segment for each ancestor and one for itself
    (models.paths). `shown` says that the comment has a place on the page: it is approved, or
    an approved reply hangs under it. Both together make one page of a thread two index range
    scans (publishing.pages).
    """

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"), index=True)
    path: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    depth: Mapped[int] = mapped_column(default=0)
    shown: Mapped[bool] = mapped_column(default=False)
    status: Mapped[Status] = mapped_column(enum_column(Status), default=Status.pending)
    # Where spam, trash or rejected came from, so that restoring puts it back.
    status_before: Mapped[Status | None] = mapped_column(enum_column(Status))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), default=Kind.comment)

    author: Mapped[str] = mapped_column(String(MAX_AUTHOR))
    email: Mapped[str] = mapped_column(String(MAX_EMAIL), default="")
    website: Mapped[str] = mapped_column(String(MAX_WEBSITE), default="")
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    sanitizer_version: Mapped[int]
    body_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=now)
    # When it was approved last: what is new to readers is newer than this, not when it was written.
    published_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    # Was it a moderator who changed it last?
    edited_by_moderator: Mapped[bool] = mapped_column(default=False)
    pinned_at: Mapped[datetime | None]
    badge: Mapped[Badge | None] = mapped_column(enum_column(Badge))
    # How many approved comments hang anywhere under a top-level one; 0 for all others.
    reply_count: Mapped[int] = mapped_column(default=0)
    votes_up: Mapped[int] = mapped_column(default=0)
    votes_down: Mapped[int] = mapped_column(default=0)
    # Its author wants to hear by mail what became of it, and in which language.
    tell_author: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(16), default="")

    # What only hashes are kept of: the commenter's key, the network address and its network.
    key_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    address_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    network_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    nonce: Mapped[str | None] = mapped_column(String(MAX_NONCE))

    # How the form came in (comments.submission.Arrival), then what screening found.
    arrival: Mapped[dict[str, Any]] = mapped_column(default=dict)
    signals: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # The signals' rules, or else what held it (policy.HELD); parted and enclosed by blanks, so that
    # one can be looked for.
    rules: Mapped[str] = mapped_column(String(500), default=" ")
    # The strongest signal's score, in hundredths.
    risk: Mapped[int] = mapped_column(default=0)
    # How likely it is spam, as the filter thinks, and which version of it (SpamModel.id).
    probability: Mapped[float | None]
    judged_by: Mapped[int | None] = mapped_column(BigId)
    # When providers that could not answer are asked again, and how often they were.
    ask_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    # The providers that were sent it.
    providers: Mapped[list[str]] = mapped_column(default=list)
    # When it was written, and earlier by what it matters more than others (moderation.priority).
    priority_at: Mapped[datetime] = mapped_column(default=_when_written)
    # The first comment of all that are near-duplicates of each other (spam.likeness).
    cluster_id: Mapped[int | None] = mapped_column(BigId)
    # The language it is written in, as far as that can be told; `language` is the author's page's.
    written_in: Mapped[str] = mapped_column(String(16), default="")
    held_for: Mapped[str] = mapped_column(Text, default="")
    screened_at: Mapped[datetime | None]

    # Which system and which comment of it this was imported from.
    source: Mapped[str | None] = mapped_column(String(32))
    source_id: Mapped[str | None] = mapped_column(String(255))

    site: Mapped[Site] = relationship()
    thread: Mapped[Thread] = relationship()
    parent: Mapped["Comment | None"] = relationship(remote_side=[id])

    __table_args__ = (
        UniqueConstraint("site_id", "nonce"),
        UniqueConstraint("site_id", "source", "source_id"),
        Index(
            "ix_comment_page_roots",
            "thread_id",
            "path",
            sqlite_where=text("shown = 1 AND depth = 0"),
            postgresql_where=text("shown AND depth = 0"),
        ),
        Index(
            "ix_comment_page",
            "thread_id",
            "path",
            sqlite_where=text("shown = 1"),
            postgresql_where=text("shown"),
        ),
        Index(
            "ix_comment_pinned",
            "thread_id",
            "pinned_at",
            sqlite_where=text("pinned_at IS NOT NULL"),
            postgresql_where=text("pinned_at IS NOT NULL"),
        ),
        Index("ix_comment_queue", "site_id", "status", "created_at", "id"),
        Index("ix_comment_priority", "site_id", "status", "priority_at", "id"),
        Index("ix_comment_thread", "thread_id", "status", "created_at", "id"),
        Index("ix_comment_email", "site_id", "email", "id"),
        Index("ix_comment_network", "site_id", "network_hash", "id"),
        Index("ix_comment_cluster", "site_id", "cluster_id", "status", "id"),
        Index("ix_comment_published", "site_id", "published_at"),
        Index("ix_comment_thread_published", "thread_id", "published_at"),
        Index("ix_comment_key", "site_id", "key_hash", "status", "id"),
        Index("ix_comment_body_hash", "site_id", "body_hash", "id"),
        # What is blanked after a while (privacy.retention): else each day would read all rows.
        # In words that `network_hash = …` does not imply: after an import, PostgreSQL takes this
        # index for nearly empty, and would look there for what a network wrote.
        Index(
            "ix_comment_traced",
            "id",
            sqlite_where=text("coalesce(address_hash, network_hash) IS NOT NULL"),
            postgresql_where=text("coalesce(address_hash, network_hash) IS NOT NULL"),
        ),
        Index(
            "ix_comment_ask",
            "ask_at",
            sqlite_where=text("ask_at IS NOT NULL"),
            postgresql_where=text("ask_at IS NOT NULL"),
        ),
        Index(
            "ix_comment_unscreened",
            "created_at",
            sqlite_where=text("screened_at IS NULL"),
            postgresql_where=text("screened_at IS NULL"),
        ),
    )
