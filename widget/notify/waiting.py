"""What waits for a moderator at a site: how much, since when, and the first of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from widget.db import db, now
from widget.models import Comment, Site, Status
from widget.notify.tellings import zone_of

SHOWN = 10
# More than so many are not counted: nobody needs to know by how many a flood is more than that.
COUNTED = 1000
_UNITS = (
    (timedelta(days=1), "day", "days"),
    (timedelta(hours=1), "h", "h"),
    (timedelta(minutes=1), "min", "min"),
)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a digest speaks of. `comments` are the first, those that are new before all others."""

    count: int
    oldest: datetime | None
    alike: int
    comments: Sequence[Comment]
    # That a flood keeps the shields up, in words.
    flood: str

    @property
    def summary(self) -> str:
        """In words: “12 pending, oldest 3 h, 8 of them alike”."""
        if self.oldest is None:
            return "shields are up, nothing pending"
        count = f"{self.count:,}" if self.count <= COUNTED else f"more than {COUNTED:,}"
        alike = f", {self.alike:,} of them alike" if self.alike else ""
        return f"{count} pending, oldest {age(self.oldest)}{alike}"

    @property
    def more(self) -> str:
        """How many are not shown, in words."""
        rest = self.count - len(self.comments)
        if self.count > COUNTED:
            return "and many more"
        return f"and {rest:,} more" if rest else ""


def at(site: Site, *, first: int) -> Waiting | None:
    """What waits at a site; `first` is the comment from which on it is new.

    None: nothing waits, and no flood is to be told of.
    """
    some = (
        select(Comment.created_at, Comment.cluster_id)
        .where(*_waits(site))
        .order_by(Comment.created_at, Comment.id)
        .limit(COUNTED + 1)
        .subquery()
    )
    count, oldest = db.session.execute(
        select(func.count(), func.min(some.c.created_at)).select_from(some)
    ).one()
    flood = _flood(site)
    if oldest is None:
        return Waiting(count=0, oldest=None, alike=0, comments=[], flood=flood) if flood else None
    largest = (
        select(func.count())
        .select_from(some)
        .where(some.c.cluster_id.is_not(None))
        .group_by(some.c.cluster_id)
        .order_by(func.count().desc())
        .limit(1)
    )
    alike = db.session.scalar(largest) or 0
    comments = list(db.session.scalars(_shown(site).where(Comment.id >= first)))
    if len(comments) < SHOWN:
        earlier = _shown(site).where(Comment.id < first).limit(SHOWN - len(comments))
        comments += db.session.scalars(earlier)
    return Waiting(
        count=count,
        oldest=oldest,
        alike=alike if alike > 1 else 0,
        comments=comments,
        flood=flood,
    )


def _flood(site: Site) -> str:
    if not site.is_flooded or site.flooded_at is None or site.flooded_until is None:
        return ""
    zone = zone_of(site)
    since, until = (f"{at.astimezone(zone):%H:%M}" for at in (site.flooded_at, site.flooded_until))
    return (
        f"A flood of likely spam has raised the shields at {since}: every comment is held,"
        f" until {until} at least."
    )


def _waits(site: Site) -> tuple[ColumnElement[bool], ...]:
    """What is not screened yet may still be published without anyone's help."""
    return (
        Comment.site_id == site.id,
        Comment.status == Status.pending,
        Comment.screened_at.is_not(None),
    )


def _shown(site: Site) -> Select[Comment]:
    return (
        select(Comment)
        .options(joinedload(Comment.thread), joinedload(Comment.site))
        .where(*_waits(site))
        .order_by(Comment.created_at, Comment.id)
        .limit(SHOWN)
    )


def age(at: datetime) -> str:
    """How long something has waited, short: “3 h”."""
    waited = now() - at
    for size, one, many in _UNITS:
        if count := waited // size:
            return f"{count} {one if count == 1 else many}"
    return "a moment"
