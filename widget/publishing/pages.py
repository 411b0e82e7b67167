"""One page of a thread: two index range scans, however long the thread.

The first finds the page's top-level comments (index ix_comment_page_roots), the second fetches
them with all their replies, which lie between them in path order (index ix_comment_page).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import literal_column, select

from widget.db import db
from widget.models import Comment, Kind, Order, Site, Status, Thread, paths


class BadCursor(ValueError):
    """A cursor that we did not give out."""


@dataclass(kw_only=True)
class Node:
    """A comment as readers see it. `body_html` was sanitized when it was written."""

    id: int
    author: str
    website: str
    body_html: str
    created_at: datetime
    kind: Kind
    # Not public any more; only its place is kept, for the replies under it.
    is_removed: bool
    # Named where the display is not deep enough to show what a reply answers.
    in_reply_to: "Node | None" = None
    replies: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """Top-level comments in reading order; `after` is the next page's cursor."""

    nodes: list[Node]
    after: str | None


def read(site: Site, thread: Thread | None, *, order: Order, after: str | None = None) -> Page:
    """A page of a thread. Raises BadCursor."""
    cursor = _cursor(after)
    if thread is None:
        return Page([], None)
    roots = _root_paths(site, thread, order, cursor)
    more = len(roots) > site.page_size
    roots = roots[: site.page_size]
    if not roots:
        return Page([], None)
    nodes = _tree(_rows(site, thread, min(roots), max(roots)), site.depth)
    if order is Order.newest:
        nodes.reverse()
    return Page(nodes, roots[-1].hex() if more else None)


def _cursor(after: str | None) -> bytes | None:
    if not after:
        return None
    try:
        cursor = bytes.fromhex(after)
    except ValueError:
        raise BadCursor(after) from None
    if len(cursor) != paths.SEGMENT:
        raise BadCursor(after)
    return cursor


def _root_paths(site: Site, thread: Thread, order: Order, cursor: bytes | None) -> list[bytes]:
    # `shown` and the literal 0 spell the partial index's own condition: SQLite does not see that a
    # bound parameter would meet it.
    roots = select(Comment.path).where(
        Comment.site_id == site.id,
        Comment.thread_id == thread.id,
        Comment.shown,
        Comment.depth == literal_column("0"),
    )
    if order is Order.newest:
        roots = roots.order_by(Comment.path.desc())
        if cursor:
            roots = roots.where(Comment.path < cursor)
    else:
        roots = roots.order_by(Comment.path)
        if cursor:
            roots = roots.where(Comment.path > cursor)
    return list(db.session.scalars(roots.limit(site.page_size + 1)))


_COLUMNS = (
    Comment.id,
    Comment.status,
    Comment.kind,
    Comment.author,
    Comment.website,
    Comment.body_html,
    Comment.created_at,
)


def _rows(
    site: Site, thread: Thread, first: bytes, last: bytes
) -> list[tuple[bytes, int | None, Node]]:
    """Path, parent's id and node of each comment from the first root to the last one's replies."""
    rows = db.session.execute(
        select(Comment.path, Comment.parent_id, *_COLUMNS)
        .where(
            Comment.site_id == site.id,
            Comment.thread_id == thread.id,
            Comment.shown,
            Comment.path >= first,
            Comment.path < paths.after_subtree(last),
        )
        .order_by(Comment.path)
    )
    return [(row.path, row.parent_id, _node(row)) for row in rows]


def _node(row: Any) -> Node:
    is_removed = row.status is not Status.approved
    return Node(
        id=row.id,
        author="" if is_removed else row.author,
        website="" if is_removed else row.website,
        body_html="" if is_removed else row.body_html,
        created_at=row.created_at,
        kind=row.kind,
        is_removed=is_removed,
    )


def _tree(rows: list[tuple[bytes, int | None, Node]], depth: int) -> list[Node]:
    """Nest rows that come depth first, to `depth` levels; deeper ones stand on the last level."""
    top: list[Node] = []
    by_id: dict[int, Node] = {}
    line: list[tuple[bytes, Node]] = []  # what stands above the next one, as displayed
    for path, parent_id, node in rows:
        by_id[node.id] = node
        # A purged ancestor leaves a gap: then a reply stands one level up.
        while line and (len(line) >= depth or not path.startswith(line[-1][0])):
            line.pop()
        above = line[-1][1] if line else None
        (above.replies if above else top).append(node)
        parent = by_id.get(parent_id) if parent_id else None
        if parent is not above:
            node.in_reply_to = parent
        line.append((path, node))
    return top
