"""Locks: who changes the comments of a thread, or moves several, does so one after the other."""

from sqlalchemy import select

from widget.db import db
from widget.models import Comment, Thread


def lock_thread_of(*comment_ids: int) -> None:
    """Wait for concurrent moves of the comments' threads, and keep others waiting.

    For whoever will write a comment's row before moving it, or will move several: all must take the
    threads' locks first, at once and in one order, or two of them could wait for each other for
    ever.
    """
    theirs = select(Comment.thread_id).where(Comment.id.in_(comment_ids)).distinct()
    lock = (
        select(Thread.id)
        .where(Thread.id.in_(theirs))
        .order_by(Thread.id)
        # Not the stronger lock: a new comment refers to this row and need not wait.
        .with_for_update(key_share=True)
    )
    locked = set(db.session.scalars(lock))
    # While we waited, a thread may have been merged into another one (moderation.threads).
    while not locked.issuperset(db.session.scalars(theirs)):
        locked.update(db.session.scalars(lock))
