"""Who wants to hear of a thread: asked for with a comment, confirmed from the mailbox itself.

An address is only ever one of the rows' own: no link holds it (notify.links), so whoever comes with
a link is found by the digest in it, among the rows of one thread or one site.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from widget.config import Settings
from widget.db import db, insert_if_absent, now
from widget.models import Comment, Status, Subscription, Thread, paths
from widget.models.comment import MAX_EMAIL
from widget.notify import letterbox, links
from widget.notify.letterbox import ToReaders
from widget.notify.links import ReaderLink

CONFIRM_WITHIN = timedelta(days=7)


class Follow(StrEnum):
    """What one can ask to hear of."""

    replies = "replies"
    thread = "thread"


def ask(comment: Comment, follow: Follow, *, daily: bool) -> None:
    """Keep that the author of a new comment wants to hear of more.

    A row that is there already stays as it is: anyone can type anyone's address. Only one that
    was asked for in vain (with a comment that was refused) counts as asked for anew.
    """
    row = {
        "thread_id": comment.thread_id,
        "comment_id": comment.id if follow is Follow.replies else 0,
        "email": address(comment.email),
    }
    wish = {"asked_by_id": comment.id, "language": comment.language, "daily": daily}
    if insert_if_absent(Subscription, site_id=comment.site_id, **row, **wish):
        return
    alive = exists().where(
        Comment.id == Subscription.asked_by_id,
        Comment.status.in_([Status.pending, Status.approved]),
    )
    db.session.execute(
        update(Subscription)
        .where(Subscription.site_id == comment.site_id, Subscription.confirmed_at.is_(None), ~alive)
        .filter_by(**row)
        .values(**wish, created_at=now())
        .execution_options(synchronize_session=False)
    )


def address(email: str) -> str:
    """One mailbox, however it was typed. (Some letters grow when they are made small.)"""
    small = email.strip().lower()
    return small if len(small) <= MAX_EMAIL else email.strip()


def someone_waits(comment: Comment) -> bool:
    """Does anyone want to hear of this comment at once, or wait for the mail that confirms?"""
    waits = exists().where(
        Subscription.site_id == comment.site_id,
        Subscription.thread_id == comment.thread_id,
        or_(
            Subscription.confirmed_at.is_not(None) & ~Subscription.daily,
            Subscription.confirmed_at.is_(None) & (Subscription.asked_by_id == comment.id),
        ),
    )
    return bool(db.session.scalar(select(waits)))


def asked_with(comment: Comment) -> Sequence[Subscription]:
    """What was asked for with a comment."""
    return db.session.scalars(
        select(Subscription)
        .where(
            Subscription.site_id == comment.site_id,
            Subscription.thread_id == comment.thread_id,
            Subscription.asked_by_id == comment.id,
        )
        .order_by(Subscription.id)
    ).all()


def above(comment: Comment) -> list[int]:
    """The comments that this one is a reply under. At the deepest level it stands beside one."""
    parent = [comment.parent_id] if comment.parent_id else []
    return [*parent, *paths.ancestor_ids(comment.path)]


def told_of_replies(comment: Comment) -> Sequence[Subscription]:
    """Who hears of this comment at once because it is a reply to them."""
    asked = _told_at_once(comment).where(Subscription.comment_id.in_(above(comment)))
    return db.session.scalars(asked.order_by(Subscription.id)).all()


def told_of_thread(comment: Comment, *, after: int, limit: int) -> Sequence[Subscription]:
    """Who hears of this comment at once because they follow the thread."""
    asked = _told_at_once(comment).where(Subscription.comment_id == 0, Subscription.id > after)
    return db.session.scalars(asked.order_by(Subscription.id).limit(limit)).all()


def _told_at_once(comment: Comment) -> Select[Subscription]:
    return select(Subscription).where(
        Subscription.site_id == comment.site_id,
        Subscription.thread_id == comment.thread_id,
        Subscription.confirmed_at.is_not(None),
        Subscription.daily.is_(False),
        Subscription.email != address(comment.email),
    )


def is_proven(subscription: Subscription) -> bool:
    """Did the same browser confirm the same address for this thread already?"""
    if subscription.asked_by.key_hash is None:  # it could be anyone's
        return False
    earlier, asked_by = aliased(Subscription), aliased(Comment)
    proven = (
        exists()
        .where(
            earlier.site_id == subscription.site_id,
            earlier.thread_id == subscription.thread_id,
            earlier.email == subscription.email,
            earlier.confirmed_at.is_not(None),
            asked_by.id == earlier.asked_by_id,
            asked_by.key_hash == subscription.asked_by.key_hash,
        )
        .correlate(None)
    )
    return bool(db.session.scalar(select(proven)))


def asked_in_vain(subscription: Subscription) -> int:
    """About how many threads the same mailbox was to be asked before, and has not answered."""
    asked = (
        select(func.count(Subscription.thread_id.distinct()))
        .join(Subscription.asked_by)
        .where(
            Subscription.site_id == subscription.site_id,
            Subscription.email == subscription.email,
            Subscription.thread_id != subscription.thread_id,
            Subscription.id < subscription.id,
            Subscription.confirmed_at.is_(None),
            Comment.status == Status.approved,
        )
    )
    return db.session.scalar(asked) or 0


def mailbox(subscription: Subscription) -> str:
    """What tells one address from another in a key; the row holds the address itself."""
    return hashlib.sha256(subscription.email.encode()).hexdigest()[:20]


def question(subscription: Subscription) -> str:
    """The key of the mail that asks: one for each thread and mailbox."""
    return f"{subscription.thread_id}:{mailbox(subscription)}"


def confirm(rows: Iterable[Subscription]) -> None:
    """From now on these are told."""
    for row in rows:
        if row.confirmed_at is None:
            row.confirmed_at = row.told_at = now()


def unsubscribe(rows: Iterable[Subscription]) -> None:
    """Forget them; whoever does so twice has done no more.

    Who had confirmed and comes back is asked again.
    """
    ids = []
    for row in rows:
        ids.append(row.id)
        if row.confirmed_at:
            letterbox.forget(ToReaders.confirm, site_id=row.site_id, key=question(row))
    db.session.execute(delete(Subscription).where(Subscription.id.in_(ids)))


def set_daily(rows: Iterable[Subscription], *, daily: bool) -> None:
    """One mail a day from now on, or each at once."""
    for row in rows:
        if row.daily is not daily:
            row.daily, row.told_at = daily, now()


def behind(settings: Settings, link: ReaderLink) -> list[Subscription]:
    """The rows that a link is about: those of one address in a thread, or in all of a site.

    Those asked for with a comment that nobody approved are not among them: their address may be
    anyone's.
    """
    at_site = Subscription.site_id == link.site_id
    if link.thread_id:  # in which the thread may have been merged since
        into = select(func.coalesce(Thread.leads_to_id, Thread.id)).where(
            Thread.id == link.thread_id
        )
        at_site &= Subscription.thread_id == into.scalar_subquery()
    emails = db.session.scalars(select(Subscription.email).where(at_site).distinct())
    theirs = [email for email in emails if links.is_of(settings, link, email)]
    rows = (
        select(Subscription)
        .join(Subscription.asked_by)
        .where(
            at_site,
            Subscription.email.in_(theirs),
            or_(Subscription.confirmed_at.is_not(None), Comment.status == Status.approved),
        )
        .order_by(Subscription.id)
    )
    return list(db.session.scalars(rows))
