"""Erasing a comment: nothing personal is left of it, and the discussion around it stays whole.

The row keeps its place, or the replies under it would hang in the air. What the comment was is then
known to nobody: not to moderators, not to the log of their decisions.
"""

from sqlalchemy import delete, func, select, update

from widget.db import db, now
from widget.models import (
    Comment,
    Decision,
    Delivery,
    Likeness,
    LinkedHost,
    Move,
    Report,
    Revision,
    Status,
    Subscription,
    Thread,
    Via,
    Vote,
)
from widget.moderation import moves, notes, rules
from widget.notify import subscriptions
from widget.notify.letterbox import ToReaders

REMOVED = "Removed"


def find(site_id: int, comment_id: int) -> Comment | None:
    """A comment that can be erased; None if it is gone already."""
    comment = db.session.scalar(
        select(Comment).where(Comment.site_id == site_id, Comment.id == comment_id)
    )
    return None if comment is None or is_erased(comment) else comment


def is_erased(comment: Comment) -> bool:
    """Whatever holds words has the hash of them."""
    return comment.body_hash == ""


def erase(comment: Comment) -> None:
    """Take a comment out of sight and forget its author. Twice is no more than once."""
    _lock_threads(comment)
    db.session.refresh(comment)
    if is_erased(comment):
        return
    if comment.status in {Status.pending, Status.approved}:
        moves.move(comment, Move.withdraw, moves.By(via=Via.author))
    _forget_mails(comment)
    _forget_traces(comment)
    if voter := comment.key_hash or comment.address_hash:
        _forget_opinions(comment.site_id, voter)
    notes.forget(comment.site_id, comment)
    rules.forget(comment)
    blank(comment)
    db.session.flush()


def _lock_threads(comment: Comment) -> None:
    """The comment's, and those where the same browser voted.

    In one order, and before any comment's row, as all who move comments do.
    """
    voted = (
        select(Comment.thread_id)
        .join(Vote, Vote.comment_id == Comment.id)
        .where(
            Vote.site_id == comment.site_id,
            Vote.voter_hash == (comment.key_hash or comment.address_hash),
        )
    )
    db.session.execute(
        select(Thread.id)
        .where(
            Thread.site_id == comment.site_id,
            (Thread.id == comment.thread_id) | Thread.id.in_(voted),
        )
        .order_by(Thread.id)
        .with_for_update(key_share=True)
    )


def blank(comment: Comment) -> None:
    """Leave nothing in the row but its place and its status."""
    comment.author, comment.email, comment.website = REMOVED, "", ""
    comment.body, comment.body_html, comment.body_hash = "", "", ""
    comment.key_hash = comment.address_hash = comment.network_hash = comment.nonce = None
    comment.arrival, comment.signals, comment.held_for = {}, [], ""
    comment.rules, comment.risk, comment.cluster_id, comment.written_in = " ", 0, None, ""
    comment.ask_at, comment.asked, comment.providers = None, 0, []
    comment.probability = comment.judged_by = None
    comment.language, comment.badge, comment.pinned_at = "", None, None
    comment.edited_by_moderator = False
    comment.tell_author, comment.votes_up, comment.votes_down = False, 0, 0
    # Nothing is left to screen.
    comment.screened_at = comment.screened_at or now()


def _forget_traces(comment: Comment) -> None:
    """What was said about it, and what it said before."""
    site = comment.site_id
    for model in (Revision, Vote, Report, Likeness, LinkedHost):
        db.session.execute(
            delete(model).where(model.site_id == site, model.comment_id == comment.id)
        )
    db.session.execute(
        update(Decision)
        .where(Decision.site_id == site, Decision.comment_id == comment.id)
        .values(reason="")
    )
    db.session.execute(
        delete(Subscription).where(
            Subscription.site_id == site,
            Subscription.thread_id == comment.thread_id,
            Subscription.asked_by_id == comment.id,
        )
    )


def _forget_opinions(site_id: int, voter: str) -> None:
    """The votes and reports that came from the same browser, with what they counted."""
    voted = dict(
        db.session.execute(
            select(Vote.comment_id, Vote.value).where(
                Vote.site_id == site_id, Vote.voter_hash == voter
            )
        ).all()
    )
    db.session.execute(delete(Vote).where(Vote.site_id == site_id, Vote.voter_hash == voter))
    for value, column in ((1, "votes_up"), (-1, "votes_down")):
        counted = [comment_id for comment_id, given in voted.items() if given == value]
        db.session.execute(
            update(Comment)
            .where(Comment.site_id == site_id, Comment.id.in_(counted))
            .values({column: getattr(Comment, column) - 1})
            .execution_options(synchronize_session=False)
        )
    threads = select(Comment.thread_id).where(Comment.id.in_(voted))
    db.session.execute(
        update(Thread)
        .where(Thread.site_id == site_id, Thread.id.in_(threads))
        .values(voted_at=func.coalesce(Thread.voted_at, now()))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        delete(Report).where(Report.site_id == site_id, Report.reporter_hash == voter)
    )


def _forget_mails(comment: Comment) -> None:
    """Rows of the outbox that hold the author's address because of this comment."""
    subscribed = set(
        db.session.scalars(
            select(Subscription.id).where(
                Subscription.site_id == comment.site_id,
                Subscription.thread_id == comment.thread_id,
                Subscription.asked_by_id == comment.id,
            )
        )
    )
    addresses = {comment.email, subscriptions.address(comment.email)}
    rows = db.session.scalars(
        select(Delivery).where(
            Delivery.site_id == comment.site_id,
            Delivery.recipient.in_(addresses),
            Delivery.kind.in_(set(ToReaders)),
        )
    )
    for row in rows:
        is_about = row.kind == ToReaders.decided and row.payload["comment"] == comment.id
        told = {row.payload.get("subscription"), *map(int, row.payload.get("since", ()))}
        if is_about or told & subscribed:
            db.session.delete(row)
