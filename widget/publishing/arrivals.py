"""What has come since a reader looked: small, flat, and asked for again and again."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from widget.db import db
from widget.models import Comment, Site, Thread
from widget.publishing.nodes import THREAD_IN_TIME, Node, published_after
from widget.publishing.stamps import moment, stamp

# Whoever was away for longer reads the page anew.
_MOST = 50


@dataclass(frozen=True)
class Arrivals:
    """New comments, first things first, and the stamp to ask with the next time."""

    nodes: list[Node]
    latest: int


def since(site: Site, thread: Thread | None, when: int) -> Arrivals:
    """What was published after a stamp."""
    nodes = published_after(site, thread, moment(when), _MOST) if thread else []
    return Arrivals(nodes, nodes[-1].published if nodes else when)


_LATEST = (
    select(func.max(Comment.published_at))
    .where(Comment.site_id == bindparam("site"), Comment.thread_id == bindparam("thread"))
    .with_hint(Comment, THREAD_IN_TIME, "sqlite")
)


def latest(site: Site, thread: Thread) -> int:
    """The stamp of what was published last: the end of an index."""
    return stamp(db.session.scalar(_LATEST, {"site": site.id, "thread": thread.id}))
