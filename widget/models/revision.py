"""A revision: what a comment said before it was edited. Moderators see it, readers do not."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.comment import MAX_AUTHOR, MAX_WEBSITE, Comment
from widget.models.moderator import Moderator


class Revision(Base):
    """The body as it was until `created_at`."""

    __tablename__ = "revision"
    __table_args__ = (Index("ix_revision_comment", "comment_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"))
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    # What a moderator replaced beside the body, where it was another one.
    author: Mapped[str | None] = mapped_column(String(MAX_AUTHOR))
    website: Mapped[str | None] = mapped_column(String(MAX_WEBSITE))
    # Who changed it; empty where its author did.
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    comment: Mapped[Comment] = relationship()
    moderator: Mapped[Moderator | None] = relationship()
