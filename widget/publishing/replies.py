"""What hangs under top-level comments: at most so much of each, the rest a few links away.

So a page costs what it shows, whether one comment has a handful of replies or ten thousand. Paths
come in the order of reading, so the next replies are those behind the last one's path, and what
stands above them are its prefixes: nothing is counted or skipped over.
"""

import struct
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from widget.models import Site, Thread, paths
from widget.models.site import MAX_DEPTH
from widget.publishing.nodes import More, Node, Row, between, named, numbered, tree

# A reader follows a conversation for about as long; beyond, the next top-level comment would be
# some screens away.
SHOWN = 25
# Who asks for more wants to read on.
NEXT = 100
_UNKNOWN = 2**32 - 1


class BadCursor(ValueError):
    """A cursor that we did not give out."""


class Root(NamedTuple):
    """A top-level comment: its place, its number, and how many replies it has."""

    path: bytes
    id: int
    reply_count: int


def families(
    site: Site, thread: Thread, roots: Sequence[Root], *, without: Collection[bytes] = ()
) -> list[list[Node]]:
    """Each root with its first replies, as displayed, in path order; `without` some others.

    One range scan from the first root to the last one's replies. Where a crowd is under one of
    them, scans of its first replies alone and of what lies before and behind.
    """
    if not roots:
        return []
    crowded = [root for root in roots if root.reply_count > SHOWN]
    low, high = min(roots).path, paths.after_subtree(max(roots).path)
    apart = sorted({root.path for root in crowded}.union(p for p in without if low <= p < high))
    rows = [row for span in _spans(low, high, apart) for row in between(site, thread, *span)]
    for root in crowded:
        rows += _first(site, thread, root)
    known = {root.path: root for root in roots}
    rows.sort(key=lambda row: row.path)
    return [
        _family(site, known.get(path), list(family))
        for path, family in groupby(rows, key=lambda row: row.path[: paths.SEGMENT])
    ]


def one_family(site: Site, thread: Thread, root: Root, *, at: bytes = b"") -> list[Node]:
    """A root with its first replies; where `at` is not among them, with it and the ones after."""
    rows = _first(site, thread, root)
    if not at or any(row.path == at for row in rows[: SHOWN + 1]):
        return _family(site, root, rows)
    rows = between(site, thread, at, paths.after_subtree(root.path), SHOWN + 1)
    shown = _with_context(site, thread, root, rows[:SHOWN])
    shown[0].starts_late = True
    if len(rows) > SHOWN:
        shown[-1].more = More(root.id, _cursor(_UNKNOWN, rows[SHOWN - 1].path), None)
    return shown


def after(site: Site, thread: Thread, root: Root, cursor: str) -> list[Node]:
    """The next replies under a root, with what stands above them. Raises BadCursor."""
    before, last = _position(cursor, root.path)
    # The least path behind the last one: that of its own first reply, if it has any.
    rows = between(site, thread, last + b"\0", paths.after_subtree(root.path), NEXT + 1)
    shown = _with_context(site, thread, root, rows[:NEXT])
    if len(rows) > NEXT:
        shown[-1].more = _more(root, before, rows[:NEXT])
    return shown


def check(cursor: str) -> None:
    """Raises BadCursor where a cursor cannot be one of a reply."""
    _position(cursor, b"")


def _spans(low: bytes, high: bytes, apart: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """What is left from `low` to `high` when what hangs under some roots is read apart."""
    for path in apart:
        if low < path:
            yield low, path
        low = paths.after_subtree(path)
    if low < high:
        yield low, high


def _first(site: Site, thread: Thread, root: Root) -> list[Row]:
    # One more than is shown tells whether there are more.
    return between(site, thread, root.path, paths.after_subtree(root.path), 1 + SHOWN + 1)


def _family(site: Site, root: Root | None, rows: list[Row]) -> list[Node]:
    shown = rows[: 1 + SHOWN] if root else rows  # a purged root's replies have no one to ask for
    nodes = tree(shown, site.depth)
    if root and len(rows) > len(shown):
        nodes[-1].more = _more(root, 0, shown[1:])
    return nodes


def _more(root: Root, before: int, rows: Sequence[Row]) -> More:
    """What comes after `rows`, before which `before` replies were shown."""
    shown = before + sum(not row.node.is_removed for row in rows)
    is_known = before != _UNKNOWN
    return More(
        root.id,
        _cursor(shown if is_known else _UNKNOWN, rows[-1].path),
        # Some may have come or gone since the first ones were shown.
        max(1, root.reply_count - shown) if is_known else None,
    )


def _with_context(site: Site, thread: Thread, root: Root, rows: list[Row]) -> list[Node]:
    """Rows under all that stands above the first of them; the others' is there then, too."""
    first = rows[0].path if rows else root.path + b"\0"
    above = {first[:end] for end in range(paths.SEGMENT, len(first), paths.SEGMENT)}
    rows = [*named(site, thread, above), *rows]
    # On the deepest level of all, what a reply answers does not stand above it.
    answered = {row.node.parent_id for row in rows if row.node.parent_id}
    elsewhere = numbered(site, thread, answered - {row.node.id for row in rows})
    return tree(rows, site.depth, elsewhere)


def _cursor(shown: int, path: bytes) -> str:
    return (struct.pack(">I", shown) + path).hex()


def _position(cursor: str, root: bytes) -> tuple[int, bytes]:
    """How many replies were shown, and the path of the last one."""
    if not cursor:
        return 0, root
    try:
        given = bytes.fromhex(cursor)
        (shown,) = struct.unpack(">I", given[:4])
    except (ValueError, struct.error):
        raise BadCursor(cursor) from None
    path = given[4:]
    whole, rest = divmod(len(path), paths.SEGMENT)
    if rest or not 1 <= whole <= MAX_DEPTH or not path.startswith(root):
        raise BadCursor(cursor)
    return shown, path
