"""What a moderator has done, step by step, so that each step can be taken back: the last one first.

A step is one decision at the desk, or a whole batch of them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased

from widget.db import db, now
from widget.models import Batch, Comment, Decision, Moderator, Move, Site, Status, Together, Via

# Past this a step is history: the log and the view of what I decided still take it back singly.
REACH = timedelta(hours=24)
_IN_SIGHT = (Status.pending, Status.approved)


def latest(sites: Sequence[Site], moderator: Moderator) -> Batch | Decision | None:
    """The last step of mine at these sites that can be taken back.

    Passed over is what was taken back already or is being so, what somebody has decided anew since,
    and what cannot come back: it was purged or erased, or its author has changed it.
    """
    if not sites:
        return None
    since = now() - REACH
    batch = _latest_batch(sites, moderator, since)
    decision = _latest_decision(sites, moderator, since)
    if batch is None or (decision and decision.created_at > batch.created_at):
        return decision
    return batch


def _latest_batch(sites: Sequence[Site], moderator: Moderator, since: datetime) -> Batch | None:
    site_ids = [site.id for site in sites]
    return db.session.scalar(
        select(Batch)
        .where(
            Batch.site_id.in_(site_ids),
            Batch.moderator_id == moderator.id,
            Batch.together != Together.batch,
            Batch.created_at > since,
            Batch.id.not_in([each.chosen["batch"] for each in under_way(site_ids)]),
            or_(Batch.finished_at.is_(None), _first_of(Batch).is_not(None)),
        )
        .order_by(Batch.id.desc())
        .limit(1)
    )


def _latest_decision(
    sites: Sequence[Site], moderator: Moderator, since: datetime
) -> Decision | None:
    """Of each site the last one; so an index is walked back, as far as to what can come back."""
    parts = [
        select(Decision.id)
        .where(
            Decision.site_id == site.id,
            Decision.moderator_id == moderator.id,
            Decision.via == Via.desk,
            Decision.move != Move.undo,
            Decision.batch_id.is_(None),
            Decision.id > _last_before(site, since),
            *_can_be_taken_back(),
        )
        .order_by(Decision.id.desc())
        .limit(1)
        .subquery()
        for site in sites
    ]
    found = union_all(*map(select, parts)).subquery()
    last = select(func.max(found.c.id)).scalar_subquery()
    return db.session.scalar(select(Decision).where(Decision.id == last))


def _last_before(site: Site, since: datetime) -> ColumnElement[int]:
    before = (
        select(Decision.id)
        .where(Decision.site_id == site.id, Decision.created_at <= since)
        .order_by(Decision.created_at.desc(), Decision.id.desc())
        .limit(1)
        .correlate(None)
    )
    return func.coalesce(before.scalar_subquery(), 0)


def is_last_word(decision: Decision) -> bool:
    """Has nobody decided on its comment since? What was taken back does not count."""
    latest = select(func.max(Decision.id)).where(
        Decision.site_id == decision.site_id, Decision.comment_id == decision.comment_id
    )
    last = select(latest.scalar_subquery(), _last_word_on(decision.comment_id))
    return decision.id in db.session.execute(last).one()


def of_batch(site_id: int, batch_id: int) -> Select[Decision]:
    """A batch's decisions that nobody has taken back."""
    return select(Decision).where(
        Decision.site_id == site_id, Decision.batch_id == batch_id, ~_is_taken_back(Decision)
    )


def is_left(batch: Batch) -> bool:
    """Is there anything of a batch that can be taken back?"""
    first = select(_first_of(Batch)).where(Batch.site_id == batch.site_id, Batch.id == batch.id)
    return db.session.scalar(first) is not None


def under_way(site_ids: Collection[int]) -> Sequence[Batch]:
    """The batches that take back others and are not done yet, the first one first."""
    return db.session.scalars(
        select(Batch)
        .where(
            Batch.site_id.in_(site_ids),
            Batch.together == Together.batch,
            Batch.finished_at.is_(None),
        )
        .order_by(Batch.id)
    ).all()


def _first_of(batch: type[Batch]) -> ColumnElement[int | None]:
    return (
        select(Decision.id)
        .where(
            Decision.site_id == batch.site_id, Decision.batch_id == batch.id, *_can_be_taken_back()
        )
        .limit(1)
        .scalar_subquery()
    )


def _can_be_taken_back() -> list[ColumnElement[bool]]:
    """Of a decision: that it is the last word on a comment which is there and where it left it.

    Asked of one decision after the other (by queries that have one row each), never by joins: then
    it is the planner's guess whether all that was ever decided is read.
    """
    it = aliased(Comment)
    there = (
        select(it.id)
        .where(
            it.id == Decision.comment_id,
            it.site_id == Decision.site_id,
            it.status == Decision.status_to,
            # As moves.undo refuses it.
            or_(Decision.status_from.not_in(_IN_SIGHT), it.body_hash != ""),
            or_(
                Decision.status_from != Status.approved,
                it.edited_by_moderator,
                it.edited_at.is_(None),
                it.edited_at <= Decision.created_at,
            ),
        )
        .correlate(Decision)
        .scalar_subquery()
    )
    return [_last_word_on(Decision.comment_id.expression) == Decision.id, there.is_not(None)]


def _last_word_on(comment_id: int | ColumnElement[int]) -> ColumnElement[int]:
    """The last decision on a comment that nobody has taken back."""
    any_ = aliased(Decision)
    last = select(func.max(any_.id)).where(
        any_.comment_id == comment_id, any_.move != Move.undo, ~_is_taken_back(any_)
    )
    return last.correlate(Decision).scalar_subquery()


def _is_taken_back(decision: type[Decision]) -> ColumnElement[bool]:
    back = aliased(Decision)
    return exists().where(back.undoes_id == decision.id)
