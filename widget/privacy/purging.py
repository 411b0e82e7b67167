"""Purging: what lay in the trash or in spam for long enough, or was emptied, is gone for good.

The decisions about it stay, or the log would have holes; they say who decided and when, not what
was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Select, cast, delete, exists, func, select
from sqlalchemy.orm import aliased, joinedload

from widget.db import db, now
from widget.models import (
    Comment,
    Decision,
    Delivery,
    Likeness,
    LinkedHost,
    Moderator,
    Report,
    Revision,
    Site,
    Status,
    Subscription,
    Vote,
)
from widget.moderation import locks, log, notes
from widget.privacy import erasure
from widget.spam import learning

# Few enough that nobody waits for the locks of one step.
STEP = 200
# A line of the log names so many of the comments that went.
_NAMED = 100
PURGED = frozenset({Status.spam, Status.trash})
# What refers to a comment and goes with it, by the column that names it. Its replies do not go:
# it keeps its place above them.
REFERRING = (
    (Likeness, Likeness.comment_id),
    (LinkedHost, LinkedHost.comment_id),
    (Report, Report.comment_id),
    (Revision, Revision.comment_id),
    (Subscription, Subscription.asked_by_id),
    (Vote, Vote.comment_id),
)


@dataclass(frozen=True, kw_only=True)
class Purge:
    """What of one site is due: in this status since before that moment."""

    site_id: int
    status: Status
    before: datetime

    def find(self, after: int) -> Sequence[int]:
        """The next comments that are due."""
        return db.session.scalars(
            self._due().where(Comment.id > after).order_by(Comment.id).limit(STEP)
        ).all()

    def forget(self, ids: Sequence[int]) -> None:
        """Purge them, unless somebody has decided on them since."""
        _lock(self.site_id, ids)
        due = db.session.scalars(self._due().where(Comment.id.in_(ids))).all()
        purge(self.site_id, self.status, due)

    def _due(self) -> Select[int]:
        # No comment can be there for longer than it exists, and that is what an index knows.
        came_later = exists().where(
            Decision.site_id == self.site_id,
            Decision.comment_id == Comment.id,
            Decision.created_at >= self.before,
        )
        return select(Comment.id).where(
            Comment.site_id == self.site_id,
            Comment.status == self.status,
            Comment.created_at < self.before,
            ~came_later,
            ~_is_settled(),
        )


def due() -> list[Purge]:
    """What is to be purged by now, site by site."""
    moment = now()
    found = []
    for site in db.session.scalars(select(Site).order_by(Site.id)):
        for status, days in ((Status.trash, site.trash_days), (Status.spam, site.spam_days)):
            if days:
                before = moment - timedelta(days=days)
                found.append(Purge(site_id=site.id, status=status, before=before))
    return found


def empty(site: Site, status: Status, ids: Sequence[int], moderator: Moderator) -> int:
    """Purge those of these comments that lie in the trash, or in spam; returns how many."""
    _lock(site.id, ids)
    there = select(Comment.id).where(
        Comment.site_id == site.id, Comment.status == status, Comment.id.in_(ids), ~_is_settled()
    )
    return purge(site.id, status, db.session.scalars(there).all(), moderator)


def purge(
    site_id: int, status: Status, ids: Sequence[int], moderator: Moderator | None = None
) -> int:
    """Remove comments for good; `ids` are locked, and all of this site and status.

    One that has replies keeps its place and loses all else, as when it is erased.
    """
    if not ids:
        return 0
    answered = select(Comment.id).where(Comment.site_id == site_id, Comment.id.in_(ids), _is_kept())
    kept = set(db.session.scalars(answered))
    for model, column in REFERRING:
        db.session.execute(delete(model).where(model.site_id == site_id, column.in_(ids)))
    about = cast(Delivery.payload["comment"].as_string(), BigInteger)
    db.session.execute(delete(Delivery).where(Delivery.site_id == site_id, about.in_(ids)))
    of_site = Comment.site_id == site_id
    comments = db.session.scalars(
        select(Comment).where(of_site, Comment.id.in_(ids)).options(joinedload(Comment.thread))
    ).all()
    learning.keep(comments)
    notes.forget(site_id, *comments)
    for comment in comments:
        if comment.id in kept:
            erasure.blank(comment)
    db.session.flush()
    gone = [comment_id for comment_id in ids if comment_id not in kept]
    db.session.execute(delete(Comment).where(of_site, Comment.id.in_(gone)))
    where = "the trash" if status is Status.trash else "spam"
    said = f"{len(ids):,} comment{'' if len(ids) == 1 else 's'} from {where}"
    after = {"purged": len(ids), "comments": sorted(ids)[:_NAMED]}
    log.write(site_id, moderator, "comments purged", said, after=after)
    db.session.flush()
    return len(ids)


def _is_kept() -> ColumnElement[bool]:
    """Has it replies? And the latest of all stays: SQLite would give its number to the next one."""
    reply, other = aliased(Comment), aliased(Comment)
    latest = select(func.max(other.id)).scalar_subquery()
    return exists().where(reply.parent_id == Comment.id) | (Comment.id == latest)


def _is_settled() -> ColumnElement[bool]:
    """Blanked already, and not free to go."""
    return (Comment.body_hash == "") & _is_kept()


def _lock(site_id: int, ids: Sequence[int]) -> None:
    """Nobody moves or answers them until the commit; their threads first, as all who move do."""
    locks.lock_thread_of(*ids)
    db.session.execute(
        select(Comment.id)
        .where(Comment.site_id == site_id, Comment.id.in_(ids))
        .order_by(Comment.id)
        .with_for_update()
    )
