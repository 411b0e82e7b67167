"""The outbox, and a clock that can be put forward."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from widget import jobs
from widget.db import db, now
from widget.models import Delivery
from widget.notify import deliveries


class Outbox:
    """The outbox, its clock, and the job that empties it."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.late = timedelta()
        monkeypatch.setattr(deliveries, "now", self.now)

    def now(self) -> datetime:
        """The moment that it is there."""
        return now() + self.late

    def put_forward(self, *, minutes: int) -> None:
        """Let it be later there."""
        self.late += timedelta(minutes=minutes)

    def rows(self) -> list[Delivery]:
        """All deliveries, detached."""
        with self.app.app_context():
            return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))

    def deliver(self, *delivery_ids: int) -> None:
        """Run the job for these, or for all."""
        ids = delivery_ids or [row.id for row in self.rows()]
        with self.app.app_context():
            for delivery_id in ids:
                jobs.deliver(delivery_id)

    def rung_for(self) -> list[int]:
        """What the sweep would ring for."""
        with self.app.app_context():
            return deliveries.overdue(timedelta())
