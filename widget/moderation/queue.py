"""The moderators' queue: what waits at the sites that a moderator may see."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from widget.db import db
from widget.models import Comment, Decision, Membership, Moderator, Role, Site, Status

PAGE_SIZE = 25
# Who may decide; a viewer only looks.
_DECIDING = (Role.owner, Role.admin, Role.moderator)


@dataclass(frozen=True)
class Listing:
    """One page of a view; `after` is the id to go on from."""

    comments: list[Comment]
    after: int | None


def sites_of(moderator: Moderator, *, deciding: bool = False) -> list[Site]:
    """The sites a moderator may see, or those where they may decide."""
    query = (
        select(Site)
        .join(Membership)
        .where(Membership.moderator_id == moderator.id)
        .order_by(Site.name)
    )
    if deciding:
        query = query.where(Membership.role.in_(_DECIDING))
    return list(db.session.scalars(query))


def counts(sites: Sequence[Site]) -> dict[Status, int]:
    """How many comments stand in each status."""
    rows = db.session.execute(
        select(Comment.status, func.count())
        .where(Comment.site_id.in_([site.id for site in sites]))
        .group_by(Comment.status)
    )
    found = {status: count for status, count in rows}
    return {status: found.get(status, 0) for status in Status}


def listing(sites: Sequence[Site], status: Status, after: int | None = None) -> Listing:
    """One page of a view: what waits, oldest first; what was decided, newest first."""
    key = (Comment.created_at, Comment.id)
    is_queue = status is Status.pending
    query = (
        select(Comment)
        .options(
            joinedload(Comment.thread), joinedload(Comment.parent), joinedload(Comment.site)
        )
        .where(Comment.site_id.in_([site.id for site in sites]), Comment.status == status)
        .order_by(*(key if is_queue else (column.desc() for column in key)))
        .limit(PAGE_SIZE + 1)
    )
    last = find(sites, after) if after else None
    if last is not None:
        at, last_id = last.created_at, last.id
        if is_queue:
            query = query.where(
                (Comment.created_at > at) | ((Comment.created_at == at) & (Comment.id > last_id))
            )
        else:
            query = query.where(
                (Comment.created_at < at) | ((Comment.created_at == at) & (Comment.id < last_id))
            )
    comments = list(db.session.scalars(query))
    more = len(comments) > PAGE_SIZE
    comments = comments[:PAGE_SIZE]
    return Listing(comments, comments[-1].id if more else None)


def find(sites: Sequence[Site], comment_id: int) -> Comment | None:
    """A comment of these sites; none of any other."""
    return db.session.scalar(
        select(Comment).where(
            Comment.site_id.in_([site.id for site in sites]), Comment.id == comment_id
        )
    )


def decision(sites: Sequence[Site], decision_id: int) -> Decision | None:
    """A decision at these sites; none of any other."""
    return db.session.scalar(
        select(Decision).where(
            Decision.site_id.in_([site.id for site in sites]), Decision.id == decision_id
        )
    )


def last_decisions(comments: Sequence[Comment]) -> dict[int, Decision]:
    """The latest decision on each comment, by the comment's id."""
    latest = (
        select(func.max(Decision.id))
        .where(
            Decision.site_id.in_({comment.site_id for comment in comments}),
            Decision.comment_id.in_([comment.id for comment in comments]),
        )
        .group_by(Decision.comment_id)
    )
    rows = db.session.scalars(
        select(Decision).options(joinedload(Decision.moderator)).where(Decision.id.in_(latest))
    )
    return {row.comment_id: row for row in rows}
