"""Sending what the outbox holds, and ringing for it."""

import logging

from widget import config
from widget.db import db
from widget.jobs.job import job
from widget.models import Delivery
from widget.moderation import feedback
from widget.notify import deliveries, letterbox, mail, messages, outbox, readers, rooms, webhooks
from widget.notify.letterbox import ToReaders
from widget.queue import enqueue

log = logging.getLogger(__name__)


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
    if feedback.is_for_provider(delivery):
        verdict = feedback.verdict(delivery)
        # No transaction is open while we wait for the provider.
        db.session.commit()
        feedback.tell(verdict)
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
