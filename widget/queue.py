"""The bell: a tight Redis client and `enqueue()`. The only importer of redis and, with worker, rq.

Redis holds nothing that cannot be lost: whatever must happen is a row first (see jobs.sweep).
"""

import logging
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, TypeVar, cast

from flask import Flask, current_app
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker
from rq.cron import CronScheduler
from rq.exceptions import StopRequested

log = logging.getLogger(__name__)

QUEUE = "widget"
# What takes half a minute has a queue, and a process, of its own (worker._Learner).
LEARNING = "widget-learning"
# A job touches a handful of rows or sends one mail; past this it hangs.
JOB_TIMEOUT = 60
FAILURE_TTL = 7 * 86_400
# A bell whose job was lost must not keep others from ringing for longer.
_BELL_SECONDS = 30
_CRON_PAUSE = 2.0
_Answer = TypeVar("_Answer")
# redis-py's defaults hold a request for up to a minute when Redis hangs.
_TIGHT = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}


def init_app(app: Flask, redis_url: str) -> None:
    """Give the app its Redis client. Nothing connects until the first use."""
    app.extensions["redis_url"] = redis_url
    app.extensions["redis"] = _tight_client(redis_url)


def _tight_client(redis_url: str) -> "Redis":
    return Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0), **_TIGHT)


def redis() -> "Redis":
    """The app's client: gives up within half a second."""
    return cast("Redis", current_app.extensions["redis"])


def ask(question: Callable[["Redis"], _Answer], *, otherwise: _Answer) -> _Answer:
    """What Redis says to a question whose answer may be lost; `otherwise` while it is away."""
    try:
        return question(redis())
    except RedisError:
        return otherwise


def is_up() -> bool:
    """Does Redis answer?"""
    return ask(lambda client: bool(client.ping()), otherwise=False)


class Part(StrEnum):
    """What works behind Redis."""

    worker = "worker"
    cron = "cron"


def beats(part: Part, redis_url: str) -> bool:
    """Has such a part of this host told Redis lately that it works? RQ forgets the silent ones."""
    try:
        # A client of its own: RQ loosens the patience of whatever it is given for this.
        with _tight_client(redis_url) as client:
            known: list[Any] = (
                Worker.all(queue=Queue(QUEUE, connection=client))
                if part is Part.worker
                else CronScheduler.all(client)
            )
    except RedisError:
        return False
    return any(one.hostname == socket.gethostname() for one in known)


def enqueue(
    job: Callable[..., object], *args: Any, timeout: int = JOB_TIMEOUT, queue: str = QUEUE
) -> bool:
    """Ring for `job(*args)`; the row that says what to do must be committed already.

    Returns whether the bell rang. It may not: then the sweep rings again, so a reader or a
    moderator never waits for Redis and nothing is lost.
    """
    try:
        Queue(queue, connection=redis()).enqueue(
            job, *args, job_timeout=timeout, result_ttl=0, failure_ttl=FAILURE_TTL
        )
    except RedisError as error:
        log.warning("the bell for %s did not ring: %s", job.__name__, error)
        return False
    return True


def ring_once(job: Callable[[], object]) -> bool:
    """As enqueue(), for a job that does all that there is to do: one that has not begun is enough.

    The job says heard() before it looks for rows, so that none is missed.
    """
    try:
        is_first = redis().set(_bell(job), 1, nx=True, ex=_BELL_SECONDS)
    except RedisError as error:
        log.warning("the bell for %s did not ring: %s", job.__name__, error)
        return False
    return not is_first or enqueue(job)


def heard(job: Callable[[], object]) -> None:
    """From here on, whoever rings for this job is not heard by the run that says so."""
    ask(lambda client: client.delete(_bell(job)), otherwise=None)


def _bell(job: Callable[[], object]) -> str:
    return f"{QUEUE}:bell:{job.__name__}"


def run_cron(table: Sequence[tuple[Callable[..., object], int]]) -> None:
    """Ring for each job of `table` every so many seconds, until told to stop.

    RQ's scheduler gives up when Redis goes away; this one comes back with it.
    """
    with suppress(StopRequested):  # told so while it waited
        while not _ring(table):
            time.sleep(_CRON_PAUSE)


class _Cron(CronScheduler):
    def register_death(self, pipeline: Any = None) -> None:
        """Sign off, unless Redis is gone: its record of us runs out by itself."""
        with suppress(RedisError):
            super().register_death(pipeline)


def _ring(table: Sequence[tuple[Callable[..., object], int]]) -> bool:
    """One scheduler's life; tells whether it was told to stop, or else lost Redis."""
    scheduler = _Cron(worker_client(), logging_level=logging.WARNING)
    for job, seconds in table:
        scheduler.register(
            job,
            QUEUE,
            interval=seconds,
            job_timeout=JOB_TIMEOUT,
            result_ttl=0,
            # A round that was not picked up in time is replaced by the next one.
            ttl=seconds,
            failure_ttl=FAILURE_TTL,
        )
    try:
        scheduler.start()
    except RedisError as error:
        log.warning("cron waits for Redis: %s", error)
        return False
    return True


def worker_client() -> "Redis":
    """A client for a worker or for cron: not the tight one, for RQ sets its own patience."""
    return Redis.from_url(cast("str", current_app.extensions["redis_url"]))
