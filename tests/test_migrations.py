"""Migrations: from nothing to the models and back, on both databases, with nothing left to say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect, select, text

from tests import parts
from tests.conftest import DATABASES, _create_database
from widget.app import create_app
from widget.db import Base, db, now, writing
from widget.models import Site


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The app on a database in which there is nothing."""
    address = f"sqlite:///{tmp_path / 'widget.sqlite3'}"
    if request.param == "postgresql":
        server: str = request.getfixturevalue("_postgres")
        _create_database(server, "unmigrated")
        address = server.format(database="unmigrated")
    app = create_app(database_url=address, secret_key=parts.SECRET, data=tmp_path)
    yield app
    with app.app_context():
        db.engine.dispose()


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
