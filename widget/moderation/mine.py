"""What somebody decided, newest first, and what became of it since."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import aliased, joinedload

from widget.db import db
from widget.models import Comment, Decision, Moderator, Move
from widget.moderation import queue
from widget.moderation.listing import LOOKED_THROUGH, MAX_ID, PAGE_SIZE, Wanted, asked_of


@dataclass(frozen=True)
class Mine:
    """One of my decisions. `since` is the latest on its comment, where that is another one.

    `comment` None: it was removed for good.
    """

    decision: Decision
    comment: Comment | None
    since: Decision | None
    is_undone: bool


@dataclass(frozen=True)
class Page:
    """One page of my decisions; `after` and `looked` as in a Listing."""

    mine: list[Mine]
    after: int | None = None
    looked: int = 0


def decided(moderator: Moderator, wanted: Wanted) -> Page:
    """One page of what somebody decided."""
    if wanted.search.faults or not wanted.sites:
        return Page([])
    size = LOOKED_THROUGH // len(wanted.sites) if wanted.is_narrowed else PAGE_SIZE + 1
    parts = [
        _decisions(site.id, moderator, wanted.after).limit(size).subquery() for site in wanted.sites
    ]
    rows = union_all(*(select(each) for each in parts)).subquery() if len(parts) > 1 else parts[0]
    entity = aliased(Decision, rows)
    query = select(entity, Comment).order_by(entity.id.desc()).limit(PAGE_SIZE + 1)
    there = (Comment.id == entity.comment_id) & (Comment.site_id == entity.site_id)
    if wanted.is_narrowed:
        query = query.join(Comment, there).where(*_narrowed(wanted))
    else:
        query = query.join(Comment, there, isouter=True)
    query = query.options(
        joinedload(Comment.thread), joinedload(Comment.parent), joinedload(Comment.site)
    )
    found = [(row[0], row[1]) for row in db.session.execute(query)]
    if len(found) > PAGE_SIZE:
        return Page(_since(found[:PAGE_SIZE]), found[PAGE_SIZE - 1][0].id)
    end = None
    if wanted.is_narrowed:
        end = db.session.scalar(
            select(entity.id).order_by(entity.id.desc()).offset(size - 1).limit(1)
        )
    return Page(_since(found), end, size if end else 0)


def _decisions(site_id: int, moderator: Moderator, after: int | None) -> Select[Decision]:
    query = select(Decision).where(
        Decision.site_id == site_id,
        Decision.moderator_id == moderator.id,
        Decision.move != Move.undo,
    )
    if after:
        query = query.where(Decision.id < max(0, min(after, MAX_ID)))
    return query.order_by(Decision.id.desc())


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = asked_of(wanted)
    if wanted.search.statuses is not None:
        conditions.append(Comment.status.in_(wanted.search.statuses))
    return conditions


def _since(found: Sequence[tuple[Decision, Comment | None]]) -> list[Mine]:
    """What became of each: its comment's latest decision, and whether it was taken back."""
    latest = queue.last_decisions([comment for _, comment in found if comment])
    undone = set(
        db.session.scalars(
            select(Decision.undoes_id).where(
                Decision.undoes_id.in_([decision.id for decision, _ in found])
            )
        )
    )
    mine = []
    for decision, comment in found:
        last = latest.get(comment.id) if comment else None
        is_other = last is not None and decision.id not in {last.id, last.undoes_id}
        mine.append(Mine(decision, comment, last if is_other else None, decision.id in undone))
    return mine
