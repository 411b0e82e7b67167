"""What readers are told of a decision: rows with the move, mails from the worker.

A move writes one row, whatever the number of subscribers. The worker turns it into one delivery for
each of them, in batches; all of it can be done again without doing anything twice.
"""

from datetime import timedelta

from sqlalchemy import exists, select

from widget.db import db
from widget.models import Comment, Decision, Status, Subscription, Via
from widget.notify import letterbox, subscriptions
from widget.notify.letterbox import ToReaders

BATCH = 200
# Anyone can type anyone's address, under as many articles as there are. So many questions that
# nobody answers are enough for one mailbox, until they are forgotten.
_MOST_QUESTIONS = 5
# Whoever posts sees what the machine decides at once in its place, and needs no mail.
_IN_PLACE = timedelta(minutes=1)
# A mail cannot be called back, and a moderator may press “undo”.
_GRACE = timedelta(minutes=1)
# Longer ago, rows of the outbox are forgotten (privacy.retention) and could not keep us from
# telling twice.
_LONG_AGO = timedelta(days=14)
# Spam is left out: its address belongs, as a rule, to somebody else.
REFUSED = frozenset({Status.rejected, Status.trash})


def tell_of_decision(decision: Decision) -> None:
    """Write down what readers must hear of a move; nothing where nobody waits for it."""
    comment = decision.comment
    if decision.via is Via.transfer:
        return
    if decision.status_to is Status.approved:
        if subscriptions.someone_waits(comment) and not _is_old_news(decision):
            letterbox.put(
                ToReaders.published,
                site_id=comment.site_id,
                recipient="",
                payload={"comment": comment.id},
                key=str(comment.id),
            )
        if not _was_seen_in_place(decision):
            _tell_author(comment, is_published=True)
    elif decision.status_to in REFUSED and decision.moderator and _was_real(decision):
        _tell_author(comment, is_published=False)


def _was_real(decision: Decision) -> bool:
    return decision.status_from is not Status.spam


def _was_seen_in_place(decision: Decision) -> bool:
    waited = decision.created_at - decision.comment.created_at
    return decision.via is Via.policy and waited < _IN_PLACE


def _is_old_news(decision: Decision) -> bool:
    earlier = exists().where(
        Decision.site_id == decision.site_id,
        Decision.comment_id == decision.comment_id,
        Decision.status_to == Status.approved,
        Decision.created_at < decision.created_at - _LONG_AGO,
    )
    return bool(db.session.scalar(select(earlier)))


def _tell_author(comment: Comment, *, is_published: bool) -> None:
    if comment.tell_author and comment.email:
        outcome = "published" if is_published else "refused"
        letterbox.put(
            ToReaders.decided,
            site_id=comment.site_id,
            recipient=comment.email,
            payload={"comment": comment.id, "published": is_published},
            key=f"{comment.id}:{outcome}",
            pause=timedelta() if is_published else _GRACE,
        )


def tell_first(comment: Comment) -> None:
    """Of a comment that was published: whoever it replies to, and whoever asked to hear of it."""
    for subscription in subscriptions.asked_with(comment):
        if subscription.confirmed_at is None:
            _ask_to_confirm(subscription)
    for subscription in subscriptions.told_of_replies(comment):
        _tell(subscription, comment)


def tell_next(comment: Comment, *, after: int) -> int | None:
    """Then a batch of those who follow the thread; returns where the next one starts."""
    batch = subscriptions.told_of_thread(comment, after=after, limit=BATCH)
    for subscription in batch:
        _tell(subscription, comment)
    return batch[-1].id if len(batch) == BATCH else None


def _ask_to_confirm(subscription: Subscription) -> None:
    if subscriptions.is_proven(subscription):
        subscriptions.confirm([subscription])
        return
    if subscriptions.asked_in_vain(subscription) >= _MOST_QUESTIONS:
        return
    letterbox.put(
        ToReaders.confirm,
        site_id=subscription.site_id,
        recipient=subscription.email,
        payload={"subscription": subscription.id},
        key=subscriptions.question(subscription),
    )


def _tell(subscription: Subscription, comment: Comment) -> None:
    letterbox.put(
        ToReaders.news,
        site_id=subscription.site_id,
        recipient=subscription.email,
        payload={"comment": comment.id, "subscription": subscription.id},
        key=f"{comment.id}:{subscriptions.mailbox(subscription)}",
    )
