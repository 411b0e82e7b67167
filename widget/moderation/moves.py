"""The only way a comment's status changes, for people and machines alike.

Every move is a compare-and-set on the status and leaves a decision row. What readers see (the
thread's count and version, who keeps a place on the page) changes in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from widget.db import affected, db, now
from widget.models import Comment, Decision, Moderator, Move, Report, Status, Thread, Via
from widget.moderation import feedback, locks, places, priority, steps
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


class Gone(IllegalMove):
    """It was removed for good in the meantime."""

    def __init__(self) -> None:
        super().__init__("This comment was removed for good: nothing of it is left.")


@dataclass(frozen=True, kw_only=True)
class By:
    """Who moves, through which door, why, as part of which batch, or taking back what."""

    via: Via
    moderator: Moderator | None = None
    reason: str = ""
    batch_id: int | None = None
    undoes_id: int | None = None


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

    Raises Overtaken where the comment has been moved again since, Gone where it was purged, and
    IllegalMove where its author has changed it since: nobody has read those words.
    """
    comment = db.session.get(Comment, decision.comment_id)
    if comment is None:
        raise Gone
    lock_and_read(comment)
    return take_back(decision, comment, by)


def take_back(decision: Decision, comment: Comment, by: By) -> Decision:
    """As undo(), where the comment is locked and read already."""
    # What stood before a decision that was taken back can be taken back in turn.
    if not steps.is_last_word(decision) or comment.status is not decision.status_to:
        raise Overtaken(_already(comment))
    if (
        decision.status_from is A
        and not comment.edited_by_moderator
        and comment.edited_at
        and comment.edited_at > decision.created_at
    ):
        raise IllegalMove("Its author has changed this comment. Please read it again, then decide.")
    by = replace(by, undoes_id=decision.id)
    return _apply(comment, Move.undo, decision.status_to, decision.status_from, by)


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
    places.give(thread, [comment for comment, _ in arrivals], approved)
    places.count_replies(approved)


def put_away(comments: Sequence[tuple[Comment, str]], what: Move, via: Via) -> list[Decision]:
    """The machine moves comments that wait out of sight, each for a reason; returns the decisions.

    The caller holds their rows' locks. Nothing that readers see changes, and no author is told of
    what no person decided; so any number takes a few statements. What waits no more is left alone.
    """
    target = {Move.spam: S, Move.trash: T}[what]
    reasons = {comment.id: (comment, reason) for comment, reason in comments}
    moved = db.session.scalars(
        update(Comment)
        .where(Comment.id.in_(reasons), Comment.status == P)
        .values(status=target, status_before=P, ask_at=None)
        .returning(Comment.id)
        .execution_options(synchronize_session=False)
    ).all()
    decisions = []
    for comment_id in sorted(moved):
        comment, reason = reasons[comment_id]
        set_committed_value(comment, "status", target)
        set_committed_value(comment, "status_before", P)
        set_committed_value(comment, "ask_at", None)
        decisions.append(
            Decision(
                site_id=comment.site_id,
                comment_id=comment_id,
                via=via,
                move=what,
                status_from=P,
                status_to=target,
                reason=reason,
            )
        )
    db.session.add_all(decisions)
    db.session.flush()
    return decisions


def lock_and_read(comment: Comment) -> None:
    """Lock a comment's thread and read the comment anew: so it stays until the commit.

    Raises Gone where it was purged in the meantime.
    """
    locks.lock_thread_of(comment.id)
    _read(comment)


def _read(comment: Comment) -> None:
    if db.session.get(Comment, comment.id, populate_existing=True) is None:
        raise Gone


def _apply(comment: Comment, what: Move, seen: Status, target: Status, by: By) -> Decision:
    if A in (seen, target):
        # First, because this row's lock puts concurrent moves of one thread in line.
        _touch_thread(comment.site_id, comment.thread_id, (target is A) - (seen is A))
    before = _before(comment, what, seen) if target in _OUT_OF_SIGHT else None
    claim = (
        update(Comment)
        .where(
            Comment.site_id == comment.site_id,
            Comment.id == comment.id,
            Comment.status == seen,
            # Else it was merged into another thread, and the wrong one was counted.
            Comment.thread_id == comment.thread_id,
        )
        # Once somebody has decided, no provider is asked any more.
        .values(status=target, status_before=before, ask_at=None)
        .execution_options(synchronize_session=False)
    )
    if target not in _OUT_OF_SIGHT:
        # Of what was erased (privacy.erasure), there is nothing that could come back.
        claim = claim.where(Comment.body_hash != "")
    if affected(db.session.execute(claim)) != 1:
        raise _why_not(comment, seen, target)
    db.session.refresh(comment, ["status", "status_before", "ask_at"])
    if A in (seen, target):
        comment.published_at = now() if target is A else None
        places.settle(comment)
        places.count_replies([comment], (target is A) - (seen is A))
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
        undoes_id=by.undoes_id,
    )
    db.session.add(decision)
    db.session.flush()
    readers.tell_of_decision(decision)
    feedback.note(decision)
    return decision


def _why_not(comment: Comment, seen: Status, target: Status) -> IllegalMove:
    """Why a comment could not be moved that was there a moment ago."""
    _read(comment)
    if target not in _OUT_OF_SIGHT and not comment.body_hash:
        return IllegalMove("This comment was erased for its author: nothing of it is left.")
    if comment.status is not seen:
        return Overtaken(_already(comment))
    return IllegalMove("Its thread was moved in this very moment. Please try once more.")


def settle_reports(comment: Comment) -> None:
    """A moderator has seen what readers said of a comment: only new reports count from now on."""
    settled = db.session.execute(
        update(Report)
        .where(
            Report.site_id == comment.site_id,
            Report.comment_id == comment.id,
            Report.handled_at.is_(None),
        )
        .values(handled_at=now())
    )
    if affected(settled):
        priority.set_priority(comment)


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


def _already(comment: Comment) -> str:
    return f"This comment is {comment.status.value} already: someone decided in the meantime."
