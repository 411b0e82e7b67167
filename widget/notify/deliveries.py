"""Out of the outbox: claim a delivery, then say how it went.

Sending cannot be part of a transaction, so a delivery is claimed (and committed) first, for a few
minutes. Two workers never hold the same claim; a worker killed while sending leaves a claim that
runs out. Only in that gap can a message go out twice, and then with the same Message-ID.
"""

from datetime import timedelta

from sqlalchemy import func, or_, select, update

from widget.db import affected, db, now
from widget.models import Delivery
from widget.notify.mail import MOOT

_CLAIM = timedelta(minutes=5)
# After each failure in turn; then the delivery is given up, and `widget doctor` says so.
_PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 720))


def claim(delivery_id: int) -> Delivery | None:
    """Take a delivery that is due, for us alone; None where there is nothing to do."""
    moment = now()
    claimed = db.session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.delivered_at.is_(None),
            Delivery.failed_at.is_(None),
            Delivery.due_at <= moment,
            or_(Delivery.claimed_until.is_(None), Delivery.claimed_until < moment),
        )
        .values(claimed_until=moment + _CLAIM, attempts=Delivery.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if affected(claimed) != 1:
        return None
    return db.session.get_one(Delivery, delivery_id, populate_existing=True)


def delivered(delivery: Delivery) -> None:
    """It went out."""
    delivery.delivered_at = now()
    delivery.claimed_until = None
    delivery.error = ""


def failed(
    delivery: Delivery, error: str, *, for_good: bool = False, pause: timedelta | None = None
) -> None:
    """It did not go out: try again later, or give up and keep the reason.

    `pause`: when to try again, where whoever refused it has said so.
    """
    delivery.error = error
    delivery.claimed_until = None
    if for_good or delivery.attempts > len(_PAUSES):
        delivery.failed_at = now()
    else:
        delivery.due_at = now() + (pause or _PAUSES[delivery.attempts - 1])


def overdue(older_than: timedelta, limit: int = 500) -> list[int]:
    """Ids of deliveries whose bell was lost or whose next try has come, oldest first."""
    moment = now()
    waiting = (
        select(Delivery.id)
        .where(
            Delivery.delivered_at.is_(None),
            Delivery.failed_at.is_(None),
            Delivery.due_at <= moment - older_than,
            or_(Delivery.claimed_until.is_(None), Delivery.claimed_until < moment),
        )
        .order_by(Delivery.due_at)
        .limit(limit)
    )
    return list(db.session.scalars(waiting))


def given_up(since: timedelta) -> int:
    """How many deliveries were given up lately, although someone needed them."""
    lately = select(func.count()).where(
        Delivery.failed_at > now() - since, ~Delivery.error.startswith(MOOT)
    )
    return db.session.scalar(lately) or 0
