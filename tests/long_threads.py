"""Threads of any size and shape, written at once; and what reading them asks the database."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event, insert, select

from widget.db import db, now, writing
from widget.models import Comment, Site, Status, Thread, paths
from widget.models.site import MAX_DEPTH

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def grow(
    app: Flask,
    page: str,
    parents: Sequence[int | None],
    *,
    removed: Collection[int] = (),
    pinned: Collection[int] = (),
    authors: Sequence[str] | None = None,
) -> list[int]:
    """Fill a page's thread of `news`; returns the comments' ids.

    Each comment answers the one whose place in `parents` is named in its own place there. Those
    `removed` keep their place where somebody answered them.
    """
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        count = len(parents) - len(removed)
        thread = Thread(site_id=site.id, page=page, approved_count=count)
        db.session.add(thread)
        db.session.flush()
        first = thread.id * 1_000_000  # out of the way of what is written by others
        rows = _rows(
            site=site.id,
            thread=thread.id,
            first=first,
            parents=parents,
            removed=frozenset(removed),
            pinned=frozenset(pinned),
        )
        for row, author in zip(rows, authors or [], strict=False):
            row["author"] = author
        db.session.execute(insert(Comment), rows)
        db.session.commit()
        return [row["id"] for row in rows]


def _rows(
    *,
    site: int,
    thread: int,
    first: int,
    parents: Sequence[int | None],
    removed: frozenset[int],
    pinned: frozenset[int],
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    by_path: dict[bytes, dict[str, Any]] = {}
    for place, parent in enumerate(parents):
        at = BEGAN + timedelta(minutes=place)
        above = (
            rows[parent]["path"][: (MAX_DEPTH - 1) * paths.SEGMENT] if parent is not None else b""
        )
        path = above + paths.segment(at, first + place)
        is_public = place not in removed
        row = {
            "id": first + place, "site_id": site, "thread_id": thread, "created_at": at,
            "parent_id": None if parent is None else first + parent, "path": path,
            "depth": len(path) // paths.SEGMENT - 1, "shown": is_public, "reply_count": 0,
            "status": Status.approved if is_public else Status.trash,
            "published_at": at if is_public else None,
            "pinned_at": at if place in pinned else None,
            "author": f"Reader {place}", "body": "x", "body_html": "<p>x</p>",
            "sanitizer_version": 1, "body_hash": "x", "screened_at": now(),
        }  # fmt: skip
        rows.append(row)
        by_path[path] = row
        if is_public:
            for end in range(paths.SEGMENT, len(path), paths.SEGMENT):
                by_path[path[:end]]["shown"] = True
            if above:
                by_path[path[: paths.SEGMENT]]["reply_count"] += 1
    return rows


@contextmanager
def statements(app: Flask) -> Iterator[list[tuple[str, object]]]:
    """What the database is asked in this block."""
    asked: list[tuple[str, object]] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append((statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield asked
    event.remove(engine, "before_cursor_execute", listen)
