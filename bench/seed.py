"""What the bench reads: threads of 50 comments of about 300 characters, three levels deep."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert, update

from widget import sanitize
from widget.db import db, writing
from widget.models import Comment, Site, Status, Thread, paths

SITE = "bench"
HOST = "http://news.example.org"
SHORT = 50  # comments of an ordinary thread
LONG = 100_000  # comments of the longest
THREADS = 200  # ordinary threads: what cold readers spread over
LONG_PAGE = "long"
_BODIES = 400
_BATCH = 5_000
_START = datetime(2026, 3, 14, 9, tzinfo=UTC)
# The levels of five comments in a row; so ten top-level comments bring 50.
_LEVELS = (0, 1, 2, 1, 2)
TOP_LEVEL = SHORT // len(_LEVELS)
_WORDS = (
    "the a of to in that council camera record search officer clinic reader question answer "
    "database minutes public board money vote warrant letter audit number street evening who "
    "nobody everyone asked said found showed kept wrote was were is has had will would could "
    "never always often again because although while before after without against between "
    "therefore perhaps certainly surprisingly understandably transparency responsibility"
)


def page(number: int) -> str:
    """The identity of an ordinary thread's page."""
    return f"{HOST}/2026/03/14/story-{number}"


def fill(app: Flask) -> None:
    """Migrate, and write all threads. The long one shows as many comments on its first page."""
    with app.app_context(), writing():
        upgrade()
        site = Site(
            key=SITE, name="Norwalk News", origins=[HOST], page_size=TOP_LEVEL, require_email=False
        )
        db.session.add(site)
        db.session.flush()
        chooser = random.Random(7)
        bodies = [_body(chooser) for _ in range(_BODIES)]
        cleaned = [str(sanitize.clean(body)) for body in bodies]
        sizes = {page(number): SHORT for number in range(THREADS)} | {LONG_PAGE: LONG}
        first_id = 1
        for name, size in sizes.items():
            thread = Thread(site_id=site.id, page=name, title="The database", approved_count=size)
            db.session.add(thread)
            db.session.flush()
            rows = _rows(site, thread, range(first_id, first_id + size), bodies, cleaned)
            _insert(rows)
            first_id += size
        if db.engine.dialect.name == "postgresql":
            # The ids were given, so the sequence has not moved.
            db.session.connection().exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('comment', 'id'), {first_id})"
            )
        # A planner without figures guesses.
        db.session.connection().exec_driver_sql("ANALYZE")
        db.session.commit()


def outdate(app: Flask) -> None:
    """Make every kept fragment old: the next read of any thread is a cold one."""
    with app.app_context(), writing():
        db.session.execute(update(Site).values(version=Site.version + 1))
        db.session.commit()


def _body(chooser: random.Random) -> str:
    known = _WORDS.split()
    words: list[str] = []
    while sum(map(len, words)) + len(words) < 300:
        words.append(chooser.choice(known))
        if chooser.random() < 0.08:
            words[-1] += chooser.choice((".", ",", "?", ".\n\n"))
    return " ".join(words).capitalize() + "."


def _rows(
    site: Site, thread: Thread, ids: range, bodies: list[str], cleaned: list[str]
) -> Iterator[dict[str, Any]]:
    above: list[tuple[int, bytes]] = []
    for place, comment_id in enumerate(ids):
        at = _START + timedelta(seconds=place)
        depth = _LEVELS[place % len(_LEVELS)]
        del above[depth:]
        path = (above[-1][1] if above else b"") + paths.segment(at, comment_id)
        text = (comment_id * 7) % _BODIES
        yield {
            "id": comment_id,
            "site_id": site.id,
            "thread_id": thread.id,
            "parent_id": above[-1][0] if above else None,
            "path": path,
            "depth": depth,
            "shown": True,
            "status": Status.approved,
            "author": f"Reader {comment_id % 97}",
            "email": f"reader{comment_id % 97}@example.org",
            "body": bodies[text],
            "body_html": cleaned[text],
            "sanitizer_version": sanitize.VERSION,
            "body_hash": f"{comment_id:064x}",
            "created_at": at,
            "screened_at": at,
        }
        above.append((comment_id, path))


def _insert(rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            db.session.execute(insert(Comment), batch)
            batch = []
    if batch:
        db.session.execute(insert(Comment), batch)
