"""A standing: what a commenter is to a site or a page, known by the key their browser holds."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from widget.db import Base, BigId, now
from widget.models.comment import HASH_LENGTH, Badge
from widget.models.types import enum_column


class Standing(Base):
    """A moderator said: whoever holds this key is the page's author, or one of us.

    Comments take the badge when they are written, so that reading needs no second look.
    """

    __tablename__ = "standing"
    __table_args__ = (UniqueConstraint("site_id", "key_hash", "thread_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    key_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    # An author is one of one page; a moderator (0) of all.
    thread_id: Mapped[int] = mapped_column(BigId, default=0)
    badge: Mapped[Badge] = mapped_column(enum_column(Badge))
    created_at: Mapped[datetime] = mapped_column(default=now)
