"""A thread's address: moving it to another page, merging it into another thread.

The page that it leaves becomes a signpost (Thread.leads_to_id). So old links, old pages in caches
and old mails find the comments where they are now, and nobody begins a second thread by mistake.
"""

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from widget.db import affected, db, insert_if_absent, now
from widget.models import Comment, Site, Standing, Status, Subscription, Thread
from widget.moderation.curation import MAX_PINNED


class CannotMove(Exception):
    """The message says why, and what could be done instead."""


class Occupied(CannotMove):
    """Another thread stands there already, and the two could be merged."""

    def __init__(self, thread: Thread) -> None:
        super().__init__("Comments stand under that page already.")
        self.thread = thread


def move(thread: Thread, *, page: str, url: str) -> None:
    """Let a thread stand under another page. `page` is a clean identity.

    Raises Occupied where comments stand there, CannotMove where that leads nowhere else.
    """
    _lock(thread.site_id, [thread.id])
    db.session.refresh(thread)
    if thread.leads_to_id:
        raise CannotMove("This thread was merged into another one.")
    if page == thread.page:
        raise CannotMove("That is the page it stands under now.")
    there = db.session.scalar(
        select(Thread).where(Thread.site_id == thread.site_id, Thread.page == page)
    )
    if there and there.leads_to_id != thread.id:
        raise Occupied(_end_of(there))
    left = thread.page
    if there:  # moved away before, and now back: the two pages change places
        there.page = f" {there.id}"  # for the moment: no clean name begins with a space
        db.session.flush()
    thread.page, thread.url = page, url or thread.url
    thread.version += 1
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody wrote there, or moved another thread there
        raise CannotMove("Comments came under that page just now. Please try once more.") from error
    if there:
        there.page, there.url = left, ""
    else:
        signpost = Thread(site_id=thread.site_id, page=left, leads_to_id=thread.id)
        db.session.add(signpost)
    db.session.flush()


def merge(thread: Thread, into: Thread) -> int:
    """Move all comments of a thread into another of the same site; returns how many.

    It may be done again, for what came while it was done before. Raises CannotMove.
    """
    if thread.site_id != into.site_id or thread.id == into.id:
        raise CannotMove("A thread is merged into another one of its site.")
    _lock(thread.site_id, [thread.id, into.id])
    for each in (thread, into):
        db.session.refresh(each)
    if into.leads_to_id:
        raise CannotMove("That thread was merged into another one itself.")
    if (thread.hidden_at is None) is not (into.hidden_at is None):
        raise CannotMove("One of the two threads is hidden from readers, and the other is not.")
    moved = _take_comments(thread, into)
    _take_readers(thread, into)
    _lead(thread, into)
    return moved


def bring_along(comment: Comment) -> None:
    """Let a comment that came while its thread was being merged follow the others."""
    thread = comment.thread
    if thread.leads_to_id:
        merge(thread, db.session.get_one(Thread, thread.leads_to_id))
        db.session.refresh(comment)


def _lock(site_id: int, ids: list[int]) -> None:
    """Nobody moves or adds a comment meanwhile: a new one's foreign key needs this row's lock."""
    db.session.execute(
        select(Thread.id)
        .where(Thread.site_id == site_id, Thread.id.in_(ids))
        .order_by(Thread.id)
        .with_for_update()
    )


def _end_of(thread: Thread) -> Thread:
    """Where a signpost leads; a thread leads to itself."""
    return db.session.get_one(Thread, thread.leads_to_id) if thread.leads_to_id else thread


def _take_comments(thread: Thread, into: Thread) -> int:
    theirs = (Comment.site_id == thread.site_id, Comment.thread_id == thread.id)
    pinned = [Comment.status == Status.approved, Comment.pinned_at.is_not(None)]
    there = select(func.count()).where(
        Comment.site_id == into.site_id, Comment.thread_id == into.id, *pinned
    )
    free = max(0, MAX_PINNED - (db.session.scalar(there) or 0))
    kept = select(Comment.id).where(*theirs, *pinned).order_by(Comment.pinned_at).limit(free)
    db.session.execute(
        update(Comment)
        .where(*theirs, Comment.pinned_at.is_not(None), Comment.id.not_in(kept))
        .values(pinned_at=None)
        .execution_options(synchronize_session=False)
    )
    moved = db.session.execute(
        update(Comment)
        .where(*theirs)
        .values(thread_id=into.id)
        .execution_options(synchronize_session=False)
    )
    into.approved_count += thread.approved_count
    into.version += 1
    if thread.voted_at:
        into.voted_at = into.voted_at or now()
    return affected(moved)


def _take_readers(thread: Thread, into: Thread) -> None:
    """Who followed the thread follows the other one; who did so in both, once."""
    there = {
        row.email: row
        for row in db.session.scalars(
            select(Subscription).where(
                Subscription.site_id == into.site_id,
                Subscription.thread_id == into.id,
                Subscription.comment_id == 0,
            )
        )
    }
    here = select(Subscription).where(
        Subscription.site_id == thread.site_id, Subscription.thread_id == thread.id
    )
    for row in db.session.scalars(here).all():
        twin = there.get(row.email) if row.comment_id == 0 else None
        if twin is None:
            row.thread_id = into.id
            continue
        twin.confirmed_at = twin.confirmed_at or row.confirmed_at
        db.session.delete(row)
    standings = (Standing.site_id == thread.site_id, Standing.thread_id == thread.id)
    for standing in db.session.scalars(select(Standing).where(*standings)).all():
        insert_if_absent(
            Standing,
            site_id=into.site_id,
            key_hash=standing.key_hash,
            thread_id=into.id,
            badge=standing.badge,
        )
    db.session.execute(delete(Standing).where(*standings))


def _lead(thread: Thread, into: Thread) -> None:
    """Its page, and all that led to it, lead to the other one."""
    db.session.execute(
        update(Thread)
        .where(Thread.site_id == thread.site_id, Thread.leads_to_id == thread.id)
        .values(leads_to_id=into.id)
        .execution_options(synchronize_session=False)
    )
    thread.leads_to_id = into.id
    thread.approved_count, thread.voted_at = 0, None
    thread.version += 1
    db.session.flush()


def signposts(site: Site, thread: Thread) -> list[str]:
    """The other pages whose readers are led to a thread."""
    led = select(Thread.page).where(Thread.site_id == site.id, Thread.leads_to_id == thread.id)
    return list(db.session.scalars(led.order_by(Thread.page)))


def count_waiting(thread: Thread) -> int:
    """How many comments of a thread wait for a moderator."""
    waiting = select(func.count()).where(
        Comment.site_id == thread.site_id,
        Comment.thread_id == thread.id,
        Comment.status == Status.pending,
    )
    return db.session.scalar(waiting) or 0
