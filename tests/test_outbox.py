"""The outbox: every moderator gets one mail, whatever the mail server says and whoever dies."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests import parts
from tests.conftest import Backstage, Reader
from tests.mailroom import Outbox
from widget.db import db, writing
from widget.models import Comment, Delivery, Membership, Moderator, Move, Role
from widget.notify import deliveries
from widget.notify import mail as mailing
from widget.notify import outbox as telling


@pytest.fixture
def held(ann: Reader, backstage: Backstage, outbox: Outbox) -> int:
    """A comment of Ann's that waits, and two mails in the outbox."""
    comment_id = ann.say("Please let me in.")
    backstage.screen(comment_id)
    assert len(outbox.rows()) == 2
    return comment_id


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """The outbox."""
    return Outbox(app, monkeypatch)


def recipients(inbox: parts.Inbox) -> list[str]:
    return sorted(str(mail["To"]) for mail in inbox.mails)


BOTH = ["max@example.org", "olga@example.org"]


# ------------------------------------------------------------------------------- who is told


def test_each_moderator_of_the_site_gets_one_mail(
    held: int, outbox: Outbox, inbox: parts.Inbox
) -> None:
    outbox.deliver()
    assert recipients(inbox) == BOTH, "and the neighbour's moderators get none"
    assert all(row.delivered_at and not row.failed_at for row in outbox.rows())

    outbox.deliver()
    assert recipients(inbox) == BOTH, "however often the job runs"
    assert outbox.rung_for() == []


def test_who_only_looks_or_is_gone_is_not_told(
    ann: Reader, app: Flask, backstage: Backstage, outbox: Outbox
) -> None:
    def moderator(email: str) -> Moderator:
        return db.session.scalars(select(Moderator).where(Moderator.email == email)).one()

    with app.app_context(), writing():
        db.session.execute(
            update(Membership)
            .where(Membership.moderator_id == moderator("max@example.org").id)
            .values(role=Role.viewer)
        )
        db.session.commit()
    backstage.screen(ann.say("One."))
    assert [row.recipient for row in outbox.rows()] == ["olga@example.org"]

    with app.app_context(), writing():
        moderator("olga@example.org").active = False
        db.session.commit()
    backstage.screen(ann.say("Two."))
    assert len(outbox.rows()) == 1


def test_nobody_is_told_of_what_is_published(
    held: int, ann: Reader, backstage: Backstage, outbox: Outbox
) -> None:
    backstage.move(held, Move.approve)
    backstage.screen(ann.say("I am known now."))
    assert len(outbox.rows()) == 2


def test_telling_twice_makes_one_row(held: int, app: Flask, outbox: Outbox) -> None:
    with app.app_context(), writing():
        again = {row.id for row in telling.tell_of_held(db.session.get_one(Comment, held))}
        db.session.commit()
    assert again == {row.id for row in outbox.rows()}
    assert len(again) == 2


# --------------------------------------------------------------------------- what goes wrong


def test_a_server_that_is_busy_is_tried_again_later(
    held: int, outbox: Outbox, inbox: parts.Inbox
) -> None:
    inbox.refuse = "451 greylisted"
    outbox.deliver()
    for row in outbox.rows():
        assert (row.attempts, row.delivered_at, row.failed_at) == (1, None, None)
        assert "451 greylisted" in row.error
    assert outbox.rung_for() == [], "not at once"

    inbox.refuse = None
    outbox.deliver()
    assert inbox.mails == [], "not even when asked"
    outbox.late = timedelta(minutes=2)
    outbox.deliver(*outbox.rung_for())
    assert recipients(inbox) == BOTH
    assert [(row.attempts, row.error) for row in outbox.rows()] == [(2, "")] * 2


def test_each_pause_is_longer_and_after_six_tries_it_is_given_up(
    held: int, outbox: Outbox, inbox: parts.Inbox
) -> None:
    inbox.refuse = "451 still greylisted"
    pauses = []
    for _ in range(6):
        outbox.late += timedelta(days=1)
        assert len(outbox.rung_for()) == 2
        outbox.deliver()
        row = outbox.rows()[0]
        pauses.append(row.due_at - outbox.now())
    assert pauses[:5] == sorted(pauses[:5])
    assert pauses[0] > timedelta(seconds=30)
    for row in outbox.rows():
        assert row.failed_at
        assert "still greylisted" in row.error

    outbox.late += timedelta(days=1)
    inbox.refuse = None
    outbox.deliver()
    assert (inbox.mails, outbox.rung_for()) == ([], [])


def test_a_server_that_says_never_is_not_asked_again(
    held: int, outbox: Outbox, inbox: parts.Inbox
) -> None:
    first, second = outbox.rows()
    inbox.refuse = "550 no such mailbox"
    outbox.deliver(first.id)
    inbox.refuse = None
    outbox.deliver(second.id)
    outbox.late = timedelta(days=1)
    outbox.deliver()

    assert len(inbox.mails) == 1, "the other one's mail went out"
    refused = outbox.rows()[0]
    assert refused.failed_at
    assert "550 no such mailbox" in refused.error
    assert refused.attempts == 1


def test_a_server_that_is_away_is_tried_again(
    held: int, app: Flask, outbox: Outbox, inbox: parts.Inbox
) -> None:
    settings = app.extensions["settings"]
    nowhere = f"smtp://127.0.0.1:{parts.free_port()}"
    app.extensions["settings"] = settings.model_copy(update={"smtp_url": nowhere})
    outbox.deliver()
    assert all(row.error and not row.failed_at for row in outbox.rows())

    app.extensions["settings"] = settings
    outbox.late = timedelta(minutes=2)
    outbox.deliver()
    assert recipients(inbox) == BOTH


def test_a_fault_of_our_own_counts_as_a_try(
    held: int, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_known: object) -> None:
        raise KeyError("a template's mistake")

    monkeypatch.setattr(mailing, "held", broken)
    with pytest.raises(KeyError):
        outbox.deliver()
    row = outbox.rows()[0]
    assert (row.attempts, row.claimed_until, row.failed_at) == (1, None, None)
    assert "KeyError" in row.error


def test_a_mail_about_a_comment_that_is_gone_is_given_up(
    held: int, app: Flask, outbox: Outbox, inbox: parts.Inbox
) -> None:
    with app.app_context(), writing():
        for row in db.session.scalars(select(Delivery)):
            row.payload = {**row.payload, "comment": 4711}
        db.session.commit()
    outbox.deliver()
    outbox.deliver(4711)
    assert inbox.mails == []
    assert all(row.failed_at for row in outbox.rows())


# ------------------------------------------------------------------------------ never twice


def test_two_workers_with_one_delivery_send_one_mail(
    held: int, outbox: Outbox, inbox: parts.Inbox
) -> None:
    first = outbox.rows()[0].id
    parts.at_once(*[lambda: outbox.deliver(first)] * 4)
    assert len(inbox.mails) == 1


def test_what_a_killed_worker_was_sending_waits_until_its_claim_runs_out(
    held: int, app: Flask, outbox: Outbox, inbox: parts.Inbox
) -> None:
    first = outbox.rows()[0].id
    with app.app_context(), writing():
        assert deliveries.claim(first)
        db.session.commit()  # and the worker is killed

    outbox.deliver(first)
    assert inbox.mails == []
    assert first not in outbox.rung_for()
    outbox.late = timedelta(minutes=6)
    assert first in outbox.rung_for()
    outbox.deliver(first)
    assert len(inbox.mails) == 1


def test_a_mail_that_must_go_out_again_is_the_same_mail(
    held: int, app: Flask, outbox: Outbox, inbox: parts.Inbox
) -> None:
    def forget() -> None:
        with app.app_context(), writing():
            db.session.execute(update(Delivery).values(delivered_at=None))
            db.session.commit()

    outbox.deliver()
    forget()
    outbox.deliver()
    ids = [mail["Message-ID"] for mail in inbox.mails]
    assert len(ids) == 4
    assert len(set(ids)) == 2, "so a mail program shows it once"


# ----------------------------------------------------------------------- what is not told


def test_a_title_with_a_line_break_adds_no_header(
    app: Flask, held: int, outbox: Outbox, inbox: parts.Inbox
) -> None:
    # No form lets one in, but an import may.
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, held)
        comment.thread.title = "News\r\nBcc: someone@example.net"
        db.session.commit()
    outbox.deliver()
    assert inbox.mails[0]["Bcc"] is None
    assert "News Bcc: someone@example.net" in inbox.mails[0]["Subject"]


def test_a_mail_that_is_no_longer_needed_is_not_sent(
    held: int, backstage: Backstage, outbox: Outbox, inbox: parts.Inbox
) -> None:
    backstage.move(held, Move.approve)
    outbox.deliver()
    assert not inbox.mails
    assert all(row.failed_at and "decided" in row.error for row in outbox.rows())
    with outbox.app.app_context():
        assert deliveries.given_up(timedelta(days=1)) == 0, "which is no fault of the mail's"


def test_no_address_is_written_to_a_log(
    held: int, outbox: Outbox, inbox: parts.Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.refuse = "550 no such person as max@example.org"
    outbox.deliver()
    assert "did not go out" in caplog.text
    assert "@" not in caplog.text
