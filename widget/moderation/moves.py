"""The only way a comment's status changes, for people and machines alike.

Every move is a compare-and-set on the status and leaves a decision row. What readers see (the
thread's count and version, who keeps a place on the page) changes in the same transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select, update

from widget.db import affected, db, now
from widget.models import Comment, Decision, Moderator, Move, Report, Status, Thread, Via, paths
from widget.notify import readers

P, A, S, T, R = Status.pending, Status.approved, Status.spam, Status.trash, Status.rejected

# From which states a move may start, and where it leads (None: where the comment came from).
MOVES: dict[Move, tuple[frozenset[Status], Status | None]] = {
    Move.approve: (frozenset({P, S, T, R}), A),
    Move.unapprove: (frozenset({A}), P),
    Move.reject: (frozenset({P, A, S, T}), R),
    Move.spam: (frozenset({P, A, T, R}), S),
    Move.trash: (frozenset({P, A, S, R}), T),
    Move.restore: (frozenset({S, T, R}), None),
    # Its author changed it, so it is screened anew; or readers reported it; or its author took it
    # back. No moderator's buttons.
    Move.edit: (frozenset({A}), P),
    Move.hold: (frozenset({A}), P),
    Move.withdraw: (frozenset({P, A}), T),
}
MODERATORS_MOVES = frozenset(
    {Move.approve, Move.unapprove, Move.reject, Move.spam, Move.trash, Move.restore}
)
_OUT_OF_SIGHT = frozenset({S, T, R})


class IllegalMove(Exception):
    """This move does not lead anywhere from the comment's state."""


class Overtaken(IllegalMove):
    """Someone else decided first; `comment` shows what."""


@dataclass(frozen=True, kw_only=True)
class By:
    """Who moves, through which door, why, and as part of which batch."""

    via: Via
    moderator: Moderator | None = None
    reason: str = ""
    batch_id: int | None = None


def move(comment: Comment, what: Move, by: By, *, expected: Status | None = None) -> Decision:
    """Move a comment and return the decision.

    `expected` is the status the mover saw. Raises Overtaken where it is no longer that, IllegalMove
    where the move cannot start from the comment's status.
    """
    seen = expected or comment.status
    starts, target = MOVES[what]
    if comment.status is not seen:
        raise Overtaken(_already(comment))
    if seen not in starts:
        raise IllegalMove(f"This comment is {seen.value}; it cannot be moved by “{what.value}”.")
    return _apply(comment, what, seen, target or comment.status_before or P, by)


def undo(decision: Decision, by: By) -> Decision:
    """Put a comment back to where a decision found it.

    Raises Overtaken where the comment has been moved again since, IllegalMove where its author has
    changed it since: nobody has read those words.
    """
    comment = decision.comment
    lock_thread_of(comment.id)
    db.session.refresh(comment)
    latest = db.session.scalar(
        select(Decision.id)
        .where(Decision.site_id == decision.site_id, Decision.comment_id == comment.id)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if latest != decision.id or comment.status is not decision.status_to:
        raise Overtaken(_already(comment))
    if decision.status_from is A and comment.edited_at and comment.edited_at > decision.created_at:
        raise IllegalMove("Its author has changed this comment. Please read it again, then decide.")
    taken_back = _apply(comment, Move.undo, decision.status_to, decision.status_from, by)
    taken_back.undoes_id = decision.id
    return taken_back


def admit(thread: Thread, arrivals: Sequence[tuple[Comment, Status]], by: By) -> None:
    """Give comments of one thread the status they came with, all at once.

    They are new, flushed and placed in this very transaction, and so pending: nobody else can have
    seen them, let alone decided.
    """
    approved = [comment for comment, target in arrivals if target is A]
    if approved:
        _touch_thread(thread.site_id, thread.id, len(approved))
    for comment, target in arrivals:
        if target is P:
            continue
        comment.status = target
        comment.published_at = comment.created_at if target is A else None
        comment.status_before = P if target in _OUT_OF_SIGHT else None
        db.session.add(
            Decision(
                site_id=comment.site_id,
                comment_id=comment.id,
                via=by.via,
                move=next(move for move, (_, leads_to) in MOVES.items() if leads_to is target),
                status_from=P,
                status_to=target,
                reason=by.reason,
            )
        )
    _show(thread, [comment for comment, _ in arrivals], approved)
    _count_replies(approved)


def _show(thread: Thread, arrivals: Sequence[Comment], approved: Sequence[Comment]) -> None:
    """Give approved comments, and all above them, their place on the page."""
    places = {place for each in approved for place in (each.id, *paths.ancestor_ids(each.path))}
    for comment in arrivals:
        comment.shown = comment.id in places
    db.session.flush()
    if earlier := places - {comment.id for comment in arrivals}:
        db.session.execute(
            update(Comment)
            .where(
                Comment.site_id == thread.site_id,
                Comment.thread_id == thread.id,
                Comment.id.in_(earlier),
            )
            .values(shown=True)
            .execution_options(synchronize_session=False)
        )


def _count_replies(approved: Sequence[Comment], change: int = 1) -> None:
    """Tell the top-level comments how many more replies are approved under each."""
    roots = Counter(paths.ancestor_ids(each.path)[-1] for each in approved if each.depth)
    for root, number in roots.items():
        db.session.execute(
            update(Comment)
            .where(Comment.site_id == approved[0].site_id, Comment.id == root)
            .values(reply_count=Comment.reply_count + number * change)
        )


def lock_thread_of(comment_id: int) -> None:
    """Wait for concurrent moves of the comment's thread, and keep others waiting.

    For whoever will write the comment's row before moving it: all must take the two locks in the
    same order, the thread's first, or two of them could wait for each other for ever.
    """
    thread = select(Thread.id).join(Comment, Comment.thread_id == Thread.id)
    db.session.execute(
        # Not the stronger lock: a new comment refers to this row and need not wait.
        thread.where(Comment.id == comment_id).with_for_update(of=Thread, key_share=True)
    )


def _apply(comment: Comment, what: Move, seen: Status, target: Status, by: By) -> Decision:
    if A in (seen, target):
        # First, because this row's lock puts concurrent moves of one thread in line.
        _touch_thread(comment.site_id, comment.thread_id, (target is A) - (seen is A))
    before = _before(comment, what, seen) if target in _OUT_OF_SIGHT else None
    claim = (
        update(Comment)
        .where(Comment.site_id == comment.site_id, Comment.id == comment.id, Comment.status == seen)
        .values(status=target, status_before=before)
        .execution_options(synchronize_session=False)
    )
    if target not in _OUT_OF_SIGHT:
        # Of what was erased (privacy.erasure), there is nothing that could come back.
        claim = claim.where(Comment.body_hash != "")
    if affected(db.session.execute(claim)) != 1:
        db.session.refresh(comment)
        if not comment.body_hash:
            raise IllegalMove("This comment was erased for its author: nothing of it is left.")
        raise Overtaken(_already(comment))
    db.session.refresh(comment, ["status", "status_before"])
    if A in (seen, target):
        comment.published_at = now() if target is A else None
        _settle_places(comment)
        _count_replies([comment], (target is A) - (seen is A))
    if by.moderator:
        settle_reports(comment)
    return _record(comment, what, seen, target, by)


def _record(comment: Comment, what: Move, seen: Status, target: Status, by: By) -> Decision:
    decision = Decision(
        site_id=comment.site_id,
        comment=comment,
        moderator=by.moderator,
        via=by.via,
        move=what,
        status_from=seen,
        status_to=target,
        reason=by.reason,
        batch_id=by.batch_id,
    )
    db.session.add(decision)
    db.session.flush()
    readers.tell_of_decision(decision)
    return decision


def settle_reports(comment: Comment) -> None:
    """A moderator has seen what readers said of a comment: only new reports count from now on."""
    db.session.execute(
        update(Report)
        .where(
            Report.site_id == comment.site_id,
            Report.comment_id == comment.id,
            Report.handled_at.is_(None),
        )
        .values(handled_at=now())
    )


def _before(comment: Comment, what: Move, seen: Status) -> Status | None:
    """Where a comment that goes out of sight will be restored to."""
    if seen in _OUT_OF_SIGHT:
        return comment.status_before
    if what is not Move.undo:
        return seen
    # An approval is taken back: the comment returns to spam or trash as it was there, and what was
    # approved by mistake must not be approved by restoring it.
    return db.session.scalar(
        select(Decision.status_from)
        .where(
            Decision.site_id == comment.site_id,
            Decision.comment_id == comment.id,
            Decision.move != Move.undo,
            Decision.status_from.not_in(_OUT_OF_SIGHT),
            Decision.status_to.in_(_OUT_OF_SIGHT),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    )


def _touch_thread(site_id: int, thread_id: int, change: int) -> None:
    db.session.execute(
        update(Thread)
        .where(Thread.site_id == site_id, Thread.id == thread_id)
        .values(version=Thread.version + 1, approved_count=Thread.approved_count + change)
    )


def _settle_places(comment: Comment) -> None:
    """A comment keeps its place while it, or a reply somewhere under it, is approved."""
    comment.shown = comment.status is A or _has_shown_reply(comment)
    db.session.flush()
    for ancestor_id in paths.ancestor_ids(comment.path):
        # Anew, because another move may have changed it before ours had the thread's lock.
        above = db.session.get(Comment, ancestor_id, populate_existing=True)
        if above is None:  # a purged ancestor leaves its segment behind
            continue
        shown = above.status is A or comment.shown or _has_shown_reply(above)
        if above.shown is shown:
            return
        above.shown = shown
        db.session.flush()


def _has_shown_reply(comment: Comment) -> bool:
    under = exists().where(
        Comment.site_id == comment.site_id,
        Comment.thread_id == comment.thread_id,
        Comment.shown,
        Comment.path > comment.path,
        Comment.path < paths.after_subtree(comment.path),
    )
    return bool(db.session.scalar(select(under)))


def _already(comment: Comment) -> str:
    return f"This comment is {comment.status.value} already: someone decided in the meantime."
