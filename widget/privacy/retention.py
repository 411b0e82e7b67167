"""What is forgotten by itself, a batch at a time: what was interrupted goes on the next time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from widget.config import Settings
from widget.db import db, now
from widget.models import Comment, Delivery, Report, SpamExample, Subscription, Vote
from widget.notify.subscriptions import CONFIRM_WITHIN
from widget.spam import learning

BATCH = 1000
# Long enough to see why a mail did not arrive; the rows hold addresses.
MAILS_KEPT = timedelta(days=30)

Model = type[Comment | Delivery | Report | SpamExample | Subscription | Vote]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which rows are due, on all sites, and which of their columns are blanked (none: all)."""

    model: Model
    due: ColumnElement[bool]
    blanks: tuple[str, ...] = ()

    def find(self, after: int) -> Sequence[int]:
        """The next rows that are due."""
        rows = select(self.model.id).where(self.model.id > after, self.due)
        return db.session.scalars(rows.order_by(self.model.id).limit(BATCH)).all()

    def forget(self, ids: Sequence[int]) -> None:
        """Blank or delete them."""
        change = (
            update(self.model).values(dict.fromkeys(self.blanks))
            if self.blanks
            else delete(self.model)
        )
        # What somebody holds just now is due tomorrow as well; to wait for each other, holding
        # rows that the other wants, might be for ever.
        free = select(self.model.id).where(self.model.id.in_(ids), self.due)
        db.session.execute(
            change.where(
                self.model.id.in_(free.with_for_update(skip_locked=True, key_share=True))
            ).execution_options(synchronize_session=False)
        )


def rules(settings: Settings) -> list[Rule]:
    """What is to be forgotten by now."""
    moment = now()
    hashes = moment - timedelta(days=settings.hash_days)
    return [
        _blanks(Comment, hashes, "address_hash", "network_hash"),
        _blanks(Vote, hashes, "network_hash"),
        _blanks(Report, hashes, "network_hash"),
        Rule(
            model=Subscription,
            due=Subscription.confirmed_at.is_(None)
            & (Subscription.created_at < moment - CONFIRM_WITHIN),
        ),
        Rule(
            model=Delivery,
            due=or_(
                Delivery.delivered_at < moment - MAILS_KEPT,
                Delivery.failed_at < moment - MAILS_KEPT,
            ),
        ),
        Rule(model=SpamExample, due=SpamExample.written_at < moment - learning.KEPT),
    ]


def _blanks(model: type[Comment | Report | Vote], before: datetime, *columns: str) -> Rule:
    first, *others = (getattr(model, column) for column in columns)
    # As ix_comment_traced has it.
    kept = (func.coalesce(first, *others) if others else first).is_not(None)
    return Rule(model=model, due=(model.created_at < before) & kept, blanks=columns)
