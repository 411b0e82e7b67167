"""Into the outbox, for moderators and chat rooms: written with the change it tells of."""

from sqlalchemy import select

from widget.db import db, now
from widget.models import Comment, Decision, Delivery, Membership
from widget.notify import tellings
from widget.notify.tellings import WAITING, Listener

HELD = "held"
TEST = "test"


def tell_of_held(comment: Comment, again: Decision | None = None) -> list[Delivery]:
    """Tell whoever must hear of a held comment; returns the deliveries to ring for.

    `again`: the decision that held a comment which was public, so that this is told too. What is
    due later is rung for by the sweep.
    """
    told = tellings.listeners(comment.site_id)
    event = f"{comment.id}:{again.id}" if again else f"{comment.id}"
    rows = {row.dedupe_key: row for row in _told_already(comment, event, told)}
    digests = tellings.open_digests(comment.site_id, told)
    due = []
    for listener in told:
        key = _key(HELD, event, listener)
        row = rows.get(key) or rows.get(_key(WAITING, event, listener))
        digest = digests.get(tellings.name(listener))
        if row is None and digest is None:
            row = _put(comment, event, listener)
        elif digest is not None and not again:
            _begin_with(digest, comment)
        if row is not None:
            due.append(row)
    db.session.flush()
    moment = now()
    return [row for row in due if row.due_at <= moment]


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


def _told_already(comment: Comment, event: str, told: list[Listener]) -> list[Delivery]:
    keys = [_key(kind, event, listener) for kind in (HELD, WAITING) for listener in told]
    rows = select(Delivery).where(
        Delivery.site_id == comment.site_id, Delivery.dedupe_key.in_(keys)
    )
    return list(db.session.scalars(rows))


def _begin_with(digest: Delivery, comment: Comment) -> None:
    """Show it among the first: of two workers, the later one may hold the earlier comment."""
    if comment.id < digest.payload["first"]:
        digest.payload = {**digest.payload, "first": comment.id}


def _put(comment: Comment, event: str, listener: Listener) -> Delivery:
    is_single = tellings.may_hear_at_once(listener)
    kind = HELD if is_single else WAITING
    row = Delivery(
        site_id=comment.site_id,
        kind=kind,
        recipient=listener.moderator.email if isinstance(listener, Membership) else "",
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


def _key(kind: str, event: str, listener: Listener) -> str:
    return f"{kind}:{event}:{tellings.name(listener)}"
