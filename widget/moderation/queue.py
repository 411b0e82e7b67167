"""The moderators' queue: what waits at the sites that a moderator may see."""

from collections.abc import Sequence

from sqlalchemy import ScalarSelect, func, literal_column, select
from sqlalchemy.orm import joinedload

from widget.db import db
from widget.models import Comment, Decision, Membership, Moderator, Move, Role, Site, Status, Thread
from widget.moderation.listing import MAX_ID, reported_ids

# Past this a view's count says “more than”: nobody reads on, and counting stays cheap.
COUNTED = 1_000
# Who may decide; a viewer only looks.
_DECIDING = (Role.owner, Role.admin, Role.moderator)


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
    """How many comments stand in each status; COUNTED + 1 stands for more than COUNTED."""
    found = db.session.execute(select(*(_count(sites, status) for status in Status))).one()
    return dict(zip(Status, found, strict=True))


def _count(sites: Sequence[Site], status: Status) -> ScalarSelect[int]:
    some = (
        select(literal_column("1"))
        .where(Comment.site_id.in_([site.id for site in sites]), Comment.status == status)
        .limit(COUNTED + 1)
        .subquery()
    )
    return select(func.count()).select_from(some).scalar_subquery()


def count_reported(sites: Sequence[Site]) -> int:
    """How many public comments have reports that no moderator has decided on."""
    some = reported_ids(sites).limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def count_mine(moderator: Moderator, sites: Sequence[Site]) -> int:
    """How many decisions somebody took at these sites; taking one back is none."""
    some = (
        select(literal_column("1"))
        .where(
            Decision.site_id.in_([site.id for site in sites]),
            Decision.moderator_id == moderator.id,
            Decision.move != Move.undo,
        )
        .limit(COUNTED + 1)
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def find(sites: Sequence[Site], comment_id: int) -> Comment | None:
    """A comment of these sites; none of any other."""
    if not 0 < comment_id <= MAX_ID:
        return None
    return db.session.scalar(
        select(Comment).where(
            Comment.site_id.in_([site.id for site in sites]), Comment.id == comment_id
        )
    )


def thread(sites: Sequence[Site], thread_id: int) -> Thread | None:
    """A thread of these sites; none of any other."""
    if thread_id > MAX_ID:
        return None
    return db.session.scalar(
        select(Thread).where(
            Thread.site_id.in_([site.id for site in sites]), Thread.id == thread_id
        )
    )


def decision(sites: Sequence[Site], decision_id: int) -> Decision | None:
    """A decision at these sites; none of any other."""
    if decision_id > MAX_ID:
        return None
    return db.session.scalar(
        select(Decision).where(
            Decision.site_id.in_([site.id for site in sites]), Decision.id == decision_id
        )
    )


def last_decisions(comments: Sequence[Comment]) -> dict[int, Decision]:
    """The latest decision on each comment, by the comment's id."""
    if not comments:
        return {}
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
