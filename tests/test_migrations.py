"""Migrations: from nothing to the models and back, on both databases, with nothing left to say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from tests import parts
from tests.conftest import DATABASES, _create_database, opened
from widget.cli import migrating
from widget.comments.threading import place
from widget.db import Base, db, now, writing
from widget.models import Comment, Decision, Move, Site, Status, Thread, Via


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The app on a database in which there is nothing."""
    address = f"sqlite:///{tmp_path / 'widget.sqlite3'}"
    if request.param == "postgresql":
        server: str = request.getfixturevalue("_postgres")
        _create_database(server, "unmigrated")
        address = server.format(database="unmigrated")
    with opened(database_url=address, secret_key=parts.SECRET, data=tmp_path) as app:
        migrating.bind(app)
        yield app


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def test_upgrading_from_nothing_gives_what_the_models_say(empty: Flask) -> None:
    with empty.app_context(), writing():
        assert tables() == set()
        upgrade()
        assert tables() == {*Base.metadata.tables, "alembic_version"}
        check()  # what `widget db check` runs
        db.session.execute(text("ALTER TABLE site DROP COLUMN language"))
        db.session.commit()
        with pytest.raises(SystemExit):  # or it would find no difference ever
            check()


def test_each_step_leads_back_and_forth_again(empty: Flask) -> None:
    with empty.app_context():
        upgrade()
        versions = 0
        while "site" in tables():
            downgrade()
            versions += 1
            assert versions < 1000
        assert tables() <= {"alembic_version"}
        for _ in range(versions):
            upgrade(revision="+1")
        check()


def test_what_is_stored_survives_each_step_back_and_forth(empty: Flask) -> None:
    with empty.app_context():
        upgrade()
        with writing():
            root = stored_family()
            before = everything_of_comments()
            assert before[root] == (None, Status.approved, 2)
            steps = 0
            while "published_at" in columns("comment"):
                downgrade()
                steps += 1
            assert steps
            count = text("SELECT count(*) FROM comment JOIN decision ON comment_id = comment.id")
            assert db.session.scalar(count) == 1
            db.session.commit()
            upgrade()
            assert everything_of_comments() == before
            published = db.session.execute(select(Comment.published_at, Comment.created_at))
            assert [bool(at) and at == wrote for at, wrote in published].count(True) == 3
            # The rows that refer to others still do, or this would be taken.
            db.session.add(Comment(**{**COMMENT, "site_id": 1, "thread_id": 4711}))
            with pytest.raises(IntegrityError):
                db.session.commit()
            db.session.rollback()


COMMENT: dict[str, Any] = {
    "author": "Ann", "body": "A", "body_html": "<p>A</p>", "sanitizer_version": 1, "body_hash": "a",
}  # fmt: skip


def stored_family() -> int:
    """A public comment with a public reply to a reply that waits, and another reply."""
    site = Site(key="news", name="News", origins=[])
    thread = Thread(site=site, page="a")
    db.session.add_all([site, thread])
    db.session.flush()
    found: list[Comment] = []
    for parent, status in ((None, "approved"), (0, "pending"), (1, "approved"), (0, "approved")):
        comment = Comment(
            **COMMENT, site_id=site.id, thread_id=thread.id, status=Status(status), created_at=now()
        )
        db.session.add(comment)
        db.session.flush()
        place(comment, None if parent is None else found[parent])
        comment.published_at = comment.created_at if comment.status is Status.approved else None
        found.append(comment)
    found[0].reply_count = 2
    by = {"via": Via.desk, "move": Move.approve, "status_from": "pending", "status_to": "approved"}
    db.session.add(Decision(site_id=site.id, comment_id=found[0].id, **by))
    db.session.commit()
    return found[0].id


def everything_of_comments() -> dict[int, tuple[int | None, Status, int]]:
    rows = db.session.execute(
        select(Comment.id, Comment.parent_id, Comment.status, Comment.reply_count)
    ).all()
    db.session.commit()
    return {row.id: (row.parent_id, row.status, row.reply_count) for row in rows}


def columns(table: str) -> set[str]:
    return {column["name"] for column in inspect(db.engine).get_columns(table)}


def test_upgrading_twice_does_nothing(empty: Flask) -> None:
    with empty.app_context(), writing():
        upgrade()
        db.session.add(Site(key="news", name="News", origins=[], created_at=now()))
        db.session.commit()
        upgrade()
        assert db.session.scalars(select(Site.key)).all() == ["news"]


def test_sqlite_writes_safely_and_lets_readers_read(empty: Flask) -> None:
    with empty.app_context():
        if db.engine.dialect.name == "postgresql":
            assert db.session.scalar(text("SHOW statement_timeout")) == "15s"
            return
        pragmas = {
            name: db.session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "synchronous")
        }
        assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
