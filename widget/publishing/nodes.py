"""Comments as readers see them: read in path order, nested as a page shows them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, select

from widget.db import db
from widget.models import Badge, Comment, Kind, Site, Status, Thread
from widget.publishing.stamps import stamp


class More(NamedTuple):
    """The replies under a top-level comment that are not on this page."""

    under: int
    after: str
    # How many; unknown where a page begins in the middle.
    number: int | None


@dataclass(kw_only=True)
class Node:
    """A comment as readers see it. `body_html` was sanitized when it was written."""

    id: int
    parent_id: int | None
    author: str
    website: str
    body_html: str
    created_at: datetime
    edited_at: datetime | None
    edited_by_moderator: bool
    # When it was published (publishing.stamps).
    published: int
    kind: Kind
    badge: Badge | None
    is_pinned: bool
    votes_up: int
    votes_down: int
    # Not public any more; only its place is kept, for the replies under it.
    is_removed: bool
    # Approved replies anywhere under a top-level comment, on this page or not.
    reply_count: int
    # Named where the display is not deep enough to show what a reply answers.
    in_reply_to: "Node | None" = None
    replies: list["Node"] = field(default_factory=list)
    more: More | None = None
    # The replies shown are not its first ones.
    starts_late: bool = False

    @property
    def reply_total(self) -> int:
        """How many replies hang under it; of a reply, only those on this page are known."""
        return self.reply_count or sum(
            (not reply.is_removed) + reply.reply_total for reply in self.replies
        )


class Row(NamedTuple):
    """A node and its place in the thread."""

    path: bytes
    node: Node


_COLUMNS = (
    Comment.path,
    Comment.id,
    Comment.parent_id,
    Comment.status,
    Comment.kind,
    Comment.author,
    Comment.website,
    Comment.body_html,
    Comment.created_at,
    Comment.edited_at,
    Comment.edited_by_moderator,
    Comment.published_at,
    Comment.pinned_at,
    Comment.badge,
    Comment.reply_count,
    Comment.votes_up,
    Comment.votes_down,
)

# A SQLite that never heard of ANALYZE may walk through the whole site for what one thread has.
THREAD_IN_TIME = "INDEXED BY ix_comment_thread_published"

# A question that is asked with every page is put together once: that takes longer than its answer.
_BETWEEN = (
    select(*_COLUMNS)
    .where(
        Comment.site_id == bindparam("site"),
        Comment.thread_id == bindparam("thread"),
        Comment.shown,
        Comment.path >= bindparam("low"),
        Comment.path < bindparam("high"),
    )
    .order_by(Comment.path)
)
_FIRST_BETWEEN = _BETWEEN.limit(bindparam("limit", type_=Integer))


def between(
    site: Site, thread: Thread, low: bytes, high: bytes, limit: int | None = None
) -> list[Row]:
    """What has a place on the page from one path on and before another: one range scan."""
    named = {"site": site.id, "thread": thread.id, "low": low, "high": high}
    if limit is None:
        return _read(_BETWEEN, named)
    return _read(_FIRST_BETWEEN, named | {"limit": limit})


def named(site: Site, thread: Thread, wanted: Collection[bytes]) -> list[Row]:
    """The comments with these paths."""
    if not wanted:
        return []
    return _read(_shown(site, thread).where(Comment.path.in_(wanted)).order_by(Comment.path))


def numbered(site: Site, thread: Thread, wanted: Collection[int]) -> list[Row]:
    """The comments with these numbers."""
    if not wanted:
        return []
    return _read(_shown(site, thread).where(Comment.id.in_(wanted)))


def published_after(site: Site, thread: Thread, at: datetime, limit: int) -> list[Node]:
    """What was published later than that, first things first."""
    rows = db.session.execute(
        select(*_COLUMNS)
        .where(
            Comment.site_id == site.id,
            Comment.thread_id == thread.id,
            Comment.published_at > at,
            Comment.status == Status.approved,
        )
        .order_by(Comment.published_at, Comment.id)
        .limit(limit)
        .with_hint(Comment, THREAD_IN_TIME, "sqlite")
    )
    return [_node(row) for row in rows]


def tree(rows: Sequence[Row], depth: int, elsewhere: Sequence[Row] = ()) -> list[Node]:
    """Nest rows that come depth first, to `depth` levels; deeper ones stand on the last level.

    What a reply there answers may stand `elsewhere`: on an earlier page.
    """
    top: list[Node] = []
    by_id = {row.node.id: row.node for row in elsewhere}
    line: list[Row] = []  # what stands above the next one, as displayed
    for row in rows:
        by_id[row.node.id] = row.node
        # A purged ancestor leaves a gap: then a reply stands one level up.
        while line and (len(line) >= depth or not row.path.startswith(line[-1].path)):
            line.pop()
        above = line[-1].node if line else None
        (above.replies if above else top).append(row.node)
        parent = by_id.get(row.node.parent_id) if row.node.parent_id else None
        if parent is not above:
            row.node.in_reply_to = parent
        line.append(row)
    return top


def _shown(site: Site, thread: Thread) -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).where(
        Comment.site_id == site.id, Comment.thread_id == thread.id, Comment.shown
    )


def _read(asked: Select[*tuple[Any, ...]], values: dict[str, Any] | None = None) -> list[Row]:
    return [Row(row[0], _node(row)) for row in db.session.execute(asked, values)]


def _node(row: Any) -> Node:
    (_path, id_, parent_id, status, kind, author, website, body_html, created_at, edited_at,
     edited_by_moderator, published_at, pinned_at, badge, reply_count, votes_up,
     votes_down) = row  # fmt: skip
    is_removed = status is not Status.approved
    return Node(
        id=id_,
        parent_id=parent_id,
        author="" if is_removed else author,
        website="" if is_removed else website,
        body_html="" if is_removed else body_html,
        created_at=created_at,
        edited_at=edited_at,
        edited_by_moderator=edited_by_moderator,
        published=stamp(published_at),
        kind=kind,
        badge=badge,
        is_pinned=pinned_at is not None,
        votes_up=votes_up,
        votes_down=votes_down,
        is_removed=is_removed,
        reply_count=reply_count,
    )
