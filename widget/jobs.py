"""Every RQ entry point, and the cron table. Thin, idempotent; they take ids and commit."""

import functools
import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ParamSpec

from flask import current_app

from widget import config
from widget.comments import voting
from widget.db import db, reading, writing
from widget.models import Batch, Delivery, Site
from widget.moderation import batches, screening
from widget.notify import (
    deliveries,
    digests,
    letterbox,
    mail,
    messages,
    outbox,
    readers,
    rooms,
    webhooks,
)
from widget.notify.letterbox import ToReaders
from widget.privacy import purging, retention
from widget.queue import enqueue

log = logging.getLogger(__name__)
Params = ParamSpec("Params")
_OFTEN, _DAILY = 900, 86_400
# Of retention, in one go: so that no job comes near its time limit.
_BATCHES = 100
# On a moderator's batch, likewise: for so many seconds, however slow the database is.
_AT_A_BATCH = 10


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
    ring()


@job
def deliver(delivery_id: int) -> None:
    """Send one message of the outbox, or write the rows of all that it leads to."""
    delivery = deliveries.claim(delivery_id)
    db.session.commit()
    if delivery is None:
        return
    try:
        _send(delivery)
    except mail.NotSent as error:
        # Not the server's words: they may hold an address. The row keeps them.
        log.warning("delivery %s did not go out (for good: %s)", delivery_id, error.for_good)
        deliveries.failed(delivery, str(error), for_good=error.for_good, pause=error.pause)
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
    if delivery.kind == ToReaders.published:
        _spread(delivery)
        return
    if outbox.is_for_room(delivery):
        _post(delivery)
        return
    settings = config.current()
    message = messages.compose(settings, delivery)
    # No transaction is open while we wait for the mail server.
    db.session.commit()
    mail.send(settings, message)


def _post(delivery: Delivery) -> None:
    """Post to a chat room, and keep with the room how that went."""
    settings = config.current()
    room, message = messages.for_room(settings, delivery)
    told = rooms.Told(site_id=room.site_id, room_id=room.id, url=room.url)
    # No transaction is open while we wait for the chat's server.
    db.session.commit()
    try:
        webhooks.post(settings, told.url, message)
    except mail.NotSent as error:
        rooms.failed(told, error)
        if delivery.kind == outbox.TEST:  # whoever pressed the button will not wait for hours
            raise mail.NotSent(str(error), for_good=True) from error
        raise
    rooms.worked(told)


def _spread(delivery: Delivery) -> None:
    """Turn a published comment into one delivery for each subscriber, a batch at a time."""
    comment = messages.published(delivery)
    after: int | None = delivery.payload.get("after", 0)
    if not after:
        readers.tell_first(comment)
    while after is not None:
        delivery.payload = {**delivery.payload, "after": after}
        after = readers.tell_next(comment, after=after)
        db.session.commit()
        ring()


def ring() -> None:
    """Ring for what this session has put into the outbox for readers; after the commit."""
    for delivery_id in letterbox.put_lately():
        enqueue(deliver, delivery_id)


@job
def move_batch(batch_id: int) -> None:
    """Go on with a batch; others wait for this worker as well, so it stops and rings for itself."""
    batch = db.session.get(Batch, batch_id)
    until = time.monotonic() + _AT_A_BATCH
    while time.monotonic() < until:
        is_done = batch is None or batches.step(batch)
        db.session.commit()
        ring()
        if is_done:
            return
    enqueue(move_batch, batch_id)


@job
def sweep() -> None:
    """Ring again for rows whose bell was lost; let readers see the votes since the last time."""
    late = timedelta(seconds=config.current().sweep_seconds)
    comment_ids = screening.unscreened(late)
    delivery_ids = deliveries.overdue(late)
    batch_ids = batches.at_rest(late)
    voting.show_all()
    db.session.commit()
    for comment_id in comment_ids:
        enqueue(screen, comment_id)
    for delivery_id in delivery_ids:
        enqueue(deliver, delivery_id)
    for batch_id in batch_ids:
        enqueue(move_batch, batch_id)
    if comment_ids or delivery_ids:
        log.info("rang again for %d comments, %d deliveries", len(comment_ids), len(delivery_ids))


@job
def write_digests() -> None:
    """Write the daily mails of the sites whose day is over."""
    for site_id in digests.sites():
        site = db.session.get_one(Site, site_id)
        is_done = False
        while not is_done:
            is_done = digests.write(site)
            db.session.commit()
            ring()


@job
def forget() -> None:
    """Forget what was kept for long enough."""
    budget = _BATCHES
    for rule in _rules():
        after = 0
        while ids := _found(rule, after):
            rule.forget(ids)
            db.session.commit()
            after = ids[-1]
            budget -= 1
            if not budget:  # others wait for this worker as well
                enqueue(forget)
                return


def _rules() -> list[retention.Rule | purging.Purge]:
    with reading():
        rules: list[retention.Rule | purging.Purge] = [
            *retention.rules(config.current()),
            *purging.due(),
        ]
        db.session.commit()
    return rules


def _found(rule: retention.Rule | purging.Purge, after: int) -> Sequence[int]:
    """To look for rows may take a while, and nobody should have to wait for it to write."""
    with reading():
        ids = rule.find(after)
        db.session.commit()
    return ids


def cron_table() -> list[tuple[Callable[[], None], int]]:
    """What is rung for regularly, and every how many seconds."""
    return [(sweep, config.current().sweep_seconds), (write_digests, _OFTEN), (forget, _DAILY)]
