"""One mail a day to whoever prefers that: all that was published since the last one.

Days end at the same hour on the clock of the site. A subscription is told from where the last
digest ended (`told_at`) to the end of the day, so that nothing is left out or told twice, however
late the job runs.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import exists, func, select

from widget.db import db, now
from widget.models import Comment, Decision, Delivery, Site, Status, Subscription, Thread, paths
from widget.notify import letterbox, subscriptions
from widget.notify.letterbox import ToReaders
from widget.notify.letters import Chapter

HOUR = time(7)
# What was approved at the end of a day may be committed a little later.
_SETTLED = timedelta(minutes=2)
_MANY = 500
_SHOWN = 10
_BATCH = 100


def sites() -> list[int]:
    """The sites that anyone hears of once a day."""
    daily = select(Subscription.site_id).where(
        Subscription.daily, Subscription.confirmed_at.is_not(None)
    )
    return sorted(db.session.scalars(daily.distinct()))


def write(site: Site) -> bool:
    """Put the digests that are due into the outbox, a batch at a time; tells if that was all."""
    until = day_end(site)
    if until is None:
        return True
    due = (
        Subscription.site_id == site.id,
        Subscription.daily,
        Subscription.confirmed_at.is_not(None),
        Subscription.told_at < until,
    )
    emails = db.session.scalars(
        select(Subscription.email).where(*due).distinct().order_by(Subscription.email).limit(_BATCH)
    ).all()
    rows = select(Subscription).where(*due, Subscription.email.in_(emails))
    ordered = db.session.scalars(rows.order_by(Subscription.email, Subscription.id))
    for email, own in groupby(ordered, key=lambda row: row.email):
        _put(site, email, list(own), until)
    return len(emails) < _BATCH


def day_end(site: Site) -> datetime | None:
    """When the site's last day ended; None if that was only just now."""
    try:
        zone = ZoneInfo(site.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    moment = now() - _SETTLED
    today = moment.astimezone(zone).date()
    ends = (datetime.combine(day, HOUR, zone) for day in (today, today - timedelta(days=1)))
    return next((end for end in ends if end <= moment), None)


def _put(site: Site, email: str, rows: Sequence[Subscription], until: datetime) -> None:
    since = {str(row.id): row.told_at.isoformat() for row in rows}
    if any(_news(row, row.told_at, until, limit=1) for row in rows):
        letterbox.put(
            ToReaders.digest,
            site_id=site.id,
            recipient=email,
            payload={"since": since, "until": until.isoformat()},
            key=f"{until:%Y-%m-%d}:{subscriptions.mailbox(rows[0])}",
        )
    for row in rows:
        row.told_at = until


def chapters(delivery: Delivery) -> tuple[list[Chapter], str]:
    """What a digest has to say by now, thread by thread, and in which language."""
    since: dict[str, Any] = delivery.payload["since"]
    until = datetime.fromisoformat(delivery.payload["until"])
    rows = db.session.scalars(
        select(Subscription)
        .where(
            Subscription.site_id == delivery.site_id,
            Subscription.id.in_([int(number) for number in since]),
            Subscription.email == delivery.recipient,
        )
        .order_by(Subscription.thread_id, Subscription.id)
    ).all()
    found: dict[int, dict[int, Comment]] = {}
    for row in rows:
        news = _news(row, datetime.fromisoformat(since[str(row.id)]), until, limit=_MANY)
        found.setdefault(row.thread_id, {}).update({comment.id: comment for comment in news})
    told = [_chapter(list(comments.values())) for comments in found.values() if comments]
    return told, next((row.language for row in rows), "")


def _chapter(comments: list[Comment]) -> Chapter:
    """The first comments stand for all: they say what the talk is about."""
    inorder = sorted(comments, key=lambda comment: (comment.published_at, comment.id))
    return Chapter(thread=comments[0].thread, comments=inorder[:_SHOWN], count=len(comments))


def _news(
    subscription: Subscription, since: datetime, until: datetime, *, limit: int
) -> Iterable[Comment]:
    """What was published for the first time in this span, by others, and is public still."""
    earlier = exists().where(
        Decision.site_id == Comment.site_id,
        Decision.comment_id == Comment.id,
        Decision.status_to == Status.approved,
        Decision.created_at <= since,
    )
    asked = (
        select(Comment)
        .join(Thread)
        .where(
            Comment.site_id == subscription.site_id,
            Comment.thread_id == subscription.thread_id,
            Comment.status == Status.approved,
            Comment.published_at > since,
            Comment.published_at <= until,
            Comment.source.is_(None),
            func.lower(Comment.email) != subscription.email,
            Thread.hidden_at.is_(None),
            ~earlier,
        )
        .order_by(Comment.published_at, Comment.id)
    )
    if subscription.comment_id:
        root = db.session.get(Comment, subscription.comment_id)
        if root is None:
            return []
        under = (Comment.path > root.path) & (Comment.path < paths.after_subtree(root.path))
        asked = asked.where(under | (Comment.parent_id == root.id))
    at_once = _told_at_once(subscription)
    comments = db.session.scalars(asked.limit(limit if not at_once else _MANY)).all()
    return [comment for comment in comments if not at_once & {0, *subscriptions.above(comment)}]


def _told_at_once(subscription: Subscription) -> set[int]:
    """Of what in this thread the same mailbox hears at once; 0 stands for all."""
    return set(
        db.session.scalars(
            select(Subscription.comment_id).where(
                Subscription.site_id == subscription.site_id,
                Subscription.thread_id == subscription.thread_id,
                Subscription.email == subscription.email,
                Subscription.confirmed_at.is_not(None),
                Subscription.daily.is_(False),
            )
        )
    )
