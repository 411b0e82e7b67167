"""What should be decided first, and why it says so."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from tests.conftest import Backstage, Reader
from tests.pages import OpenDesk, card, cards, token
from tests.test_reports import report, someone
from widget.db import db, writing
from widget.models import Comment, Thread
from widget.moderation import priority

BUSY = "http://news.example.org/busy"


def test_risk_and_reach_put_a_comment_ahead_and_its_card_says_why(
    app: Flask, ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.set(hold_words="zebra")
    quiet = ann.say("I was first.")
    risky = bob.say("Zebra!", page=BUSY, title="Busy")
    with app.app_context(), writing():
        db.session.execute(update(Thread).where(Thread.page == BUSY).values(approved_count=120))
        db.session.commit()
    backstage.screen(quiet, risky)
    olga = desk("Olga")

    assert cards(olga.client.get("/desk/pending/")) == [quiet, risky]
    assert cards(olga.client.get("/desk/pending/?order=priority")) == [risky, quiet]
    said = card(olga, risky).text_content()
    assert "Stands 17 hours ahead: some risk (50 of 100), a busy thread (120 comments)." in said
    assert "ahead" not in card(olga, quiet).text_content()

    # What it says is what it was put ahead for, however the thread has grown since; and whatever
    # that was is named, if it comes to an hour.
    for known, words in (
        (
            {"risk": 29, "public": 9},
            "Stands 6 hours ahead: little risk (29 of 100), a quiet thread",
        ),
        ({"risk": 0, "public": 1, "votes_up": 150, "votes_down": 50}, "4 hours ahead: 200 votes."),
        ({"risk": 0, "public": 40, "votes_up": 60}, "3 hours ahead: 60 votes, a lively thread"),
        ({"risk": 100, "public": 2}, "7 hours ahead: high risk (100 of 100), a quiet thread"),
    ):
        with app.app_context(), writing():
            comment = db.session.get_one(Comment, risky)
            public = known.pop("public")
            comment.thread.approved_count = public
            comment.votes_up = comment.votes_down = 0
            for name, value in known.items():
                setattr(comment, name, value)
            priority.set_priority(comment)
            comment.thread.approved_count = 500
            db.session.commit()
        said = card(olga, risky).text_content()
        assert words in said
        if "thread" in words:
            assert f"thread ({public} comment{'' if public == 1 else 's'})." in said


def test_reports_put_a_public_comment_ahead_of_one_that_fewer_complain_of(
    app: Flask, ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.set(hold_reports=0)
    first, second = ann.say("One."), ann.say("Two.")
    backstage.approve(first, second)
    before = backstage.comment(second).priority_at
    report(someone(app, 1), first)
    for number in (2, 3, 4):
        report(someone(app, number), second)
    olga = desk("Olga")

    assert backstage.comment(second).priority_at < before
    assert cards(olga.client.get("/desk/reported/")) == [first, second]
    assert cards(olga.client.get("/desk/reported/?order=priority")) == [second, first]
    assert "3 reports" in card(olga, second, "/desk/reported/").xpath(
        "string(.//*[@class='ahead'])"
    )

    # What a moderator has settled puts it ahead no more.
    olga.client.post(f"/desk/comments/{second}/keep", data=token(olga))
    kept = backstage.comment(second)
    assert kept.created_at - kept.priority_at < timedelta(hours=1)


def test_nothing_waits_behind_others_for_ever(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    waits = ann.say("One.")
    with app.app_context(), writing():
        db.session.execute(update(Thread).values(approved_count=2**31 - 1))
        comment = db.session.get_one(Comment, waits)
        comment.risk, comment.votes_up = 100, 2**31 - 1
        priority.set_priority(comment)
        db.session.commit()

    comment = backstage.comment(waits)
    assert comment.created_at - comment.priority_at == timedelta(days=3)
