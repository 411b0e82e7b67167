"""The order of a thread, as bytes that any database sorts the same way.

A comment's path is its ancestors' segments and its own; a segment is when it was written and its
id, both big-endian. So sorting by path is the order in which a thread is read, depth first and
oldest first, and everything under a comment is one range. Bytes, because PostgreSQL sorts text by
the locale.
"""

from datetime import UTC, datetime, timedelta

SEGMENT = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Dates before 1970 (an import may hold any) must still sort: shift them above zero.
_SHIFT = 1 << 62


def segment(created_at: datetime, comment_id: int) -> bytes:
    """16 bytes that sort by time (microseconds), then by id."""
    micros = (created_at - _EPOCH) // timedelta(microseconds=1)
    return (micros + _SHIFT).to_bytes(8, "big") + comment_id.to_bytes(8, "big")


def after_subtree(path: bytes) -> bytes:
    """The least path that sorts behind `path` and everything under it."""
    return path[:-SEGMENT] + (int.from_bytes(path[-SEGMENT:], "big") + 1).to_bytes(SEGMENT, "big")


def ancestor_ids(path: bytes) -> list[int]:
    """The ids of all comments above this one, nearest first."""
    return [
        int.from_bytes(path[end - 8 : end], "big")
        for end in range(len(path) - SEGMENT, 0, -SEGMENT)
    ]
