"""Starts an RQ worker: `widget worker`, or `python -m widget.worker`."""

import logging

from rq import Queue, Worker

from widget import queue
from widget.app import create_app
from widget.db import db

__all__ = ["main"]


def main() -> None:
    """Work until told to stop. Each job runs in a fork of this process, which has the app ready."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    app = create_app()
    with app.app_context():
        # A fork must not share the parent's connections.
        db.engine.dispose()
        connection = queue.worker_client()
        worker = Worker(
            [Queue(queue.QUEUE, connection=connection)],
            connection=connection,
        )
        worker.work(with_scheduler=False, logging_level="WARNING")


if __name__ == "__main__":
    main()
