"""Shields: while they are up, a site holds every comment, and asks browsers for a piece of work.

A moderator raises them, or a flood does. Readers go on reading, and lose nothing that they write.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, union_all, update

from widget.db import affected, db, now
from widget.models import Comment, Delivery, Shields, Site, Status
from widget.moderation import log
from widget.notify import outbox, tellings

# A flood: so many comments within this time, and most of them look like spam.
WINDOW = timedelta(minutes=10)
MANY = 60
_MOST = 0.8
_RISKY = 50
# For how long a flood keeps them up, from when it was seen last.
STAY = timedelta(minutes=30)
_COUNTED = 500
# That it goes on is noted every so often: where many workers screen, each waits for the others.
_NOTED = timedelta(minutes=1)


def are_up(site: Site) -> bool:
    """Does the site hold everything now?"""
    return site.shields is Shields.up or site.is_flooded


def watch(site: Site, comments: Sequence[Comment]) -> list[Delivery]:
    """Raise them if the site is being flooded; returns the deliveries that must be rung for.

    `comments` were screened just now: where none of them looks like spam, nothing is looked up.
    """
    if site.shields is not Shields.automatic or not any(map(_is_likely, comments)):
        return []
    moment = now()
    if site.is_flooded and site.flooded_until and site.flooded_until > moment + STAY - _NOTED:
        return []
    if not _has_flood(site):
        return []
    # Locked before the site is, as by whoever tells them of held comments.
    told = tellings.listeners(site.id)
    is_raised = _raise(site, moment)
    if not is_raised:
        site.flooded_until = moment + STAY
        return []
    log.write(site.id, None, "shields raised", site.name, reason="A flood of likely spam")
    return outbox.tell_of_flood(site, told, first=min(comment.id for comment in comments))


def lower() -> None:
    """Note at all sites whose flood is over that it is."""
    lowered = db.session.execute(
        update(Site)
        .where(Site.flooded_until <= now())
        .values(flooded_at=None, flooded_until=None)
        .returning(Site.id, Site.name)
        .execution_options(synchronize_session=False)
    )
    for site_id, name in lowered.all():
        log.write(site_id, None, "shields lowered", name, reason="The flood is over")


def _raise(site: Site, moment: datetime) -> bool:
    """Of several workers that see a flood, one raises them."""
    raised = db.session.execute(
        update(Site)
        .where(
            Site.id == site.id,
            or_(Site.flooded_until.is_(None), Site.flooded_until <= moment),
        )
        .values(flooded_at=moment, flooded_until=moment + STAY)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(site, ["flooded_at", "flooded_until"])
    return affected(raised) == 1


def _is_likely(comment: Comment) -> bool:
    return comment.risk >= _RISKY or comment.status is Status.spam


def _has_flood(site: Site) -> bool:
    lately = union_all(
        *(
            select(
                select(Comment.risk, Comment.status)
                .where(
                    Comment.site_id == site.id,
                    Comment.status == status,
                    Comment.created_at > now() - WINDOW,
                )
                .order_by(Comment.created_at.desc(), Comment.id.desc())
                .limit(_COUNTED)
                .subquery()
            )
            for status in Status
        )
    ).subquery()
    is_risky = (lately.c.risk >= _RISKY) & (lately.c.status != Status.approved)
    came, likely = db.session.execute(
        select(
            func.count(),
            func.count().filter(is_risky | (lately.c.status == Status.spam)),
        ).select_from(lately)
    ).one()
    return bool(came >= MANY and likely >= _MOST * came)
