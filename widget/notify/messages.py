"""From a row of the outbox to the message it stands for, if anybody still needs it."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from widget.config import Settings
from widget.db import db
from widget.models import (
    Comment,
    Decision,
    Delivery,
    Membership,
    Status,
    Subscription,
    Telling,
    Webhook,
)
from widget.notify import (
    accounts,
    digests,
    letters,
    mail,
    outbox,
    readers,
    rooms,
    tellings,
    waiting,
)
from widget.notify.letterbox import ToReaders
from widget.notify.mail import NotNeeded
from widget.notify.waiting import Waiting


def compose(settings: Settings, delivery: Delivery) -> EmailMessage:
    """The mail of a delivery. Raises NotNeeded where it is no longer needed."""
    return _COMPOSED_BY[delivery.kind](settings, delivery)


def for_room(settings: Settings, delivery: Delivery) -> tuple[Webhook, dict[str, Any]]:
    """The message to a chat room. Raises NotNeeded where it is no longer needed."""
    room = tellings.room(delivery.site_id, delivery.payload["webhook"])
    if room is None:
        raise NotNeeded("the chat room was removed")
    if delivery.kind == outbox.TEST:
        return room, rooms.test(settings, room, delivery.site)
    if room.telling is Telling.never:
        raise NotNeeded("the chat room is not told any more")
    if delivery.kind == tellings.WAITING:
        return room, rooms.digest(settings, room, delivery.site, _waiting(delivery))
    comment = _pending(delivery)
    return room, rooms.held(settings, room, comment, _waiting(delivery))


def published(delivery: Delivery) -> Comment:
    """The comment that readers can hear of. Raises NotNeeded where they may not see it."""
    comment = _comment(delivery)
    if comment.status is not Status.approved or comment.thread.hidden_at:
        raise NotNeeded("the comment is not public any more")
    return comment


def _held(settings: Settings, delivery: Delivery) -> EmailMessage:
    comment = _pending(delivery)
    _place(delivery)
    return mail.held(settings, delivery, comment)


def _pending(delivery: Delivery) -> Comment:
    comment = _comment(delivery)
    if comment.status is not Status.pending:
        raise NotNeeded("someone decided before the message went out")
    return comment


def _place(delivery: Delivery) -> Membership:
    """The place at the site, for which its moderator is told."""
    place = tellings.place(delivery.site_id, delivery.payload["moderator"])
    if place is None or place.moderator.email != delivery.recipient:
        raise NotNeeded("the recipient is told of this site no more")
    return place


def _waiting(delivery: Delivery) -> Waiting:
    found = waiting.at(delivery.site, first=delivery.payload.get("first", 0))
    if found is None:
        raise NotNeeded("nothing waits any more")
    return found


def _confirm(settings: Settings, delivery: Delivery) -> EmailMessage:
    subscription = _subscription(delivery)
    if subscription.confirmed_at:
        raise NotNeeded("it is confirmed already")
    if subscription.asked_by.status is not Status.approved:
        raise NotNeeded("the comment it was asked for with is not public any more")
    return letters.confirm(settings, delivery, subscription)


def _news(settings: Settings, delivery: Delivery) -> EmailMessage:
    comment, subscription = published(delivery), _subscription(delivery)
    return letters.news(settings, delivery, comment, subscription)


def _digest(settings: Settings, delivery: Delivery) -> EmailMessage:
    chapters, spoken = digests.chapters(delivery)
    if not chapters:
        raise NotNeeded("nothing is left to tell")
    return letters.digest(settings, delivery, chapters, spoken)


def _decided(settings: Settings, delivery: Delivery) -> EmailMessage:
    comment = _comment(delivery)
    wanted = {Status.approved} if delivery.payload["published"] else readers.REFUSED
    if comment.status not in wanted:
        raise NotNeeded("it was decided anew in the meantime")
    if (comment.email, comment.tell_author) != (delivery.recipient, True):
        raise NotNeeded("the author does not want to hear of it any more")
    latest = db.session.scalar(
        select(Decision)
        .where(Decision.site_id == comment.site_id, Decision.comment_id == comment.id)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    return letters.decided(settings, delivery, comment, latest)


def _of_what_waits(settings: Settings, delivery: Delivery) -> EmailMessage:
    return mail.waiting(settings, delivery, _place(delivery), _waiting(delivery))


_COMPOSED_BY: dict[str, Callable[[Settings, Delivery], EmailMessage]] = {
    ToReaders.confirm: _confirm,
    ToReaders.news: _news,
    ToReaders.digest: _digest,
    ToReaders.decided: _decided,
    outbox.HELD: _held,
    tellings.WAITING: _of_what_waits,
    **dict.fromkeys(accounts.ToModerators, accounts.compose),
}


def _comment(delivery: Delivery) -> Comment:
    comment = db.session.get(Comment, delivery.payload["comment"])
    if comment is None:
        raise NotNeeded("the comment was purged")
    return comment


def _subscription(delivery: Delivery) -> Subscription:
    subscription = db.session.get(Subscription, delivery.payload["subscription"])
    if subscription is None or subscription.email != delivery.recipient:
        raise NotNeeded("the subscription has ended")
    return subscription
