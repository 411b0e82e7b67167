"""The newest comments of a site or a thread, as readers may see them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from widget import addresses
from widget.db import db
from widget.models import Comment, Site, Status, Thread
from widget.publishing import prose
from widget.publishing.nodes import THREAD_IN_TIME

_EXCERPT = 140


@dataclass(frozen=True, kw_only=True)
class Recent:
    """One of them. `body_html` was sanitized when it was written."""

    id: int
    parent_id: int | None
    author: str
    body_html: str
    created_at: datetime
    published_at: datetime
    edited_at: datetime | None
    # Of the article that it stands under; empty where nobody said.
    title: str
    address: str
    answered: str

    @property
    def excerpt(self) -> str:
        """Its first words."""
        return prose.excerpt(self.body_html, _EXCERPT)


def newest(site: Site, *, limit: int, thread: Thread | None = None) -> list[Recent]:
    """What was published last, first. Hidden threads are left out."""
    asked = (
        select(Comment, Thread)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(
            Comment.site_id == site.id,
            # Of no other status is it set; named, so that the index of times is enough.
            Comment.published_at.is_not(None),
            Comment.status == Status.approved,
            Thread.hidden_at.is_(None),
        )
        .order_by(Comment.published_at.desc(), Comment.id.desc())
        .limit(limit)
    )
    if thread is not None:
        asked = asked.where(Comment.thread_id == thread.id)
        asked = asked.with_hint(Comment, THREAD_IN_TIME, "sqlite")
    return [_as_read(site, comment, of) for comment, of in db.session.execute(asked)]


def _as_read(site: Site, comment: Comment, thread: Thread) -> Recent:
    title = prose.on_one_line(thread.title)
    return Recent(
        id=comment.id,
        parent_id=comment.parent_id,
        author=prose.on_one_line(comment.author),
        body_html=comment.body_html,
        created_at=comment.created_at,
        published_at=comment.published_at or comment.created_at,
        edited_at=comment.edited_at,
        # Some scripts send the address where there is no title.
        title="" if title == thread.page else title,
        address=addresses.comment(site, thread, comment.id),
        answered=addresses.comment(site, thread, comment.parent_id) if comment.parent_id else "",
    )
