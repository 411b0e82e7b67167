"""Batches: one move for many comments, in steps that each hold their locks for a moment only.

The row says how far a batch has come, so whoever is asked next goes on from there: the request that
began it, a worker, or another one after that was killed.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from widget.db import db, now
from widget.models import Batch, Comment, Decision, Moderator, Move, Site, Status, Via
from widget.models.batch import Together
from widget.moderation import clusters, locks, moves, steps

# How many comments one step moves; and how many a request may move by itself.
STEP = 100
AT_ONCE = 50
# Nobody ticks more by hand.
MAX_IDS = 1000
_COUNTED = 100_000


class Skipped(StrEnum):
    """Why a comment of a batch was left alone."""

    decided = "decided"  # somebody else decided first
    edited = "edited"  # its author has changed it since the moderator looked
    gone = "gone"  # it was erased or purged
    unfit = "unfit"  # the move does not start from where it is


def begin(
    site: Site,
    moderator: Moderator,
    move: Move,
    *,
    together: Together,
    pattern: str = "",
    ids: Iterable[int] = (),
    expected: Status | None = None,
    among: Collection[Status] = (),
    reason: str = "",
    looked_at: datetime | None = None,
) -> Batch:
    """Write down what is to be done with which comments; nothing is moved yet (see step()).

    `expected` is the status they were seen in, `looked_at` when: what was decided or edited since
    is left alone. What comes later is not part of it. `among` names several such statuses, for
    comments that nobody saw one by one.
    """
    chosen: dict[str, object] = {
        "expected": expected.value if expected else "",
        "among": sorted(status.value for status in among),
        "looked_at": (looked_at or now()).isoformat(),
    }
    if together is Together.selection:
        ticked = sorted(set(ids))[:MAX_IDS]
        chosen["ids"], total = ticked, len(ticked)
    else:
        if together is Together.email and "@" in pattern:
            pattern = clusters.example(site.id, pattern)
        chosen |= {"pattern": pattern, "until": db.session.scalar(select(func.max(Comment.id)))}
        starts = _starts(move, expected, among)
        total = clusters.count(site.id, together, pattern, statuses=starts, at_most=_COUNTED)
    batch = Batch(move=move, together=together, chosen=chosen, reason=reason, total=total)
    if not total:
        _finish(batch)
    return _stored(batch, site.id, moderator)


def _stored(batch: Batch, site_id: int, moderator: Moderator) -> Batch:
    batch.site_id, batch.moderator = site_id, moderator
    db.session.add(batch)
    db.session.flush()
    return batch


def undo(batch: Batch, moderator: Moderator) -> Batch:
    """A batch that takes back what this one has moved, but for what was decided anew since.

    One that is still under way ends where it is. Raises IllegalMove where nothing is left to do.
    """
    # Also where it is done: of two who press the button at once, the second waits, and sees the
    # first one's batch.
    db.session.get(Batch, batch.id, populate_existing=True, with_for_update={"key_share": True})
    was_open = batch.finished_at is None
    if was_open:
        _finish(batch)
    for each in steps.under_way([batch.site_id]):
        if each.chosen["batch"] == batch.id:
            return each
    left = steps.of_batch(batch.site_id, batch.id).subquery()
    total = db.session.scalar(select(func.count()).select_from(left)) or 0
    if not (was_open or steps.is_left(batch)):
        raise moves.IllegalMove("There is nothing left to take back.")
    undoing = Batch(
        move=Move.undo, together=Together.batch, chosen={"batch": batch.id}, total=total
    )
    return _stored(undoing, batch.site_id, moderator)


def step(batch: Batch, limit: int = STEP) -> bool:
    """Move the next comments of a batch; tells whether it is done (or another worker is at it)."""
    if _claim(batch) is None:
        return True
    skipped: Counter[str] = Counter(batch.chosen.get("skipped", {}))
    work = _take_back if batch.together is Together.batch else _move
    handled, why = work(batch, limit)
    skipped.update(why)
    batch.moved += len(handled) - why.total()
    if handled:
        batch.after_id = handled[-1]
    is_done = len(handled) < limit
    if is_done:
        # Of what they share, those were not even found any more that somebody moved elsewhere.
        missing = batch.total - batch.moved - skipped.total()
        skipped[Skipped.decided] += max(0, missing)
        _finish(batch)
    batch.skipped = skipped.total()
    batch.total = max(batch.total, batch.moved + batch.skipped)
    batch.chosen = {**batch.chosen, "skipped": {name: n for name, n in skipped.items() if n}}
    db.session.flush()
    return is_done


def find(sites: Sequence[Site], batch_id: int) -> Batch | None:
    """A batch of these sites; none of any other."""
    if batch_id >= 2**63:
        return None
    return db.session.scalar(
        select(Batch).where(Batch.site_id.in_([site.id for site in sites]), Batch.id == batch_id)
    )


def at_rest(since: timedelta, limit: int = 500) -> list[int]:
    """Batches that nobody has worked on for so long: their bell was lost, or their worker was."""
    worked_on = (
        select(Decision.created_at)
        .where(Decision.site_id == Batch.site_id, Decision.batch_id == Batch.id)
        .order_by(Decision.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    waiting = (
        select(Batch.id)
        .where(
            Batch.finished_at.is_(None),
            func.coalesce(worked_on, Batch.created_at) < now() - since,
        )
        .order_by(Batch.id)
        .limit(limit)
    )
    return list(db.session.scalars(waiting))


def why_skipped(batch: Batch) -> dict[Skipped, int]:
    """How many were left alone so far, by why."""
    return {Skipped(name): number for name, number in batch.chosen.get("skipped", {}).items()}


def _claim(batch: Batch) -> Batch | None:
    """The row as it is now, and ours until the commit; None where it is done or someone has it."""
    return db.session.scalar(
        select(Batch)
        .where(Batch.site_id == batch.site_id, Batch.id == batch.id, Batch.finished_at.is_(None))
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _finish(batch: Batch) -> None:
    """From now on nobody needs to know whose comments these were; hashes are not kept for ever."""
    batch.finished_at = now()
    if batch.together in {Together.key, Together.network}:
        batch.chosen = {**batch.chosen, "pattern": ""}


def _starts(
    move: Move, expected: Status | None, among: Collection[Status] = ()
) -> frozenset[Status]:
    return frozenset({expected}) if expected else frozenset(among) or moves.MOVES[move][0]


def _move(batch: Batch, limit: int) -> tuple[list[int], Counter[str]]:
    """The next comments, and why some of them were left alone."""
    expected = Status(batch.chosen["expected"]) if batch.chosen["expected"] else None
    starts = _starts(batch.move, expected, [Status(each) for each in batch.chosen["among"]])
    if batch.together is Together.selection:
        ids = [number for number in batch.chosen["ids"] if number > batch.after_id][:limit]
    else:
        ids = clusters.ids(
            batch.site_id,
            batch.together,
            batch.chosen["pattern"],
            statuses=starts,
            after=batch.after_id,
            until=batch.chosen["until"],
            limit=limit,
        )
    comments = _lock(batch.site_id, ids)
    by = _by(batch)
    looked_at = datetime.fromisoformat(batch.chosen["looked_at"])
    why: Counter[str] = Counter()
    for number in ids:
        comment = comments.get(number)
        if comment is None or not comment.body_hash:
            why[Skipped.gone] += 1
        elif comment.edited_at and comment.edited_at > looked_at:
            why[Skipped.edited] += 1
        elif batch.chosen["among"] and comment.status not in starts:
            why[Skipped.decided] += 1
        else:
            try:
                moves.move(comment, batch.move, by, expected=expected)
            except moves.Overtaken:
                why[Skipped.decided] += 1
            except moves.IllegalMove:
                why[Skipped.unfit] += 1
    return ids, why


def _take_back(batch: Batch, limit: int) -> tuple[list[int], Counter[str]]:
    """The next decisions of the batch that this one takes back, and why some of them stay."""
    decisions = db.session.scalars(
        steps.of_batch(batch.site_id, batch.chosen["batch"])
        .where(Decision.id > batch.after_id)
        .order_by(Decision.id)
        .limit(limit)
    ).all()
    comments = _lock(batch.site_id, [decision.comment_id for decision in decisions])
    by = _by(batch)
    why: Counter[str] = Counter()
    for decision in decisions:
        comment = comments.get(decision.comment_id)
        if comment is None or not comment.body_hash:
            why[Skipped.gone] += 1
            continue
        try:
            moves.take_back(decision, comment, by)
        except moves.Overtaken:
            why[Skipped.decided] += 1
        except moves.IllegalMove:
            why[Skipped.edited] += 1
    return [decision.id for decision in decisions], why


def _lock(site_id: int, ids: Sequence[int]) -> dict[int, Comment]:
    """The comments as they are now; nobody else moves them until the commit.

    Their threads first, as all who move comments do; so no move that is tried here can fail half
    way and leave a mark.
    """
    locks.lock_thread_of(*ids)
    rows = db.session.scalars(
        select(Comment)
        .where(Comment.site_id == site_id, Comment.id.in_(ids))
        .order_by(Comment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {comment.id: comment for comment in rows}


def _by(batch: Batch) -> moves.By:
    return moves.By(via=Via.desk, moderator=batch.moderator, reason=batch.reason, batch_id=batch.id)
