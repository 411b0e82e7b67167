"""One page of a thread: two index range scans, however long the thread.

The first finds the page's top-level comments (index ix_comment_page_roots), the second fetches
them with their replies, which lie between them in path order (index ix_comment_page). Pinned
comments and the stamp of the newest are the few entries at the ends of two more indices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Integer, bindparam, literal_column, select

from widget.db import db
from widget.models import Comment, Order, Site, Thread, paths
from widget.publishing import arrivals, replies
from widget.publishing.nodes import Node
from widget.publishing.replies import BadCursor, Root

# A page that holds so many comments is full, even if few of them are top-level ones: or a long
# thread's first page would take longer than a short thread's.
FULL = 100
# Behind every path: their first bit is never set (models.paths).
_LAST = b"\xff"

# What every page asks is put together once. `shown` and the literal 0 spell the partial index's own
# condition: SQLite does not see that a bound parameter would meet it.
_TOP_LEVEL = select(Comment.path, Comment.id, Comment.reply_count).where(
    Comment.site_id == bindparam("site"),
    Comment.thread_id == bindparam("thread"),
    Comment.shown,
    Comment.depth == literal_column("0"),
)
_PINNED = _TOP_LEVEL.where(Comment.pinned_at.is_not(None)).order_by(
    Comment.pinned_at.desc(), Comment.id
)
# A SQLite that never heard of ANALYZE takes any of two indices that look alike, and could read all
# the replies with this one's neighbour.
_ROOTS = (
    _TOP_LEVEL.where(
        Comment.pinned_at.is_(None),
        Comment.path >= bindparam("low"),
        Comment.path < bindparam("high"),
    )
    .limit(bindparam("limit", type_=Integer))
    .with_hint(Comment, "INDEXED BY ix_comment_page_roots", "sqlite")
)
_ROOTS_BY_ORDER = {
    Order.oldest: _ROOTS.order_by(Comment.path),
    Order.newest: _ROOTS.order_by(Comment.path.desc()),
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """Top-level comments in reading order; `after` is the next page's cursor."""

    nodes: list[Node] = field(default_factory=list)
    # They stand above the first page, and nowhere else.
    pinned: list[Node] = field(default_factory=list)
    after: str | None = None
    # With which top-level comment the page before this one begins; 0: it is the first page.
    earlier: int | None = None
    # The comment that was asked for is not public here: this is the first page instead.
    is_gone: bool = False
    latest: int = 0


def read(
    site: Site,
    thread: Thread | None,
    *,
    order: Order,
    after: str = "",
    at: int = 0,
    under: int = 0,
) -> Page:
    """A page of a thread, or the one that comes `after` a cursor. Raises BadCursor.

    `at`: the page that begins with the top-level comment which holds that comment. `under`: the
    next replies of a top-level comment.
    """
    cursor = b"" if under else _cursor(after)
    replies.check(after if under else "")
    if thread is None:
        return Page(is_gone=bool(at or under))
    if at:
        page = _at(site, thread, order, at)
    elif under:
        page = _under(site, thread, under, after)
    else:
        page = _page(site, thread, order, behind=cursor)
    page = page or replace(_page(site, thread, order), is_gone=True)
    return replace(page, latest=arrivals.latest(site, thread))


def _page(site: Site, thread: Thread, order: Order, behind: bytes = b"", to: bytes = b"") -> Page:
    """The first page, or the one behind a top-level comment. `to`: a reply that it must hold."""
    pinned = _pinned(site, thread)
    low, high = (b"", behind or _LAST) if order is Order.newest else (behind + b"\0", _LAST)
    roots = _roots(site, thread, order, low, high)
    shown = _fitting(roots, site.page_size)
    families = replies.families(site, thread, shown, without=[root.path for root in pinned])
    page = Page(nodes=_in_order(families, order), after=_onward(roots, shown))
    if behind:
        return replace(page, earlier=_earlier(site, thread, order, shown))
    above = [
        node
        for root in pinned
        for node in replies.one_family(
            site, thread, root, at=to if to.startswith(root.path) else b""
        )
    ]
    return replace(page, pinned=above)


def _at(site: Site, thread: Thread, order: Order, comment_id: int) -> Page | None:
    """The page that begins with the top-level comment which holds a comment."""
    to = _path_of(site, thread, comment_id)
    if to is None:
        return None
    first = to[: paths.SEGMENT]
    pinned = [root.path for root in _pinned(site, thread)]
    if first in pinned:
        return _page(site, thread, order, to=to)
    low, high = (b"", first + b"\0") if order is Order.newest else (first, _LAST)
    roots = _roots(site, thread, order, low, high)
    if not roots or roots[0].path != first:
        return None  # what held it is gone, and it with that
    shown = _fitting(roots, site.page_size)
    families = replies.families(site, thread, shown[1:], without=pinned)
    return Page(
        nodes=[
            *replies.one_family(site, thread, shown[0], at=to),
            *_in_order(families, order),
        ],
        after=_onward(roots, shown),
        earlier=_earlier(site, thread, order, shown),
    )


def _under(site: Site, thread: Thread, root_id: int, after: str) -> Page | None:
    asked = _TOP_LEVEL.where(Comment.id == root_id)
    root = db.session.execute(asked, {"site": site.id, "thread": thread.id}).one_or_none()
    return Page(nodes=replies.after(site, thread, Root(*root), after)) if root else None


def _cursor(after: str) -> bytes:
    if not after:
        return b""
    try:
        cursor = bytes.fromhex(after)
    except ValueError:
        raise BadCursor(after) from None
    if len(cursor) != paths.SEGMENT:
        raise BadCursor(after)
    return cursor


def _path_of(site: Site, thread: Thread, comment_id: int) -> bytes | None:
    return db.session.scalar(
        select(Comment.path).where(
            Comment.site_id == site.id,
            Comment.thread_id == thread.id,
            Comment.shown,
            Comment.id == comment_id,
        )
    )


def _roots(site: Site, thread: Thread, order: Order, low: bytes, high: bytes) -> list[Root]:
    """Top-level comments from one path on and before another; one more than fits on a page."""
    found = db.session.execute(
        _ROOTS_BY_ORDER[order],
        {
            "site": site.id,
            "thread": thread.id,
            "low": low,
            "high": high,
            "limit": site.page_size + 1,
        },
    )
    return [Root(*row) for row in found]


def _pinned(site: Site, thread: Thread) -> list[Root]:
    """Pinned top-level comments, the one pinned last first."""
    found = db.session.execute(_PINNED, {"site": site.id, "thread": thread.id})
    return [Root(*row) for row in found]


def _fitting(roots: Sequence[Root], page_size: int) -> Sequence[Root]:
    """As many as a page holds, at least one."""
    room = max(FULL, page_size)
    for number, root in enumerate(roots[:page_size]):
        if room <= 0:
            return roots[:number]
        room -= _weight(root)
    return roots[:page_size]


def _weight(root: Root) -> int:
    return 1 + min(root.reply_count, replies.SHOWN)


def _onward(roots: Sequence[Root], shown: Sequence[Root]) -> str | None:
    """The cursor of the next page, if there is one."""
    return shown[-1].path.hex() if len(roots) > len(shown) else None


def _earlier(site: Site, thread: Thread, order: Order, shown: Sequence[Root]) -> int | None:
    """Where the page before this one begins, found by looking backwards."""
    if not shown:
        return 0
    first = shown[0].path
    if order is Order.newest:
        before = _roots(site, thread, Order.oldest, first + b"\0", _LAST)
    else:
        before = _roots(site, thread, Order.newest, b"", first)
    if not before:
        return None
    # So many that the last one of them still finds room on a page that begins with the first.
    room = max(FULL, site.page_size) + _weight(before[0])
    begins = before[0]
    for root in before[: site.page_size]:
        room -= _weight(root)
        if room <= 0:
            return begins.id
        begins = root
    return begins.id if len(before) > site.page_size else 0


def _in_order(families: list[list[Node]], order: Order) -> list[Node]:
    in_order = reversed(families) if order is Order.newest else families
    return [node for family in in_order for node in family]
