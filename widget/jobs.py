"""Every RQ entry point, and the cron table. Thin, idempotent; they take ids and commit."""

import functools
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec

from flask import current_app

from widget import config
from widget.db import db, writing
from widget.models import Comment, Delivery, Status
from widget.moderation import screening
from widget.notify import deliveries, mail, outbox
from widget.queue import enqueue

log = logging.getLogger(__name__)
Params = ParamSpec("Params")


def job(function: Callable[Params, None]) -> Callable[Params, None]:
    """Give a job an app context, and so a session, of its own. It needs one around it already."""

    @functools.wraps(function)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        with current_app.app_context(), writing():
            function(*args, **kwargs)

    return run


@job
def screen(comment_id: int) -> None:
    """Screen a comment; ring for the mails that it leads to."""
    ids = [delivery.id for delivery in screening.screen(comment_id)]
    db.session.commit()
    for delivery_id in ids:
        enqueue(deliver, delivery_id)


@job
def deliver(delivery_id: int) -> None:
    """Send one mail of the outbox."""
    delivery = deliveries.claim(delivery_id)
    db.session.commit()
    if delivery is None:
        return
    try:
        _send(delivery)
    except mail.NotSent as error:
        # Not the server's words: they may hold an address. The row keeps them.
        log.warning("delivery %s did not go out (for good: %s)", delivery_id, error.for_good)
        deliveries.failed(delivery, str(error), for_good=error.for_good)
    except Exception as error:
        # A fault of ours. It counts as a try, so that none goes on for ever.
        db.session.rollback()
        deliveries.failed(delivery, f"{type(error).__name__} (see the worker's log)")
        db.session.commit()
        raise
    else:
        deliveries.delivered(delivery)
    db.session.commit()


def _send(delivery: Delivery) -> None:
    settings = config.current()
    comment = db.session.get(Comment, delivery.payload["comment"])
    if comment is None:
        raise mail.NotSent("the comment was purged", for_good=True)
    if comment.status is not Status.pending:
        raise mail.NotSent("someone decided before the mail went out", for_good=True)
    if not outbox.is_told(comment, delivery.recipient):
        raise mail.NotSent("the recipient decides at this site no more", for_good=True)
    message = mail.held(settings, delivery, comment)
    # No transaction is open while we wait for the mail server.
    db.session.commit()
    mail.send(settings, message)


@job
def sweep() -> None:
    """Ring again for rows whose bell was lost."""
    late = timedelta(seconds=config.current().sweep_seconds)
    comment_ids = screening.unscreened(late)
    delivery_ids = deliveries.overdue(late)
    db.session.commit()
    for comment_id in comment_ids:
        enqueue(screen, comment_id)
    for delivery_id in delivery_ids:
        enqueue(deliver, delivery_id)
    if comment_ids or delivery_ids:
        log.info("rang again for %d comments, %d deliveries", len(comment_ids), len(delivery_ids))


def cron_table() -> list[tuple[Callable[[], None], int]]:
    """What is rung for regularly, and every how many seconds."""
    return [(sweep, config.current().sweep_seconds)]
