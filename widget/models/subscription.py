"""A subscription: who wants to hear by mail of replies, or of a whole thread."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.comment import MAX_EMAIL, Comment
from widget.models.site import Site
from widget.models.thread import Thread


class Subscription(Base):
    """One address and one thread; with a `comment`, only the replies under it.

    It was asked for with `asked_by`, and is confirmed from the mailbox itself, after that comment
    was approved. Nobody who did not confirm gets a second mail. A row that is not wanted any more
    is deleted, so an address is kept no longer than it is used.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("thread_id", "email", "comment_id"),
        Index("ix_subscription_digest", "daily", "told_at"),
        Index("ix_subscription_asked_by", "asked_by_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"))
    # 0 for the whole thread: a unique constraint would take any number of empty ones.
    comment_id: Mapped[int] = mapped_column(BigId, default=0)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    email: Mapped[str] = mapped_column(String(MAX_EMAIL))
    language: Mapped[str] = mapped_column(String(16), default="")
    daily: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_at: Mapped[datetime | None]
    # Up to which approval the last digest told.
    told_at: Mapped[datetime] = mapped_column(default=now)

    site: Mapped[Site] = relationship()
    thread: Mapped[Thread] = relationship()
    asked_by: Mapped[Comment] = relationship()
