"""Into the outbox: one row a message, however often it is said."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select

from widget.db import db, insert_if_absent, now
from widget.models import Delivery

_RING_FOR = "deliveries to ring for"


class ToReaders(StrEnum):
    """What readers are told; `published` is no mail yet, it becomes one for each subscriber."""

    published = "published"
    confirm = "confirm"
    news = "news"
    digest = "digest"
    decided = "decided"


def put(
    kind: StrEnum,
    *,
    site_id: int,
    recipient: str,
    payload: dict[str, Any],
    key: str,
    pause: timedelta = timedelta(),
) -> None:
    """One row for each `key`; it is due again if it was given up."""
    due_at = now() + pause
    row = {"site_id": site_id, "dedupe_key": f"{kind}:{key}"}
    is_new = insert_if_absent(
        Delivery, **row, kind=kind.value, recipient=recipient, payload=payload, due_at=due_at
    )
    delivery = db.session.scalars(select(Delivery).filter_by(**row)).one()
    if delivery.failed_at:
        delivery.failed_at, delivery.error, delivery.attempts = None, "", 0
        delivery.due_at = due_at
    elif not is_new:
        return
    if not pause:
        db.session.info.setdefault(_RING_FOR, []).append(delivery.id)


def forget(kind: ToReaders, *, site_id: int, key: str) -> None:
    """What went out under this key may go out again."""
    db.session.execute(
        delete(Delivery).where(
            Delivery.site_id == site_id,
            Delivery.dedupe_key == f"{kind}:{key}",
            Delivery.delivered_at.is_not(None),
        )
    )


def put_lately() -> list[int]:
    """What this session put and nobody has rung for yet."""
    ids: list[int] = db.session.info.pop(_RING_FOR, [])
    return ids
