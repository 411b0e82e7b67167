"""The daily mail: one a day, with all that is new, and none where nothing is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests import parts
from tests.conftest import PAGE, Backstage, Reader
from tests.mailroom import deliver_all, text_of
from widget import jobs
from widget.db import db, now, writing
from widget.models import Comment, Decision, Delivery, Move, Site, Subscription
from widget.notify import digests


@dataclass
class Daily:
    """Subscribers to the daily mail, and the days that go by."""

    app: Flask
    backstage: Backstage
    inbox: parts.Inbox

    def follow(self, reader: Reader, body: str, **fields: Any) -> int:
        """Post a comment that asks for a subscription; it is approved and confirmed."""
        comment_id = reader.say(body, **{"daily": "y", "subscribe": "thread", **fields})
        self.backstage.approve(comment_id)
        with self.app.app_context(), writing():
            db.session.execute(
                update(Subscription)
                .where(Subscription.asked_by_id == comment_id)
                .values(confirmed_at=now(), told_at=now())
            )
            db.session.commit()
        return comment_id

    def tomorrow(self) -> list[EmailMessage]:
        """Let a day go by, write and deliver the digests; what subscribers got of it."""
        for _ in range(2):
            deliver_all(self.app)
        seen = len(self.inbox.mails)
        with self.app.app_context(), writing():
            a_day = timedelta(days=1)
            for row in db.session.scalars(select(Subscription)):
                row.told_at -= a_day
            for comment in db.session.scalars(select(Comment)):
                comment.published_at = comment.published_at and comment.published_at - a_day
            for decision in db.session.scalars(select(Decision)):
                decision.created_at -= a_day
            # Yesterday's mail bears yesterday's date.
            for delivery in db.session.scalars(select(Delivery).where(Delivery.kind == "digest")):
                delivery.dedupe_key += " yesterday"
            db.session.commit()
        with self.app.app_context():
            jobs.write_digests()
        deliver_all(self.app)
        return self.inbox.mails[seen:]


@pytest.fixture
def daily(app: Flask, backstage: Backstage, inbox: parts.Inbox) -> Daily:
    """Subscribers to the daily mail, and the days that go by."""
    return Daily(app, backstage, inbox)


def test_all_that_is_new_comes_in_one_mail_a_day_by_threads(
    ann: Reader, bob: Reader, backstage: Backstage, daily: Daily
) -> None:
    parking = {"page": f"{ann.origin}/parking", "title": "Parking"}
    daily.follow(ann, "First.", url=PAGE)
    daily.follow(ann, "Parking.", **parking)
    news = [bob.say(f"News {number}.") for number in range(3)]
    backstage.approve(*news, bob.say("A space.", **parking), ann.say("Mine."))
    held = bob.say("Not yet.", website="http://x.example")
    backstage.move(held, Move.spam)

    (mail,) = daily.tomorrow()
    assert mail["To"] == "ann@example.org"
    assert mail["Subject"] == "4 new comments on “The database” and other articles"
    text = text_of(mail)
    assert text.index("The database") < text.index("> News 0.") < text.index("> News 2.")
    assert text.index("> News 2.") < text.index("Parking") < text.index("> A space.")
    assert f"{PAGE}#comment-{news[0]}" in text
    for absent in ("Mine.", "Not yet.", "First.", "@"):
        assert absent not in text
    assert daily.tomorrow() == [], "nothing new, no mail"
    backstage.approve(bob.say("Late news."))
    (mail,) = daily.tomorrow()
    assert mail["Subject"] == "1 new comment on “The database”"


def test_the_job_may_run_as_often_as_it_likes(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage, daily: Daily
) -> None:
    daily.follow(ann, "First.")
    backstage.approve(bob.say("News."))
    assert len(daily.tomorrow()) == 1
    with app.app_context():
        for _ in range(2):
            jobs.write_digests()
        assert digests.sites() == [1]
    assert daily.tomorrow() == []


def test_whoever_hears_at_once_does_not_hear_again_in_the_digest(
    ann: Reader, bob: Reader, backstage: Backstage, daily: Daily
) -> None:
    daily.follow(ann, "Thread, daily.")
    mine = daily.follow(ann, "Replies, at once.", subscribe="replies", daily=None)
    backstage.approve(bob.say("A reply.", parent=mine), bob.say("Beside it."))
    (mail,) = daily.tomorrow()
    assert "> Beside it." in text_of(mail)
    assert "A reply." not in text_of(mail)


def test_of_replies_only_those_under_the_comment_count(
    ann: Reader, bob: Reader, backstage: Backstage, daily: Daily
) -> None:
    mine = daily.follow(ann, "Replies, daily.", subscribe="replies")
    backstage.approve(bob.say("Beside it."))
    assert daily.tomorrow() == []
    reply = bob.say("A reply.", parent=mine)
    backstage.approve(reply, bob.say("Deeper.", parent=mine))
    (mail,) = daily.tomorrow()
    assert mail["Subject"].startswith("2 new comments")


def test_what_was_told_is_not_told_again_when_it_is_approved_once_more(
    ann: Reader, bob: Reader, backstage: Backstage, daily: Daily
) -> None:
    daily.follow(ann, "First.")
    news = bob.say("News.")
    backstage.approve(news)
    assert len(daily.tomorrow()) == 1
    backstage.move(news, Move.unapprove)
    backstage.move(news, Move.approve)
    assert daily.tomorrow() == []


def test_one_click_ends_the_daily_mail_of_the_site_and_nothing_else(
    ann: Reader, bob: Reader, client: FlaskClient, daily: Daily
) -> None:
    daily.follow(ann, "First.")
    daily.follow(ann, "Parking.", page=f"{ann.origin}/parking")
    daily.follow(ann, "At once.", page=f"{ann.origin}/at-once", daily=None)
    daily.backstage.approve(bob.say("News."))
    (mail,) = daily.tomorrow()
    assert mail["List-Id"] == "Norwalk News <daily.news.comments.example.org>"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link in text_of(mail)
    client.post(link, data={"List-Unsubscribe": "One-Click"})
    with daily.app.app_context():
        assert [row.daily for row in db.session.scalars(select(Subscription))] == [False]


def test_a_busy_thread_is_cut_and_says_how_much_more_there_is(
    ann: Reader, bob: Reader, backstage: Backstage, daily: Daily
) -> None:
    daily.follow(ann, "First.")
    backstage.approve(*[bob.say(f"No. {number}. " + "word " * 200) for number in range(12)])
    (mail,) = daily.tomorrow()
    text = text_of(mail)
    assert mail["Subject"].startswith("12 new comments")
    assert "> No. 9." in text
    assert "No. 10." not in text
    assert "And 2 more comments there." in text
    assert len(text) < 8_000


def test_subscribers_are_many_and_each_gets_one_mail(
    ann: Reader,
    bob: Reader,
    backstage: Backstage,
    daily: Daily,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digests, "_BATCH", 2)
    for number in range(5):
        daily.follow(ann, f"Me too, {number}.", email=f"reader{number}@example.org")
    backstage.approve(bob.say("News."))
    mails = daily.tomorrow()
    assert sorted(str(mail["To"]) for mail in mails) == [
        f"reader{number}@example.org" for number in range(5)
    ]


@pytest.mark.parametrize(
    ("zone", "at", "end"),
    [
        ("UTC", "2026-03-01T07:01", "2026-02-28T07:00"),  # what was approved just now may not show
        ("UTC", "2026-03-01T07:03", "2026-03-01T07:00"),
        ("America/New_York", "2026-03-08T10:59", "2026-03-07T12:00"),
        ("America/New_York", "2026-03-08T11:03", "2026-03-08T11:00"),  # the clocks went forward
        ("Nowhere/Land", "2026-03-01T09:00", "2026-03-01T07:00"),
    ],
)
def test_a_day_ends_at_seven_on_the_sites_clock(
    monkeypatch: pytest.MonkeyPatch, zone: str, at: str, end: str
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    monkeypatch.setattr(digests, "now", lambda: moment)
    ended = digests.day_end(Site(timezone=zone))
    assert ended is not None
    assert ended.astimezone(UTC) == datetime.fromisoformat(end).replace(tzinfo=UTC)
