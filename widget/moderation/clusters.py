"""Clusters: the comments of a site that have something in common, found by index look-ups."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all

from widget.db import db
from widget.models import Comment, LinkedHost, Status
from widget.models.batch import Together

# Past this a card says “more than”: nobody counts on, and counting stays cheap.
COUNTED = 1000

# What comments of a site can have in common.
SHARED = frozenset(
    {
        *(Together.key, Together.email, Together.domain),
        *(Together.network, Together.link, Together.likeness),
    }
)


def ids(
    site_id: int,
    together: Together,
    pattern: str,
    *,
    statuses: Collection[Status],
    after: int = 0,
    until: int | None = None,
    limit: int = 100,
) -> list[int]:
    """The next comments of a cluster, by their numbers."""
    number = LinkedHost.comment_id if together is Together.link else Comment.id
    query = _members(site_id, together, pattern, statuses).where(number > after)
    if until is not None:
        query = query.where(number <= until)
    return list(db.session.scalars(query.order_by(number).limit(limit)))


def count(
    site_id: int,
    together: Together,
    pattern: str,
    *,
    statuses: Collection[Status],
    at_most: int = COUNTED,
) -> int:
    """How many comments a cluster has; one more than `at_most` stands for any number above it."""
    some = _members(site_id, together, pattern, statuses).limit(at_most + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def near(comments: Sequence[Comment]) -> dict[int, int]:
    """How many others say nearly the same as each of these and have the same status, by their ids.

    One query, however many comments there are; those that nobody else is like are left out.
    """
    groups = {comment.id: _group(comment) for comment in comments if comment.cluster_id is not None}
    if not groups:
        return {}
    ordered = sorted(set(groups.values()))
    counts = union_all(
        *(
            select(literal(place), func.count()).select_from(
                _members(site_id, Together.likeness, str(cluster_id), [status])
                .limit(COUNTED + 1)
                .subquery()
            )
            for place, (site_id, cluster_id, status) in enumerate(ordered)
        )
    )
    found = {ordered[row[0]]: row[1] for row in db.session.execute(counts)}
    others = {comment_id: found.get(group, 0) - 1 for comment_id, group in groups.items()}
    return {comment_id: number for comment_id, number in others.items() if number > 0}


def _group(comment: Comment) -> tuple[int, int, Status]:
    return comment.site_id, comment.cluster_id or comment.id, comment.status


def linking(site_id: int, host: str, *, at_most: int) -> ColumnElement[bool]:
    """Is it one of the latest comments of a site with a link to a host, or to one below it?"""
    latest = (
        select(LinkedHost.comment_id)
        .where(LinkedHost.site_id == site_id, LinkedHost.host == host)
        .order_by(LinkedHost.comment_id.desc())
        .limit(at_most)
    )
    return Comment.id.in_(latest)


def is_sound(together: Together, pattern: str) -> bool:
    """Can there be such a cluster at all?"""
    if together not in SHARED or not pattern:
        return False
    return together is not Together.likeness or _number(pattern) is not None


def _members(
    site_id: int, together: Together, pattern: str, statuses: Collection[Status]
) -> Select[int]:
    of_site = select(Comment.id).where(Comment.site_id == site_id, Comment.status.in_(statuses))
    if together is Together.link:
        return of_site.join(LinkedHost, LinkedHost.comment_id == Comment.id).where(
            LinkedHost.site_id == site_id, LinkedHost.host == pattern
        )
    return of_site.where(_shared(site_id, together, pattern))


def _shared(site_id: int, together: Together, pattern: str) -> ColumnElement[bool]:
    match together:
        case Together.key:
            return Comment.key_hash == pattern
        case Together.network:
            return Comment.network_hash == pattern
        case Together.likeness:
            return Comment.cluster_id == _number(pattern)
        # These two read all addresses of the site: an index holds them, but as they were typed.
        case Together.email:
            return (func.lower(Comment.email) == _address(site_id, pattern)) & (Comment.email != "")
        case Together.domain:
            address = func.lower(Comment.email)
            return or_(
                address.endswith(f"@{pattern}", autoescape=True),
                and_(address.contains("@"), address.endswith(f".{pattern}", autoescape=True)),
            )
        case _:
            raise ValueError(f"{together} is nothing that comments share")


def example(site_id: int, address: str) -> str:
    """The pattern that stands for an e-mail address without saying it: a comment that has it."""
    latest = (
        select(Comment.id)
        .where(Comment.site_id == site_id, func.lower(Comment.email) == address.lower())
        .order_by(Comment.id.desc())
        .limit(1)
    )
    return f"#{db.session.scalar(latest) or 0}"


def _address(site_id: int, pattern: str) -> str:
    """The address that a pattern names; “#12” is that of comment 12, if it is still there."""
    if not pattern.startswith("#"):
        return pattern.lower()
    found = db.session.scalar(
        select(Comment.email).where(Comment.site_id == site_id, Comment.id == _number(pattern[1:]))
    )
    return (found or "").lower()


def _number(pattern: str) -> int | None:
    return int(pattern) if pattern.isascii() and pattern.isdigit() and len(pattern) < 19 else None  # noqa: PLR2004 (as many as fit)
