"""Whom a site tells of what waits, and when: at once, by the hour, by the day, or in a flood.

A comment that is held is told by itself, or by the digest that its listener has open; either is a
row of the outbox, written with the hold. So where nothing is new there is no digest, and nothing
that was held goes untold, whoever dies.

At once, a listener hears of three comments in ten minutes one by one. Then they have heard enough:
a digest tells of whatever else comes, when the ten minutes are over, and while the flood lasts the
next one ten minutes later. `told_at` keeps the account: until then, they have heard enough.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager

from widget.db import db, now
from widget.models import Delivery, Membership, Moderator, Role, Site, Telling, Webhook

Listener: TypeAlias = Membership | Webhook

WAITING = "waiting"
AT_ONCE = 3
PAUSE = timedelta(minutes=10)
# When a chat room hears its daily digest, by the clock of the site.
ROOM_HOUR = 8


def listeners(site_id: int) -> list[Listener]:
    """Whoever must hear of a comment that is held.

    Their rows are locked: what two workers tell them is told one after the other.
    """
    places = db.session.scalars(
        _places(site_id)
        .where(Membership.telling != Telling.never)
        .order_by(Membership.id)
        .with_for_update(key_share=True, of=Membership)
        .execution_options(populate_existing=True)
    )
    rooms = (
        select(Webhook)
        .where(Webhook.site_id == site_id, Webhook.telling != Telling.never)
        .order_by(Webhook.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return [*places, *db.session.scalars(rooms)]


def place(site_id: int, moderator_id: int) -> Membership | None:
    """A moderator's place at a site, as long as they decide there and want to be told."""
    found = _places(site_id).where(
        Moderator.id == moderator_id, Membership.telling != Telling.never
    )
    return db.session.scalar(found)


def room(site_id: int, webhook_id: int) -> Webhook | None:
    """A chat room of a site."""
    return db.session.scalar(
        select(Webhook).where(Webhook.site_id == site_id, Webhook.id == webhook_id)
    )


def _places(site_id: int) -> Select[Membership]:
    return (
        select(Membership)
        .join(Moderator)
        .options(contains_eager(Membership.moderator))
        .where(Membership.site_id == site_id, Membership.role != Role.viewer, Moderator.active)
    )


def addressee(listener: Listener) -> dict[str, int]:
    """By what a row of the outbox knows whom it is for."""
    if isinstance(listener, Webhook):
        return {"webhook": listener.id}
    return {"moderator": listener.moderator_id}


def name(listener: Listener) -> str:
    """The same, as a part of a key."""
    return "-".join(f"{kind}-{number}" for kind, number in addressee(listener).items())


def open_digests(site_id: int, among: Sequence[Listener]) -> dict[str, Delivery]:
    """The digests that tell of all that is held from here on, by their listeners' names.

    One that a worker has claimed may have been written already. A lock keeps the others from being
    claimed before we are done, so that whoever claims one sees what we hold.
    """
    rows = db.session.scalars(
        select(Delivery)
        .where(
            Delivery.site_id == site_id,
            Delivery.kind == WAITING,
            Delivery.delivered_at.is_(None),
            Delivery.failed_at.is_(None),
            Delivery.claimed_until.is_(None),
        )
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    found = {}
    for listener in among:
        whom = addressee(listener).items()
        for row in rows:
            if whom <= row.payload.items():
                found[name(listener)] = row
    return found


def may_hear_at_once(listener: Listener) -> bool:
    """Has the listener not heard enough for now? If not, this counts as one more."""
    moment = now()
    if listener.telling is not Telling.at_once or listener.told_at > moment + PAUSE - _EACH:
        return False
    listener.told_at = max(listener.told_at, moment) + _EACH
    return True


_EACH = PAUSE / AT_ONCE


def promise_digest(listener: Listener, site: Site) -> datetime:
    """When the listener's next digest is due; another one, at the earliest, a pause later."""
    due = next_digest(listener, site)
    if listener.telling is Telling.at_once:
        listener.told_at = due + PAUSE
    return due


def next_digest(listener: Listener, site: Site) -> datetime:
    """When a digest that is opened now is due."""
    moment = now()
    if listener.telling is Telling.at_once:
        return max(moment, listener.told_at)
    local = moment.astimezone(zone_of(site))
    if listener.telling is Telling.hourly:
        return local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hour = ROOM_HOUR if isinstance(listener, Webhook) else listener.telling_hour
    days = (local.date(), local.date() + timedelta(days=1))
    ends = [datetime.combine(day, time(hour), local.tzinfo) for day in days]
    return next(end for end in ends if end > moment)


def zone_of(site: Site) -> ZoneInfo:
    """A site's zone; UTC for a name that is not known."""
    try:
        return ZoneInfo(site.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def choose(listener: Listener, telling: Telling, site: Site) -> None:
    """From now on, tell the listener so; what an open digest would have told comes then, too."""
    listener.telling = telling
    listener.told_at = now()
    if telling is Telling.never:
        return
    for digest in open_digests(site.id, [listener]).values():
        digest.due_at = promise_digest(listener, site)
