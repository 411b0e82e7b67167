"""Starts an RQ worker: `widget worker`, or `python -m widget.worker`."""

import logging
import os
import signal
import sys
import time
from typing import Any, NoReturn

from redis import RedisError
from rq import Queue, Worker, worker_registration
from rq.exceptions import StopRequested
from sqlalchemy.exc import SQLAlchemyError

from widget import queue
from widget.app import create_app
from widget.cli import logs, tether
from widget.db import db
from widget.spam import learning, tongues

__all__ = ["main"]

log = logging.getLogger(__name__)

# How long a worker may be silent, in seconds, before `widget alive` doubts it (RQ adds a minute).
_SILENCE = 60
_PAUSE = 2.0
# After a job, and no more often than that, it looks for newer models and after its learner.
_LOOK_EVERY = 60
# Of all that this machine does, learning can wait.
_NICENESS = 10


def main() -> None:
    """Work until told to stop. Each job runs in a fork of this process, which has the app ready."""
    logs.of_a_service()
    logging.getLogger("rq.worker").addFilter(_in_words)
    app = create_app()
    with app.app_context():
        _learner.watch()
        try:
            tongues.load()
            _load_models()
            while _work(_Screener, queue.QUEUE):
                time.sleep(_PAUSE)
        finally:
            _learner.end()


class _Worker(Worker):
    """RQ's worker, which stays calm when Redis goes away."""

    # Redis comes back within seconds, or someone is called.
    max_connection_wait_time = 10.0
    told_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        """Remember it: after work() one cannot tell whether Redis or we ended it."""
        self.told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]

    def setup_work_horse_signals(self) -> None:
        """A job must not go on when its worker was killed: it is done again by another."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        tether.tie(os.getppid(), signal.SIGKILL)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Beat, and sign on again: a Redis that was lost or emptied has forgotten us."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None:
            self.connection.hset(self.key, mapping=self.serialize())
            worker_registration.register(self)

    def subscribe(self) -> None:
        """Nobody commands workers from afar; a thread less to fork beside."""


class _Screener(_Worker):
    """One for all jobs but learning."""

    look_at = 0.0

    def execute_job(self, job: Any, queue: Any) -> None:
        """Do a job in a fork; then see to it that the next one finds the models of today.

        A fork that finds a newer one loads it by itself, and takes it along when it ends.
        """
        super().execute_job(job, queue)
        if time.monotonic() > self.look_at:
            _load_models()
            _learner.watch()
            self.look_at = time.monotonic() + _LOOK_EVERY


class _Learner:
    """A process beside the worker's for nothing but learning: else comments waited for that.

    Forked from it before that loads anything, it has most of its memory in common with it.
    """

    pid = 0

    def watch(self) -> None:
        """Start it; or again, if it ended."""
        if self.pid and os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            return
        worker, self.pid = os.getpid(), 0
        self.pid = os.fork()
        if not self.pid:
            _only_learn(worker)

    def end(self) -> None:
        """At once: what it has not learned yet, another one will."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


_learner = _Learner()


def _only_learn(worker: int) -> NoReturn:
    """The learner's life, which must not go on as the worker's that it was forked from."""
    try:
        tether.tie(worker, signal.SIGKILL)
        os.nice(_NICENESS)
        db.engine.dispose(close=False)
        while _work(_Worker, queue.LEARNING):
            time.sleep(_PAUSE)
    except Exception:  # the worker starts another one
        log.exception("the learner failed")
    finally:
        os._exit(0)


def _load_models() -> None:
    """Have the spam filter's models ready for those that are forked from here."""
    try:
        learning.preload()
    except SQLAlchemyError as error:  # each job says so for itself
        log.warning("the spam filter's models cannot be loaded: %s", type(error).__name__)
    db.session.remove()
    # A fork must not share the parent's connections.
    db.engine.dispose()


def _work(kind: type[_Worker], listens_to: str) -> bool:
    """One worker's life; tells whether it needs a successor."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    worker = None
    try:
        connection = queue.worker_client()
        worker = kind(
            [Queue(listens_to, connection=connection)],
            connection=connection,
            worker_ttl=_SILENCE,
        )
        worker.work(with_scheduler=False, logging_level="WARNING")
    except RedisError as error:
        log.warning("the worker waits for Redis: %s", error)
    except StopRequested:
        return False
    return worker is None or not worker.told_to_stop


def _in_words(record: logging.LogRecord) -> bool:
    """RQ tells of a Redis that went away by a traceback; its last line says all."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, RedisError):
        record.msg, record.args, record.exc_info = "Redis went away: %s", (error,), None
    return True


if __name__ == "__main__":
    main()
