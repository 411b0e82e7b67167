"""Starts an RQ worker: `widget worker`, or `python -m widget.worker`."""

import logging
import os
import signal
import sys
import time
from typing import Any

from redis import RedisError
from rq import Queue, Worker, worker_registration
from rq.exceptions import StopRequested

from widget import queue
from widget.app import create_app
from widget.cli import logs, tether
from widget.db import db
from widget.spam import tongues

__all__ = ["main"]

log = logging.getLogger(__name__)

# How long a worker may be silent, in seconds, before `widget alive` doubts it (RQ adds a minute).
_SILENCE = 60
_PAUSE = 2.0


def main() -> None:
    """Work until told to stop. Each job runs in a fork of this process, which has the app ready."""
    logs.of_a_service()
    logging.getLogger("rq.worker").addFilter(_in_words)
    app = create_app()
    tongues.load()
    with app.app_context():
        # A fork must not share the parent's connections.
        db.engine.dispose()
        while _work():
            time.sleep(_PAUSE)


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


def _work() -> bool:
    """One worker's life; tells whether it needs a successor."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    worker = None
    try:
        connection = queue.worker_client()
        worker = _Worker(
            [Queue(queue.QUEUE, connection=connection)],
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
