"""The mail server: what it must offer, and who hears that it took nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import parts
from tests.conftest import Backstage, Reader, whatever_the_database
from widget.cli import doctor
from widget.db import db, now, writing
from widget.models import Delivery
from widget.notify import mail as mailing


@whatever_the_database
def test_a_password_is_not_sent_where_anyone_could_read_it(
    app: Flask, inbox: parts.Inbox, settings: dict[str, Any]
) -> None:
    # Our mail server offers no STARTTLS; under this address it is not known to be this machine.
    port = settings["smtp_url"].rpartition(":")[2]
    away = app.extensions["settings"].model_copy(
        update={"smtp_url": f"smtp://user:secret@0.0.0.0:{port}"}
    )
    message = mailing.compose(
        away, recipient="max@example.org", subject="x", text="x", html=None, unique="x"
    )
    with pytest.raises(mailing.NotSent, match="offers no encryption") as refused:
        mailing.send(away, message)
    assert not refused.value.for_good, "the server may be mended"
    assert inbox.mails == []
    mailing.send(away.model_copy(update={"smtp_url": f"smtp://0.0.0.0:{port}"}), message)
    assert [mail["To"] for mail in inbox.mails] == ["max@example.org"], (
        "without a password there is none to read"
    )


def test_the_doctor_counts_what_was_given_up_lately(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.screen(ann.say("Please let me in."))

    def faults() -> list[str]:
        with app.app_context():
            return list(doctor._faults_of_database(app.extensions["settings"]))

    def give_up(number: int, at: datetime) -> None:
        with app.app_context(), writing():
            rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
            for row in rows[:number]:
                row.failed_at = at
            db.session.commit()

    assert faults() == []
    give_up(2, now() - timedelta(days=8))
    assert faults() == []
    give_up(2, now())
    assert faults() == ["2 messages of the last week were given up; the outbox table says why."]
