"""What the bench reads: threads of 50 comments of about 300 characters, three levels deep."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from widget import sanitize
from widget.cli import migrating
from widget.db import db, writing
from widget.models import Comment, Decision, Move, Site, Status, Thread, Via, paths

SITE = "bench"
# Long threads of several shapes; its pages are as long as any site's that chose nothing.
LONG_SITE = "bench-long"
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
# By page of the long site: how many comments, and on which levels they stand in turn.
SHAPES: dict[str, tuple[int, tuple[int, ...]]] = {
    "50": (50, (0,)),
    "10,000": (10_000, (0,)),
    "10,000, five to a family": (10_000, _LEVELS),
    "10,000 under one": (10_000, (0, *[1] * 9_999)),
}
WORDS = (
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
    migrating.upgrade(app)
    with app.app_context(), writing():
        site = _site(SITE, TOP_LEVEL)
        sizes = {page(number): SHORT for number in range(THREADS)} | {LONG_PAGE: LONG}
        first_id = 1
        for name, size in sizes.items():
            first_id = _write(site, name, first_id, size, _LEVELS)
        site = _site(LONG_SITE)
        for name, (size, levels) in SHAPES.items():
            first_id = _write(site, name, first_id, size, levels)
        _settle(first_id)
        db.session.commit()


def fill_queue(app: Flask, size: int) -> None:
    """Migrate, and write as many comments: half of them wait, the rest was decided once."""
    migrating.upgrade(app)
    with app.app_context(), writing():
        site = _site(SITE)
        last = 0
        for number in range(size // SHORT):
            thread = Thread(site_id=site.id, page=page(number), title="The database")
            db.session.add(thread)
            db.session.flush()
            rows = list(_rows(site, thread, range(last + 1, last + 1 + SHORT), _LEVELS))
            waits = {"status": Status.pending, "shown": False, "published_at": None}
            db.session.execute(
                insert(Comment), [row | waits if number % 2 == 0 else row for row in rows]
            )
            if number % 2:
                db.session.execute(insert(Decision), [_decision(row) for row in rows])
            last += SHORT
        _settle(last + 1)
        db.session.commit()


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "site_id": row["site_id"],
        "comment_id": row["id"],
        "via": Via.policy,
        "move": Move.approve,
        "status_from": Status.pending,
        "status_to": Status.approved,
        "created_at": row["created_at"],
    }


def _settle(next_id: int) -> None:
    """The ids were given, so the sequence has not moved; and a planner without figures guesses."""
    if db.engine.dialect.name == "postgresql":
        db.session.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('comment', 'id'), {next_id})"
        )
    db.session.connection().exec_driver_sql("ANALYZE")


def _site(key: str, page_size: int | None = None) -> Site:
    chosen = {"page_size": page_size} if page_size else {}
    site = Site(key=key, name="Norwalk News", origins=[HOST], require_email=False, **chosen)
    db.session.add(site)
    db.session.flush()
    return site


def _write(site: Site, name: str, first_id: int, size: int, levels: tuple[int, ...]) -> int:
    """One thread; returns the next free id."""
    thread = Thread(site_id=site.id, page=name, title="The database", approved_count=size)
    db.session.add(thread)
    db.session.flush()
    _insert(_rows(site, thread, range(first_id, first_id + size), levels))
    return first_id + size


def outdate(app: Flask) -> None:
    """Make every kept fragment old: the next read of any thread is a cold one."""
    with app.app_context(), writing():
        db.session.execute(update(Site).values(version=Site.version + 1))
        db.session.commit()


@cache
def _bodies() -> list[tuple[str, str]]:
    """Texts, as typed and as published."""
    chooser = random.Random(7)
    return [(body, str(sanitize.clean(body))) for body in map(_body, [chooser] * _BODIES)]


def _body(chooser: random.Random) -> str:
    known = WORDS.split()
    words: list[str] = []
    while sum(map(len, words)) + len(words) < 300:
        words.append(chooser.choice(known))
        if chooser.random() < 0.08:
            words[-1] += chooser.choice((".", ",", "?", ".\n\n"))
    return " ".join(words).capitalize() + "."


def _rows(
    site: Site, thread: Thread, ids: range, levels: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    above: list[tuple[int, bytes]] = []
    for place, comment_id in enumerate(ids):
        at = _START + timedelta(seconds=place)
        depth = levels[place % len(levels)]
        del above[depth:]
        path = (above[-1][1] if above else b"") + paths.segment(at, comment_id)
        body, body_html = _bodies()[(comment_id * 7) % _BODIES]
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
            "body": body,
            "body_html": body_html,
            "sanitizer_version": sanitize.VERSION,
            "body_hash": f"{comment_id:064x}",
            "created_at": at,
            "published_at": at,
            "screened_at": at,
            "reply_count": 0 if depth else len(levels) - 1,
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
