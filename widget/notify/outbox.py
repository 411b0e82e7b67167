"""Into the outbox, for moderators and chat rooms: written with the change it tells of."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from widget.db import db, now
from widget.models import Comment, Decision, Delivery, Membership, Site
from widget.notify import tellings
from widget.notify.tellings import WAITING, Listener

HELD = "held"
TEST = "test"
# So many held at once are a flood.
_FLOOD = 10


def tell_of_held(comment: Comment, again: Decision | None = None) -> list[Delivery]:
    """Tell whoever must hear of a held comment; returns the deliveries to ring for.

    `again`: the decision that held a comment which was public, so that this is told too. What is
    due later is rung for by the sweep.
    """
    event = f"{comment.id}:{again.id}" if again else f"{comment.id}"
    return _tell(comment.site, {event: comment}, is_new=not again)


def tell_of_all_held(site: Site, comments: Sequence[Comment]) -> list[Delivery]:
    """Likewise of several of a site's comments, which were held for the first time."""
    return _tell(site, {f"{comment.id}": comment for comment in comments}, is_new=True)


def _tell(site: Site, events: Mapping[str, Comment], *, is_new: bool) -> list[Delivery]:
    if not events or not (told := tellings.listeners(site.id)):
        return []
    rows = {row.dedupe_key: row for row in _told_already(site, events, told)}
    digests = tellings.open_digests(site.id, told)
    due: list[Delivery] = []
    for event, comment in events.items():
        for listener in told:
            key = _key(HELD, event, listener)
            row = rows.get(key) or rows.get(_key(WAITING, event, listener))
            digest = digests.get(tellings.name(listener))
            if row is None and digest is None:
                row = _put(comment, event, listener)
                if row.kind == WAITING:
                    digests[tellings.name(listener)] = row
                    if len(events) >= _FLOOD:
                        due = [each for each in due if each not in _fold(site, row, listener)]
            elif digest is not None and is_new:
                _begin_with(digest, comment)
            if row is not None:
                due.append(row)
    db.session.flush()
    moment = now()
    return [row for row in due if row.due_at <= moment]


def tell_of_flood(site: Site, told: Sequence[Listener], *, first: int) -> list[Delivery]:
    """Tell that a flood has raised the shields: with the digest that comes anyway, or by one."""
    digests = tellings.open_digests(site.id, told)
    event = f"flood-{now().isoformat()}"
    rows = [
        Delivery(
            site_id=site.id,
            kind=WAITING,
            recipient=_address(listener),
            payload={"first": first, **tellings.addressee(listener)},
            dedupe_key=_key(WAITING, event, listener),
            due_at=tellings.promise_digest(listener, site),
        )
        for listener in told
        if tellings.name(listener) not in digests
    ]
    db.session.add_all(rows)
    db.session.flush()
    moment = now()
    return [row for row in rows if row.due_at <= moment]


def test(site_id: int, webhook_id: int) -> Delivery:
    """Try a chat room's address."""
    moment = now()
    row = Delivery(
        site_id=site_id,
        kind=TEST,
        recipient="",
        payload={"webhook": webhook_id},
        dedupe_key=f"{TEST}:webhook-{webhook_id}:{moment.isoformat()}",
        due_at=moment,
    )
    db.session.add(row)
    return row


def is_for_room(delivery: Delivery) -> bool:
    """Is this a message to a chat room, and no mail?"""
    return "webhook" in delivery.payload


def _told_already(
    site: Site, events: Collection[str], told: Sequence[Listener]
) -> Sequence[Delivery]:
    keys = [
        _key(kind, event, listener)
        for kind in (HELD, WAITING)
        for event in events
        for listener in told
    ]
    rows = select(Delivery).where(Delivery.site_id == site.id, Delivery.dedupe_key.in_(keys))
    return db.session.scalars(rows).all()


def _begin_with(digest: Delivery, comment: Comment) -> None:
    """Show it among the first: of two workers, the later one may hold the earlier comment."""
    if comment.id < digest.payload["first"]:
        digest.payload = {**digest.payload, "first": comment.id}


def _fold(site: Site, digest: Delivery, listener: Listener) -> list[Delivery]:
    """In a flood, the first ones come with all others, unless they have gone out; returns them."""
    unsent = [
        row
        for row in db.session.scalars(
            select(Delivery).where(
                Delivery.site_id == site.id,
                Delivery.kind == HELD,
                Delivery.delivered_at.is_(None),
                Delivery.failed_at.is_(None),
                Delivery.claimed_until.is_(None),
            )
        )
        if tellings.addressee(listener).items() <= row.payload.items()
    ]
    firsts = [digest.payload["first"], *(row.payload["comment"] for row in unsent)]
    digest.payload = {**digest.payload, "first": min(firsts)}
    for row in unsent:
        db.session.delete(row)
    return unsent


def _put(comment: Comment, event: str, listener: Listener) -> Delivery:
    # Who has heard of one of them need not be called for each that says nearly the same.
    is_alike = comment.cluster_id not in {None, comment.id}
    is_single = not is_alike and tellings.may_hear_at_once(listener)
    kind = HELD if is_single else WAITING
    row = Delivery(
        site_id=comment.site_id,
        kind=kind,
        recipient=_address(listener),
        # A digest tells of others, too: it must not go with the comment.
        payload={
            "comment" if is_single else "first": comment.id,
            **tellings.addressee(listener),
        },
        dedupe_key=_key(kind, event, listener),
        due_at=now() if is_single else tellings.promise_digest(listener, comment.site),
    )
    db.session.add(row)
    return row


def _address(listener: Listener) -> str:
    return listener.moderator.email if isinstance(listener, Membership) else ""


def _key(kind: str, event: str, listener: Listener) -> str:
    return f"{kind}:{event}:{tellings.name(listener)}"
