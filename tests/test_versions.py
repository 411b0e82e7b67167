"""What a warm read asks the database: always the truth, from any process, through any accident."""

import itertools
import threading

import pytest
from flask import Flask
from sqlalchemy import create_engine, text, update

from tests.conftest import PAGE, Backstage, Reader
from tests.parts import at_once
from widget.db import db, writing
from widget.models import Site
from widget.publishing.versions import Away, Probe, Versions


@pytest.fixture
def probe(app: Flask) -> Probe:
    """Asks this app's database; its connections end with the engine's."""
    with app.app_context():
        return Probe(db.engine)


def test_a_site_without_a_thread_has_a_version_and_no_site_has_none(
    app: Flask, probe: Probe
) -> None:
    assert probe.versions("news", PAGE) == Versions(site=1)
    assert probe.versions("nobody", PAGE) is None


def test_a_thread_has_its_own_version_at_its_own_site_only(
    probe: Probe, ann: Reader, backstage: Backstage
) -> None:
    backstage.approve(ann.say())
    found = probe.versions("news", PAGE)
    assert found
    assert (found.site, found.thread_id is not None, found.thread is not None) == (1, True, True)
    assert probe.versions("other", PAGE) == Versions(site=1)
    assert probe.versions("news", PAGE + "\0") is None, "not the page whose name it begins with"


def test_a_ready_thread_is_answered_ahead_of_flask_until_a_decision(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    seen: list[str] = []

    @app.before_request
    def note() -> None:
        seen.append("Flask was asked")

    first = ann.read()
    seen.clear()
    assert ann.read().headers["ETag"] == first.headers["ETag"]
    assert seen == []
    comment = ann.say("Who searched it?")
    seen.clear()
    backstage.approve(comment)
    assert "Who searched it?" in ann.read().text
    assert seen


def test_whoever_asks_after_a_commit_sees_it(app: Flask, database: str, probe: Probe) -> None:
    """Many readers while another process writes: nobody is told less than was committed before."""
    committed = 1
    done = threading.Event()
    told_less: list[tuple[int, int]] = []

    def write() -> None:
        nonlocal committed
        other_process = create_engine(database)
        for version in range(2, 40):
            with other_process.begin() as connection:
                connection.execute(update(Site).where(Site.key == "news").values(version=version))
            committed = version
        other_process.dispose()
        done.set()

    def read() -> None:
        for _ in itertools.takewhile(lambda _: not done.is_set(), itertools.count()):
            known = committed
            found = probe.versions("news", PAGE)
            assert found
            if found.site < known:
                told_less.append((found.site, known))

    with writing():
        at_once(write, read, read, read)
    assert told_less == []
    assert probe.versions("news", PAGE) == Versions(site=39)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connections_that_the_server_closed_are_replaced(database: str, ann: Reader) -> None:
    known = ann.read().headers["ETag"]
    assert ann.read().headers["ETag"] == known
    server = create_engine(database)
    with server.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    server.dispose()
    assert (ann.read().status_code, ann.read().headers["ETag"]) == (200, known)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_is_gone_is_said_to_be_away(database: str) -> None:
    nowhere = create_engine(database.replace("test_", "there_is_no_test_"))
    with pytest.raises(Away):
        Probe(nowhere).versions("news", PAGE)
