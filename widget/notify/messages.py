"""From a row of the outbox to the mail it stands for, if anybody still needs it."""

from email.message import EmailMessage

from sqlalchemy import select

from widget.config import Settings
from widget.db import db
from widget.models import Comment, Decision, Delivery, Status, Subscription
from widget.notify import digests, letters, mail, outbox, readers
from widget.notify.letterbox import ToReaders
from widget.notify.mail import NotSent


def compose(settings: Settings, delivery: Delivery) -> EmailMessage:
    """The mail of a delivery. Raises NotSent where it is no longer needed."""
    match delivery.kind:
        case ToReaders.confirm:
            return _confirm(settings, delivery)
        case ToReaders.news:
            return _news(settings, delivery)
        case ToReaders.digest:
            return _digest(settings, delivery)
        case ToReaders.decided:
            return _decided(settings, delivery)
        case _:
            return _held(settings, delivery)


def published(delivery: Delivery) -> Comment:
    """The comment that readers can hear of. Raises NotSent where they may not see it."""
    comment = _comment(delivery)
    if comment.status is not Status.approved or comment.thread.hidden_at:
        raise NotSent("the comment is not public any more", for_good=True)
    return comment


def _held(settings: Settings, delivery: Delivery) -> EmailMessage:
    comment = _comment(delivery)
    if comment.status is not Status.pending:
        raise NotSent("someone decided before the mail went out", for_good=True)
    if not outbox.is_told(comment, delivery.recipient):
        raise NotSent("the recipient decides at this site no more", for_good=True)
    return mail.held(settings, delivery, comment)


def _confirm(settings: Settings, delivery: Delivery) -> EmailMessage:
    subscription = _subscription(delivery)
    if subscription.confirmed_at:
        raise NotSent("it is confirmed already", for_good=True)
    if subscription.asked_by.status is not Status.approved:
        raise NotSent("the comment it was asked for with is not public any more", for_good=True)
    return letters.confirm(settings, delivery, subscription)


def _news(settings: Settings, delivery: Delivery) -> EmailMessage:
    comment, subscription = published(delivery), _subscription(delivery)
    return letters.news(settings, delivery, comment, subscription)


def _digest(settings: Settings, delivery: Delivery) -> EmailMessage:
    chapters, spoken = digests.chapters(delivery)
    if not chapters:
        raise NotSent("nothing is left to tell", for_good=True)
    return letters.digest(settings, delivery, chapters, spoken)


def _decided(settings: Settings, delivery: Delivery) -> EmailMessage:
    comment = _comment(delivery)
    wanted = {Status.approved} if delivery.payload["published"] else readers.REFUSED
    if comment.status not in wanted:
        raise NotSent("it was decided anew in the meantime", for_good=True)
    if (comment.email, comment.tell_author) != (delivery.recipient, True):
        raise NotSent("the author does not want to hear of it any more", for_good=True)
    latest = db.session.scalar(
        select(Decision)
        .where(Decision.site_id == comment.site_id, Decision.comment_id == comment.id)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    return letters.decided(settings, delivery, comment, latest)


def _comment(delivery: Delivery) -> Comment:
    comment = db.session.get(Comment, delivery.payload["comment"])
    if comment is None:
        raise NotSent("the comment was purged", for_good=True)
    return comment


def _subscription(delivery: Delivery) -> Subscription:
    subscription = db.session.get(Subscription, delivery.payload["subscription"])
    if subscription is None or subscription.email != delivery.recipient:
        raise NotSent("the subscription has ended", for_good=True)
    return subscription
