"""A flood: one job for all of it, one cluster to decide, one mail, shields, and nothing lost."""

import random
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests import parts
from tests.conftest import HOST, Backstage, Reader
from tests.mailroom import deliver_all, text_of
from tests.pages import OpenDesk, page, token
from widget import jobs
from widget.db import db, now, writing
from widget.models import Comment, Delivery, Entry, Hold, Shields, Site, Status
from widget.moderation import shields

SIZE = shields.MANY + 5
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
EXTRA = ["cheap", "fast", "now", "today", "best", "new", "big", "real", "free", "top"]
PLAIN = (
    "clerk street bridge winter library council school river bus mayor minutes officer budget fence"
    " garden harbour window lawyer market doctor station teacher village journal kitchen witness"
    " parking summer engine ticket forest railway museum senator bakery pencil weather contract"
    " neighbour tunnel"
)


def pour(reader: Reader, number: int = SIZE) -> list[int]:
    """So many variants of one text."""
    return [
        reader.say(
            f"The best watches of the season at https://watches{n % 7}.example, {EXTRA[n % 10]} "
            f"and {EXTRA[n // 10 % 10]}: only this week, for whoever comes first, number {n}."
        )
        for n in range(number)
    ]


def site(app: Flask) -> Site:
    return db.session.scalars(select(Site).where(Site.key == "news")).one()


@pytest.fixture
def few(backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five comments are a flood; and only what is found holds one."""
    monkeypatch.setattr(shields, "MANY", 5)
    backstage.set(hold=Hold.none)


def noted(app: Flask) -> list[str]:
    """What the log says of the shields."""
    with app.app_context():
        lines = db.session.scalars(select(Entry.action).order_by(Entry.id)).all()
    return [line for line in lines if line.startswith("shields")]


def test_a_flood_is_one_job_one_cluster_and_one_mail(
    ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(hold=Hold.none)
    ids = pour(ann)
    with app.app_context():
        jobs.screen_waiting()
        comments = db.session.scalars(select(Comment).order_by(Comment.id)).all()
        assert [comment.id for comment in comments] == ids
        assert all(comment.screened_at for comment in comments)
        assert {comment.status for comment in comments} <= {Status.pending, Status.spam}
        assert {comment.cluster_id for comment in comments} == {ids[0]}
        assert shields.are_up(site(app))
        told = select(Delivery.kind, func.count()).group_by(Delivery.kind)
        assert db.session.execute(told).all() == [("waiting", 2)], "one for each moderator"
    shown = page(desk("Max").client.get(f"/desk/pending/?cluster={ids[0]}&site=news"))
    assert str(SIZE) in shown.text_content()


def test_a_flood_raises_the_shields_and_the_calm_after_it_lowers_them(
    few: None, ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    pour(ann, 6)
    with app.app_context():
        jobs.screen_waiting()
        assert shields.are_up(site(app))
    held = bob.say("The minutes name fourteen officers and none of the dates.")
    backstage.screen(held)
    assert backstage.comment(held).status is Status.pending

    with app.app_context():
        jobs.sweep()
        assert shields.are_up(site(app)), "not as long as it may come back"
    backstage.set(flooded_until=now() - timedelta(seconds=1))
    with app.app_context():
        jobs.sweep()
        assert not shields.are_up(site(app))
        lines = db.session.scalars(select(Entry.action).order_by(Entry.id)).all()
    assert lines[-2:] == ["shields raised", "shields lowered"]
    bob.client.environ_base["REMOTE_ADDR"] = "10.20.30.40"  # the flood’s network has a record now
    calm = bob.say("And page fourteen has them all.")
    backstage.screen(calm)
    assert backstage.comment(calm).status is Status.approved


@on_sqlite
def test_a_flood_that_comes_drop_by_drop_raises_them_as_well(
    few: None, ann: Reader, app: Flask, backstage: Backstage
) -> None:
    for comment_id in pour(ann, 6):
        backstage.screen(comment_id)
    with app.app_context():
        assert shields.are_up(site(app))
    assert noted(app) == ["shields raised"]


@on_sqlite
def test_what_moderators_approve_is_no_flood(
    few: None, ann: Reader, app: Flask, backstage: Backstage
) -> None:
    ids = pour(ann, 8)
    backstage.approve(*ids[:4])
    backstage.screen(*ids[4:])
    assert noted(app) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer
def test_two_workers_that_see_a_flood_raise_them_once(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.set(spam_words="watches")
    bob.page = f"{HOST}/elsewhere"
    ids = [*pour(ann, 1), *pour(bob, 1)]
    both_look = parts.gather(2)
    monkeypatch.setattr(shields, "_has_flood", lambda _site: both_look() is None)
    parts.at_once(*(partial(backstage.screen, comment_id) for comment_id in ids))
    assert noted(app) == ["shields raised"]


@on_sqlite
def test_moderators_are_told_of_a_flood_even_if_nothing_waits(
    few: None, ann: Reader, app: Flask, inbox: parts.Inbox, backstage: Backstage
) -> None:
    backstage.set(spam_words="watches")
    for comment_id in pour(ann, 7):
        backstage.screen(comment_id)
    deliver_all(app)
    assert [mail["To"] for mail in inbox.mails] == ["olga@example.org", "max@example.org"]
    (_, mail) = inbox.mails
    assert mail["Subject"] == "[Norwalk News] shields are up, nothing pending"
    for told in (text_of(mail), text_of(mail, "html")):
        assert "A flood of likely spam has raised the shields at" in told
        assert "http://comments.example.org/desk/sites/news/filter" in told


@on_sqlite
def test_a_flood_is_told_with_what_waits_and_at_the_desk(
    few: None, ann: Reader, app: Flask, inbox: parts.Inbox, desk: OpenDesk
) -> None:
    pour(ann, 12)
    assert "Shields are up" not in desk("Max").client.get("/desk/pending/").text
    with app.app_context():
        jobs.screen_waiting()
        db.session.execute(update(Delivery).values(due_at=now()))
        db.session.commit()
    deliver_all(app)
    assert len(inbox.mails) == 2, "one for each moderator"
    assert "has raised the shields at" in text_of(inbox.mails[0])
    assert "12 pending" in inbox.mails[0]["Subject"]
    for address in ("/desk/pending/", "/desk/spam/?site=news"):
        shown = page(desk("Max").client.get(address)).text_content()
        assert "Shields are up at Norwalk News. Raised by a flood since" in shown
    assert "Shields are up" not in desk("Nina").client.get("/desk/pending/").text


@on_sqlite
def test_moderators_have_the_last_word_on_a_flood(
    few: None, ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    for comment_id in pour(ann, 6):
        backstage.screen(comment_id)
    max_ = desk("Max")
    for choice in ("down", "automatic"):
        form = token(max_) | {"shields": choice}
        max_.client.post("/desk/sites/news/filter/shields", data=form)
        with app.app_context():
            assert not shields.are_up(site(app)), choice
    assert noted(app) == ["shields raised", "shields set", "shields set"]


@on_sqlite
def test_under_shields_trusted_readers_wait_and_moderators_do_not(
    ann: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    known = ann.say("The minutes are public.")
    backstage.approve(known)
    backstage.set(shields=Shields.up)
    later = ann.say("Page fourteen has them all.")
    backstage.screen(later)
    assert backstage.comment(later).status is Status.pending
    max_ = desk("Max")
    said = {"body": "Thank you, we have asked for them.", "nonce": "0123456789"}
    address = f"/desk/comments/{known}/reply"
    assert max_.client.post(address, data=token(max_) | said).status_code == 303
    assert "we have asked for them" in ann.read().text


@pytest.mark.parametrize(("choice", "status"), [("up", "pending"), ("down", "approved")])
def test_whoever_sets_the_shields_has_the_last_word(
    choice: str, status: str, ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none, shields=Shields(choice))
    with app.app_context(), writing():
        site(app).flooded_until = now() + timedelta(minutes=5)
        db.session.commit()
    said = ann.say("A reader’s word in the middle of it.")
    backstage.screen(said)
    assert backstage.comment(said).status.value == status


@on_sqlite
def test_many_readers_are_no_flood(app: Flask, backstage: Backstage) -> None:
    backstage.set(hold=Hold.none)
    for n in range(SIZE):
        reader = Reader(app.test_client(), name=f"Reader{n}", key=f"the browser of reader {n}")
        reader.client.environ_base["REMOTE_ADDR"] = f"10.{n}.7.1"
        reader.say(f"I read of the {' '.join(random.Random(n).sample(PLAIN.split(), 12))}.")
    with app.app_context():
        jobs.screen_waiting()
        assert db.session.scalar(select(func.max(Comment.screened_at))) is not None
        assert not shields.are_up(site(app))
