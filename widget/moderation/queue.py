"""The moderators' queue: what waits at the sites that a moderator may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ScalarSelect,
    Select,
    Subquery,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import joinedload

from widget.db import UTCDateTime, db
from widget.models import (
    Comment,
    Decision,
    Membership,
    Moderator,
    Report,
    Role,
    Site,
    Status,
    Thread,
)

PAGE_SIZE = 25
# Past this a view's count says “more than”: nobody reads on, and counting stays cheap.
COUNTED = 10_000
# An address can name any number; a database refuses to be asked for a larger one.
_MAX_ID = 2**63 - 1
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
    some = _reported(sites).limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def reported(sites: Sequence[Site], after: int | None = None) -> Listing:
    """Public comments that readers reported, the one reported first at the top."""
    page = _reported(sites).subquery()
    query = (
        select(Comment)
        .join(page, page.c.comment_id == Comment.id)
        .options(joinedload(Comment.thread), joinedload(Comment.parent), joinedload(Comment.site))
        .order_by(page.c.first)
        .limit(PAGE_SIZE + 1)
    )
    if after:
        named = max(0, min(after, _MAX_ID))
        reached = select(page.c.first).where(page.c.comment_id == named)
        query = query.where(page.c.first > func.coalesce(reached.scalar_subquery(), 0))
    comments = list(db.session.scalars(query))
    more = len(comments) > PAGE_SIZE
    comments = comments[:PAGE_SIZE]
    return Listing(comments, comments[-1].id if more else None)


def _reported(sites: Sequence[Site]) -> Select[int, int]:
    ids = [site.id for site in sites]
    return (
        select(Report.comment_id, func.min(Report.id).label("first"))
        .join(Comment, Comment.id == Report.comment_id)
        .where(
            Report.site_id.in_(ids),
            Report.handled_at.is_(None),
            Comment.site_id.in_(ids),
            Comment.status == Status.approved,
        )
        .group_by(Report.comment_id)
    )


def listing(sites: Sequence[Site], status: Status, after: int | None = None) -> Listing:
    """One page of a view: what waits, oldest first; what was decided, newest first."""
    if not sites:
        return Listing([], None)
    last = find(sites, after) if after else None
    page = _page(sites, status, last)
    order = (page.c.created_at, page.c.id)
    query = (
        select(Comment)
        .join(page, page.c.id == Comment.id)
        .options(joinedload(Comment.thread), joinedload(Comment.parent), joinedload(Comment.site))
        .order_by(*(order if status is Status.pending else (column.desc() for column in order)))
        .limit(PAGE_SIZE + 1)
    )
    comments = list(db.session.scalars(query))
    more = len(comments) > PAGE_SIZE
    comments = comments[:PAGE_SIZE]
    return Listing(comments, comments[-1].id if more else None)


def _page(sites: Sequence[Site], status: Status, last: Comment | None) -> Subquery:
    """The next comments of each site, of which the listing takes the first ones.

    Asked for site by site, because only within one site does the index hold them in order; asked
    for all at once, a database would sort everything that was ever approved.
    """
    return union_all(*(select(_next(site, status, last).subquery()) for site in sites)).subquery()


def _next(site: Site, status: Status, last: Comment | None) -> Select[datetime, int]:
    key = (Comment.created_at, Comment.id)
    query = select(*key).where(Comment.site_id == site.id, Comment.status == status)
    position = tuple_(*key)
    if status is Status.pending:
        query = query.order_by(*key)
    else:
        query = query.order_by(*(column.desc() for column in key))
    if last is not None:
        reached = tuple_(literal(last.created_at, UTCDateTime), literal(last.id))
        query = query.where(position > reached if status is Status.pending else position < reached)
    return query.limit(PAGE_SIZE + 1)


def find(sites: Sequence[Site], comment_id: int) -> Comment | None:
    """A comment of these sites; none of any other."""
    if not 0 < comment_id <= _MAX_ID:
        return None
    return db.session.scalar(
        select(Comment).where(
            Comment.site_id.in_([site.id for site in sites]), Comment.id == comment_id
        )
    )


def thread(sites: Sequence[Site], thread_id: int) -> Thread | None:
    """A thread of these sites; none of any other."""
    if thread_id > _MAX_ID:
        return None
    return db.session.scalar(
        select(Thread).where(
            Thread.site_id.in_([site.id for site in sites]), Thread.id == thread_id
        )
    )


def decision(sites: Sequence[Site], decision_id: int) -> Decision | None:
    """A decision at these sites; none of any other."""
    if decision_id > _MAX_ID:
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
