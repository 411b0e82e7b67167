"""What moderators do to a thread beside deciding: pins, badges, notices, rules, closing."""

from sqlalchemy import func, select, update

from widget.db import db, insert_if_absent, now
from widget.models import Badge, Comment, Hold, Standing, Status, Thread
from widget.moderation import moves
from widget.publishing.closing import why_closed

MAX_PINNED = 3
MAX_NOTICE = 1000
# A standing that is none of one page alone.
_EVERYWHERE = 0


class CannotBePinned(Exception):
    """The message says why."""


def pin(comment: Comment) -> None:
    """Let a comment stand first in its thread. Raises CannotBePinned, or moves.Gone."""
    moves.lock_and_read(comment)
    _change(comment.site_id, comment.thread_id)
    if comment.status is not Status.approved or comment.depth:
        raise CannotBePinned("Only a public comment that is no reply can be pinned.")
    pinned = select(func.count()).where(
        Comment.site_id == comment.site_id,
        Comment.thread_id == comment.thread_id,
        Comment.status == Status.approved,
        Comment.pinned_at.is_not(None),
        Comment.id != comment.id,
    )
    if (db.session.scalar(pinned) or 0) >= MAX_PINNED:
        raise CannotBePinned(f"{MAX_PINNED} comments are pinned here already. Unpin one of them.")
    comment.pinned_at = comment.pinned_at or now()


def unpin(comment: Comment) -> None:
    """Put a comment back into its usual place. Raises moves.Gone."""
    moves.lock_and_read(comment)
    _change(comment.site_id, comment.thread_id)
    comment.pinned_at = None


def give_badge(comment: Comment, badge: Badge | None) -> None:
    """Say what the commenter is: the author of this page, a moderator of the site, or neither.

    Whoever holds the same key has it from now on, and all that they wrote shows it. A comment
    without a key has its badge for itself.
    """
    if comment.key_hash is None:
        _change(comment.site_id, comment.thread_id)
        comment.badge = badge
        return
    _lock_threads_of(comment.site_id, comment.key_hash)
    known = {standing.thread_id: standing for standing in _standings(comment)}
    # To be a moderator, or nothing, takes away what one was to this page. An author of this page
    # stays whatever they are elsewhere.
    ends = {comment.thread_id} if badge is not Badge.author else set()
    ends |= {_EVERYWHERE} if badge is None else set()
    for thread_id in ends & known.keys():
        db.session.delete(known[thread_id])
    db.session.flush()
    if badge is not None:
        insert_if_absent(
            Standing,
            site_id=comment.site_id,
            key_hash=comment.key_hash,
            thread_id=comment.thread_id if badge is Badge.author else _EVERYWHERE,
            badge=badge,
        )
    _show_badges(comment)


def _lock_threads_of(site_id: int, key_hash: str) -> None:
    """Every thread that shows this key's comments is another one from now on.

    In one order, and before any comment's row, as all who move comments do.
    """
    written_in = select(Comment.thread_id).where(
        Comment.site_id == site_id, Comment.key_hash == key_hash
    )
    db.session.execute(
        select(Thread.id)
        .where(Thread.site_id == site_id, Thread.id.in_(written_in))
        .order_by(Thread.id)
        .with_for_update(key_share=True)
    )
    db.session.execute(
        update(Thread)
        .where(Thread.site_id == site_id, Thread.id.in_(written_in))
        .values(version=Thread.version + 1)
        .execution_options(synchronize_session=False)
    )


def _standings(comment: Comment) -> list[Standing]:
    return list(
        db.session.scalars(
            select(Standing).where(
                Standing.site_id == comment.site_id, Standing.key_hash == comment.key_hash
            )
        )
    )


def _show_badges(comment: Comment) -> None:
    badges = {standing.thread_id: standing.badge for standing in _standings(comment)}
    everywhere = badges.pop(_EVERYWHERE, None)
    theirs = update(Comment).where(
        Comment.site_id == comment.site_id, Comment.key_hash == comment.key_hash
    )
    elsewhere = theirs.where(Comment.thread_id.not_in(list(badges))).values(badge=everywhere)
    of_one_page = [
        theirs.where(Comment.thread_id == thread_id).values(badge=badge)
        for thread_id, badge in badges.items()
    ]
    for change in (elsewhere, *of_one_page):
        db.session.execute(change.execution_options(synchronize_session=False))
    db.session.refresh(comment, ["badge"])


def close(thread: Thread) -> None:
    """Take no more comments under this page."""
    _change(thread.site_id, thread.id)
    thread.closed_at = thread.closed_at or now()
    thread.stays_open = False


def reopen(thread: Thread) -> None:
    """Take comments again; for good, where its age alone would close it."""
    _change(thread.site_id, thread.id)
    thread.closed_at = None
    thread.stays_open = thread.stays_open or bool(why_closed(thread.site, thread))


def settle(thread: Thread, *, notice: str, hold: Hold | None) -> None:
    """A word to all readers above the comments, and whom to hold here (None: the site's rule)."""
    _change(thread.site_id, thread.id)
    thread.notice = notice
    thread.hold = hold


def _change(site_id: int, thread_id: int) -> None:
    """Readers will see another thread; until the commit, its lock keeps others waiting."""
    db.session.execute(
        update(Thread)
        .where(Thread.site_id == site_id, Thread.id == thread_id)
        .values(version=Thread.version + 1)
        .execution_options(synchronize_session=False)
    )
