"""A thread: all comments for one page of a site."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, String, Text, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.site import Hold, Site
from widget.models.types import enum_column

MAX_PAGE = 1000
MAX_TITLE = 300


class Thread(Base):
    """One page's comments. `version` rises with every change a reader could see."""

    __tablename__ = "thread"
    __table_args__ = (
        UniqueConstraint("site_id", "page"),
        Index(
            "ix_thread_voted",
            "voted_at",
            sqlite_where=text("voted_at IS NOT NULL"),
            postgresql_where=text("voted_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    page: Mapped[str] = mapped_column(String(MAX_PAGE))
    url: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(String(MAX_TITLE), default="")
    version: Mapped[int] = mapped_column(default=1)
    approved_count: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    # Whatever its age: a moderator opened it again (publishing.closing).
    stays_open: Mapped[bool] = mapped_column(default=False)
    # This thread's own rules: whom to hold (the site's rule where it is empty), and a word to all.
    hold: Mapped[Hold | None] = mapped_column(enum_column(Hold))
    notice: Mapped[str] = mapped_column(Text, default="")
    # Somebody voted, and readers do not see it yet: see comments.voting.
    voted_at: Mapped[datetime | None]
    # Nobody but moderators may read it: it was imported from a page that not everyone could see.
    hidden_at: Mapped[datetime | None]
    # A signpost: this page's comments stand in another thread, which a moderator chose
    # (moderation.threads). It has none itself, and leads to no other signpost.
    leads_to_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    site: Mapped[Site] = relationship()


def of_page(site_id: int, page: str) -> Select[Thread]:
    """The thread that a page's comments stand in: its own, or the one its signpost leads to."""
    named = aliased(Thread)
    return (
        select(Thread)
        .join(named, Thread.id == func.coalesce(named.leads_to_id, named.id))
        .where(named.site_id == site_id, named.page == page)
    )
