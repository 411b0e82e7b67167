"""A page of a view of the queue, narrowed down as somebody wants, found by index range scans.

Without a narrowing, or within a thread, a page is the next rows of an index. What is narrowed by an
author, a network, a link or a cluster starts from the index of that. All else has none: then so
many rows of the view are looked through, and the page says how far that went and lets one go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_, union_all
from sqlalchemy.orm import aliased, joinedload, selectinload

from widget.db import db, now
from widget.models import Comment, Report, Site, Status
from widget.moderation import authors, clusters
from widget.moderation.search import Search

PAGE_SIZE = 25
# How many rows are looked through for one page at most.
LOOKED_THROUGH = 10_000
# An address can name any number; a database refuses to be asked for a larger one.
MAX_ID = 2**63 - 1


class Order(StrEnum):
    """What comes first."""

    age = "age"
    priority = "priority"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of a view is wanted; what is empty narrows nothing."""

    sites: Sequence[Site]
    statuses: tuple[Status, ...]
    oldest_first: bool = False
    order: Order = Order.age
    after: int | None = None
    thread: int | None = None
    cluster: int | None = None
    author: str = ""
    network: str = ""
    link: str = ""
    rule: str = ""
    lang: str = ""
    # For at least so many days.
    older: int | None = None
    search: Search = field(default_factory=Search)

    @property
    def is_narrowed(self) -> bool:
        """Is anything left out that stands in the view?"""
        named = self.is_indexed or self.thread or self.rule or self.lang
        return bool(named or self.older is not None or self.search.typed)

    @property
    def is_indexed(self) -> bool:
        """Does an index of its own hold what is wanted, though not in the view's order?"""
        return any((self.cluster, self.author, self.network, self.link))

    @property
    def found_in(self) -> tuple[Status, ...]:
        """The statuses that are wanted: a search may name others than the view's."""
        named = self.search.statuses
        return self.statuses if named is None else named

    @property
    def goes_up(self) -> bool:
        """Does the earliest come first?"""
        return self.oldest_first or self.order is Order.priority

    @property
    def until(self) -> datetime | None:
        """Only what was written before this."""
        old = None if self.older is None else now() - timedelta(days=self.older)
        return min(filter(None, (old, self.search.until)), default=None)


@dataclass(frozen=True)
class Listing:
    """One page of a view. `after` is the id to go on from.

    `looked` is how many rows were looked through where that ended before the page was full.
    """

    comments: list[Comment]
    after: int | None = None
    looked: int = 0


def listing(wanted: Wanted) -> Listing:
    """One page of a view."""
    window = _window(wanted)
    if window is None:
        return Listing([])
    comments = list(db.session.scalars(window.page()))
    if len(comments) > PAGE_SIZE:
        return Listing(comments[:PAGE_SIZE], comments[PAGE_SIZE - 1].id)
    end = db.session.scalar(window.end()) if wanted.is_narrowed else None
    return Listing(comments, None if window.is_indexed else end, window.size if end else 0)


def reported(wanted: Wanted) -> Listing:
    """Public comments that readers reported, the one reported first at the top."""
    if wanted.search.faults or not wanted.sites:
        return Listing([])
    page = reported_ids(wanted.sites).subquery()
    first: ColumnElement[Any] = page.c.first
    query = (
        _whole(Comment)
        .join(page, page.c.comment_id == Comment.id)
        .where(*asked_of(wanted), Comment.status.in_(wanted.found_in))
        .limit(PAGE_SIZE + 1)
    )
    if wanted.order is Order.priority:
        query = query.order_by(*_way(wanted, Comment)).where(*_from(wanted, Comment))
    else:
        query = query.order_by(first)
        if wanted.after:
            after = max(0, min(wanted.after, MAX_ID))
            reached = select(page.c.first).where(page.c.comment_id == after).scalar_subquery()
            query = query.where(first > func.coalesce(reached, 0))
    comments = list(db.session.scalars(query))
    more = len(comments) > PAGE_SIZE
    comments = comments[:PAGE_SIZE]
    return Listing(comments, comments[-1].id if more else None)


def asked_of(wanted: Wanted) -> list[ColumnElement[bool]]:
    """All conditions at once, for rows that another table's index leads to."""
    named = [and_(*conditions) for _, conditions in _named(wanted)]
    return [or_(false(), *named), *_asked(wanted, Comment), *_bounds(wanted, Comment)]


def reported_ids(sites: Sequence[Site]) -> Select[int, int]:
    """Public comments with open reports, and the number of each one's first."""
    ids = [site.id for site in sites]
    some = (
        select(Report.comment_id, Report.id)
        .where(Report.site_id.in_(ids), Report.handled_at.is_(None))
        .order_by(Report.id)
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    return (
        select(some.c.comment_id, func.min(some.c.id).label("first"))
        .join(Comment, Comment.id == some.c.comment_id)
        .where(Comment.site_id.in_(ids), Comment.status == Status.approved)
        .group_by(some.c.comment_id)
    )


@dataclass(frozen=True)
class _Window:
    """The rows that are looked at for one page.

    Asked for site by site and status by status, because only there an index holds them in order.
    Of all parts together, the first `size` rows are among the first `size` of each.
    """

    wanted: Wanted
    entity: type[Comment]
    size: int
    is_indexed: bool
    # What could not be asked of the parts.
    rest: list[ColumnElement[bool]]

    def page(self) -> Select[Comment]:
        """The first rows that are wanted; one more than a page, to know whether there is more."""
        return (
            _whole(self.entity)
            .where(*_asked(self.wanted, self.entity), *self.rest)
            .order_by(*_way(self.wanted, self.entity))
            .limit(PAGE_SIZE + 1)
        )

    def end(self) -> Select[int]:
        """The id of the last row in the window; none if it holds all that there is."""
        way = _way(self.wanted, self.entity)
        return select(self.entity.id).order_by(*way).offset(self.size - 1).limit(1)


def _window(wanted: Wanted) -> _Window | None:
    named = _named(wanted)
    statuses = tuple(dict.fromkeys(wanted.found_in))
    if wanted.search.faults or not named or not statuses:
        return None
    if wanted.is_indexed:
        parts = [select(Comment).where(*each).order_by(*order) for order, each in named]
    else:
        early = _bounds(wanted, Comment) if wanted.order is Order.age else []
        parts = [
            select(Comment)
            .where(*each, Comment.status == status, *early, *_from(wanted, Comment))
            .order_by(*_way(wanted, Comment))
            for (_, each), status in product(named, statuses)
        ]
    size = PAGE_SIZE + 1
    if wanted.is_narrowed:
        size = max(size, LOOKED_THROUGH // len(parts))
    found = [part.limit(size).subquery() for part in parts]
    rows = union_all(*(select(each) for each in found)).subquery() if len(found) > 1 else found[0]
    entity = aliased(Comment, rows)
    rest = [] if wanted.order is Order.age and not wanted.is_indexed else _bounds(wanted, entity)
    if wanted.is_indexed:
        rest += [entity.status.in_(statuses), *_from(wanted, entity)]
    return _Window(wanted, entity, size, wanted.is_indexed, rest)


def _named(wanted: Wanted) -> list[tuple[Sequence[ColumnElement[Any]], list[ColumnElement[bool]]]]:
    """For each site, what an index answers; and the order it does so in, if it has any."""
    found: list[tuple[Sequence[ColumnElement[Any]], list[ColumnElement[bool]]]] = []
    latest = wanted.network or wanted.cluster or wanted.link or wanted.author.startswith("email:")
    for site in wanted.sites:
        conditions: list[ColumnElement[bool]] = [Comment.site_id == site.id]
        if wanted.thread:
            conditions.append(Comment.thread_id == min(wanted.thread, MAX_ID))
        if wanted.cluster:
            conditions.append(Comment.cluster_id == min(wanted.cluster, MAX_ID))
        if wanted.network:
            conditions.append(Comment.network_hash == wanted.network)
        if wanted.link:
            conditions.append(clusters.linking(site.id, wanted.link, at_most=LOOKED_THROUGH))
        if wanted.author:
            theirs = authors.written_by(site.id, wanted.author)
            if theirs is None:
                continue
            conditions += theirs
        found.append(([Comment.id.desc()] if latest else [], conditions))
    return found


def _asked(wanted: Wanted, entity: type[Comment]) -> list[ColumnElement[bool]]:
    """The conditions that no index answers."""
    asked = wanted.search.where(entity)
    if wanted.rule:
        asked.append(entity.rules.contains(f" {wanted.rule} ", autoescape=True))
    if wanted.lang:
        asked.append(entity.written_in == wanted.lang)
    return asked


def _bounds(wanted: Wanted, entity: type[Comment]) -> list[ColumnElement[bool]]:
    """When it was written: a part of an index's range, in the order of age."""
    bounds = [entity.created_at >= wanted.search.since] if wanted.search.since else []
    return [*bounds, entity.created_at < wanted.until] if wanted.until else bounds


def _key(wanted: Wanted, entity: type[Comment]) -> tuple[Any, Any]:
    return (
        entity.priority_at if wanted.order is Order.priority else entity.created_at,
        entity.id,
    )


def _way(wanted: Wanted, entity: type[Comment]) -> list[ColumnElement[Any]]:
    return [column if wanted.goes_up else column.desc() for column in _key(wanted, entity)]


def _from(wanted: Wanted, entity: type[Comment]) -> list[ColumnElement[bool]]:
    """Behind the comment that was reached."""
    last = _reached(wanted)
    if last is None:
        return []
    moment = last.priority_at if wanted.order is Order.priority else last.created_at
    key, place = tuple_(*_key(wanted, entity)), (moment, last.id)
    return [key > place if wanted.goes_up else key < place]


def _reached(wanted: Wanted) -> Comment | None:
    if not wanted.after or not 0 < wanted.after <= MAX_ID:
        return None
    return db.session.scalar(
        select(Comment).where(
            Comment.site_id.in_([site.id for site in wanted.sites]), Comment.id == wanted.after
        )
    )


def _whole(entity: type[Comment]) -> Select[Comment]:
    # Parents afterwards, by their ids: joined to thousands of rows, a database reads the table.
    return select(entity).options(
        joinedload(entity.thread), selectinload(entity.parent), joinedload(entity.site)
    )
