"""Into the outbox: one row a message and recipient, written with the change it tells of."""

from collections.abc import Sequence

from sqlalchemy import select

from widget.db import db, insert_if_absent
from widget.models import Comment, Decision, Delivery, Membership, Moderator, Role

HELD = "held"


def tell_of_held(comment: Comment, again: Decision | None = None) -> list[Delivery]:
    """One mail to each moderator of the site; returns the deliveries to ring for.

    `again`: the decision that held a comment which was public, so that this is told too.
    """
    return [_put(comment, moderator, again) for moderator in _told(comment)]


def is_told(comment: Comment, recipient: str) -> bool:
    """Does the recipient of a mail still decide at the comment's site?"""
    return any(moderator.email == recipient for moderator in _told(comment))


def _told(comment: Comment) -> Sequence[Moderator]:
    return db.session.scalars(
        select(Moderator)
        .join(Membership)
        .where(
            Membership.site_id == comment.site_id,
            Membership.role != Role.viewer,
            Moderator.active,
        )
        .order_by(Moderator.id)
    ).all()


def _put(comment: Comment, moderator: Moderator, again: Decision | None) -> Delivery:
    key = f"{HELD}:{comment.id}:{moderator.id}" + (f":{again.id}" if again else "")
    insert_if_absent(
        Delivery,
        site_id=comment.site_id,
        kind=HELD,
        recipient=moderator.email,
        payload={"comment": comment.id, "moderator": moderator.id},
        dedupe_key=key,
    )
    return db.session.scalars(
        select(Delivery).where(Delivery.site_id == comment.site_id, Delivery.dedupe_key == key)
    ).one()
