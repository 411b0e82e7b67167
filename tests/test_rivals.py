"""Two decisions at the same moment: exactly one wins, and nothing is counted wrongly."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from tests import parts
from tests.conftest import PAGE, Backstage, Reader
from tests.pages import OpenDesk, token
from tests.stage import DESK, Stage
from widget.db import db, writing
from widget.models import Comment, Moderator, Move, Site, Status, Thread
from widget.moderation import moves, threads
from widget.privacy import purging


@pytest.fixture
def stage(app: Flask) -> Stage:
    """Where moves are played."""
    return Stage(app)


def all_look_first(backstage: Backstage, number: int) -> Callable[[], None]:
    """Wait until all have looked before any acts. SQLite lets the next one look only after that."""
    return parts.gather(number) if backstage.dialect == "postgresql" else lambda: None


def decide(app: Flask, comment_id: int, what: Move, looked: Callable[[], None]) -> bool:
    """As one request: look at what waits, then decide. Did the decision count?"""
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        if comment.status is Status.pending:
            looked()
        try:
            moves.move(comment, what, DESK, expected=Status.pending)
            db.session.commit()
        except moves.Overtaken:
            return False
        return True


@pytest.mark.parametrize(
    "rivals",
    [(Move.approve, Move.approve), (Move.approve, Move.spam), (Move.trash, Move.spam)],
)
def test_of_two_decisions_at_once_exactly_one_wins(
    app: Flask, ann: Reader, backstage: Backstage, stage: Stage, rivals: tuple[Move, Move]
) -> None:
    one, other = rivals
    comment = ann.say()
    looked = all_look_first(backstage, 2)

    counted = parts.at_once(
        lambda: decide(app, comment, one, looked), lambda: decide(app, comment, other, looked)
    )

    assert sorted(counted) == [False, True]
    assert [row.move for row in stage.decisions()] == [one if counted[0] else other]
    assert stage.status(comment) is stage.decisions()[0].status_to
    assert stage.thread().approved_count == (stage.status(comment) is Status.approved)


def test_decisions_on_many_comments_of_a_thread_at_once_are_all_counted(
    app: Flask, ann: Reader, backstage: Backstage, stage: Stage
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(6)]
    looked = all_look_first(backstage, 6)
    version = stage.thread().version

    assert all(parts.at_once(*(lambda i=i: decide(app, i, Move.approve, looked) for i in ids)))

    assert (stage.thread().approved_count, stage.thread().version) == (6, version + 6)


def test_an_answer_approved_while_its_parent_is_removed_keeps_the_place(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    parent = ann.say("The parent.")
    backstage.approve(parent)
    answer = ann.say("The answer.", parent=parent)
    looked = all_look_first(backstage, 2)

    def act(comment_id: int, what: Move) -> None:
        with app.app_context(), writing():
            comment = db.session.get_one(Comment, comment_id)
            looked()
            moves.move(comment, what, DESK)
            db.session.commit()

    parts.at_once(lambda: act(parent, Move.trash), lambda: act(answer, Move.approve))

    page = ann.read().text
    assert "The answer." in page
    assert "The parent." not in page
    assert "This comment was removed." in page


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_parent_that_was_removed_after_one_looked_keeps_its_place(
    app: Flask, ann: Reader, backstage: Backstage, stage: Stage
) -> None:
    """(On SQLite nobody can decide between another one's look and decision.)"""
    parent = ann.say("The parent.")
    backstage.approve(parent)
    answer = ann.say("The answer.", parent=parent)
    with app.app_context():
        comment = db.session.get_one(Comment, answer)
        assert comment.parent
        assert comment.parent.shown
        stage.play(parent, Move.trash)
        moves.move(comment, Move.approve, DESK)
        db.session.commit()

    assert stage.shown(parent, answer) == [True, True]
    assert "The answer." in ann.read().text


def press_while(
    app: Flask, backstage: Backstage, hold: Callable[[], object], press: Callable[[], TestResponse]
) -> TestResponse:
    """Press a button when somebody else has done something and not yet committed it."""
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with app.app_context(), writing(), ThreadPoolExecutor(1) as pool:
        hold()
        db.session.flush()
        pressed = pool.submit(press)
        if backstage.dialect == "postgresql":
            parts.until(lambda: db.session.scalar(waits), "whoever pressed waits")
        db.session.commit()
        return pressed.result()


@pytest.mark.parametrize("what", ["move", "edit", "reply", "pin", "undo"])
def test_what_is_purged_while_somebody_waits_for_it_is_told_to_be_gone(
    app: Flask, ann: Reader, desk: OpenDesk, backstage: Backstage, what: str
) -> None:
    comment_id = ann.say()
    backstage.move(comment_id, Move.trash)
    ann.say("The latest keeps its place.")
    olga = desk("Olga")
    form = {"move": "approve", "pinned": "1", "body": "Other words.", "author": "Ann"}
    form |= {"nonce": "a form of its own"} | token(olga)
    address = "/desk/decisions/1/undo" if what == "undo" else f"/desk/comments/{comment_id}/{what}"

    def empty() -> None:
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        someone = db.session.scalars(select(Moderator).where(Moderator.name == "Olga")).one()
        purging.empty(news, Status.trash, [comment_id], someone)

    answer = press_while(
        app, backstage, empty, lambda: olga.client.post(address, data=form, follow_redirects=True)
    )

    if backstage.dialect == "sqlite" and what != "undo":  # it was not even found
        assert answer.status_code == 404
    else:
        assert "This comment was removed for good" in answer.text


def test_what_is_approved_while_its_thread_is_merged_is_counted_where_it_went(
    app: Flask, ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    bob.page = f"{PAGE}/2"
    comment_id, other = ann.say(), bob.say()
    here, there = (backstage.comment(each).thread_id for each in (comment_id, other))
    olga = desk("Olga")
    form = {"move": "approve"} | token(olga)

    press_while(
        app,
        backstage,
        lambda: threads.merge(*(db.session.get_one(Thread, each) for each in (here, there))),
        lambda: olga.client.post(f"/desk/comments/{comment_id}/move", data=form),
    )

    assert (backstage.comment(comment_id).thread_id, backstage.comment(comment_id).shown) == (
        there, True,
    )  # fmt: skip
    with app.app_context():
        counts = {each.id: each.approved_count for each in db.session.scalars(select(Thread))}
    assert counts == {here: 0, there: 1}
