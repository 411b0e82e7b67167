"""A thread: all comments for one page of a site."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

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
    # This thread's own rules: whom to hold (the site's rule where it is empty), and a word to all.
    hold: Mapped[Hold | None] = mapped_column(enum_column(Hold))
    notice: Mapped[str] = mapped_column(Text, default="")
    # Somebody voted, and readers do not see it yet: see comments.voting.
    voted_at: Mapped[datetime | None]
    # Nobody but moderators may read it: it was imported from a page that not everyone could see.
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    site: Mapped[Site] = relationship()
