"""The outbox with a clock that can be put forward, and the post that readers get."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import parts
from widget import jobs
from widget.db import db, now
from widget.models import Delivery
from widget.notify import deliveries, outbox, tellings, waiting


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


class Clock(Outbox):
    """The outbox, with one clock for when moderators are told and when it goes out."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(app, monkeypatch)
        for module in (tellings, outbox, waiting):
            monkeypatch.setattr(module, "now", self.now)

    def later(self, **span: float) -> None:
        """It is later; whatever is due by then goes out."""
        self.late += timedelta(**span)
        self.deliver_due()

    def deliver_due(self) -> None:
        """Whatever is due by now goes out."""
        for delivery_id in self.rung_for():
            self.deliver(delivery_id)


def deliver_all(app: Flask) -> None:
    """Run the delivery jobs, as a worker would."""
    with app.app_context():
        ids = list(db.session.scalars(select(Delivery.id)))
        db.session.commit()
        for delivery_id in ids:
            jobs.deliver(delivery_id)


MODERATORS = {"olga@example.org", "max@example.org"}


@dataclass
class Post:
    """The post office: what readers (not moderators) got."""

    app: Flask
    inbox: parts.Inbox
    client: FlaskClient

    def brought(self) -> list[EmailMessage]:
        """Deliver what is due, and what that leads to; the new mails to readers."""
        before = len(self.inbox.mails)
        for _ in range(2):
            deliver_all(self.app)
        return [mail for mail in self.inbox.mails[before:] if mail["To"] not in MODERATORS]

    def follow(self, mail: EmailMessage, purpose: str) -> str:
        """Where a link of a mail leads."""
        found = re.search(rf"^(http://\S+/reader/{purpose}/\S+)$", text_of(mail), re.MULTILINE)
        assert found, text_of(mail)
        return found[1]

    def press(self, address: str, **form: str) -> TestResponse:
        """Press the button of a page, in a browser that knows nobody."""
        return self.client.post(address, data=form)

    def confirmed(self, mail: EmailMessage) -> None:
        """Open the link of a mail that asks, and press its button."""
        assert self.press(self.follow(mail, "confirm")).status_code == 200


def text_of(mail: EmailMessage, part: str = "plain") -> str:
    """One of the two forms of a mail."""
    body = mail.get_body((part,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def recipients(mails: list[EmailMessage]) -> list[str]:
    """Who got them."""
    return sorted(str(mail["To"]) for mail in mails)
