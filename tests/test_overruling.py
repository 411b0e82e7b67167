"""What people decided stands: no edit, undo or restoring brings out words that nobody chose."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests import parts
from tests.conftest import PAGE, Backstage, Desk, Reader
from tests.pages import card, press
from tests.stage import Stage
from tests.test_own import edit
from widget.db import db, writing
from widget.models import Comment, Complaint, Hold, Move, Status, Via, Vote
from widget.moderation import locks, moves, reports
from widget.privacy import erasure


@pytest.fixture
def stage(app: Flask) -> Stage:
    """Where moves are played."""
    return Stage(app)


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A comment that its site's rules published at once."""
    backstage.set(hold=Hold.none, hold_reports=1)
    comment_id = ann.say("The first words.")
    backstage.screen(comment_id)
    assert backstage.comment(comment_id).status is Status.approved
    return comment_id


def test_editing_does_not_publish_what_a_moderator_took_down(
    said: int, ann: Reader, backstage: Backstage
) -> None:
    backstage.move(said, Move.unapprove)
    for words in ("Other words.", "And yet others."):
        assert edit(ann, said, words).status_code == 200
        backstage.screen(said)
        held = backstage.comment(said)
        assert (held.status, held.held_for) == (
            Status.pending, "A moderator had held it before its author changed it",
        )  # fmt: skip

    backstage.move(said, Move.approve)
    edit(ann, said, "Words after the approval.")
    backstage.screen(said)
    assert backstage.comment(said).status is Status.approved


def test_editing_does_not_publish_what_readers_reported(
    said: int, app: Flask, ann: Reader, backstage: Backstage
) -> None:
    complaint = reports.Complaining(reporter="b" * 64, network=None, complaint=Complaint.abuse)
    with app.app_context(), writing():
        reports.take(db.session.get_one(Comment, said), complaint)
        db.session.commit()
    edit(ann, said, "Other words.")
    backstage.screen(said)
    held = backstage.comment(said)
    assert (held.status, held.held_for) == (
        Status.pending, "Readers had reported it before its author changed it",
    )  # fmt: skip


def test_an_undo_does_not_publish_words_that_came_after_the_decision(
    said: int, ann: Reader, desk: Callable[[str], Desk], backstage: Backstage
) -> None:
    max_ = desk("Max")
    press(max_, card(max_, said, "/desk/approved/"), "Unapprove")
    page = max_.client.get("/desk/pending/").text
    edit(ann, said, "The words that came later.")
    undo = page.partition('action="/desk/decisions/')[2].partition('"')[0]
    max_.client.post(f"/desk/decisions/{undo}", data={"csrf_token": max_.csrf("/desk/password")})
    assert "Its author has changed this comment" in max_.client.get("/desk/pending/").text
    assert backstage.comment(said).status is Status.pending


def test_what_was_erased_never_comes_back(said: int, app: Flask, ann: Reader, stage: Stage) -> None:
    with app.app_context(), writing():
        stale = db.session.get_one(Comment, said)
        erasure.erase(stale)
        db.session.commit()
    withdrawn = stage.decisions()[-1].id
    for what in (Move.restore, Move.approve):
        with pytest.raises(moves.IllegalMove, match="erased"):
            stage.play(said, what)
    with pytest.raises(moves.IllegalMove, match="erased"):
        stage.undo(withdrawn)
    assert "Removed" not in ann.read().text
    stage.play(said, Move.spam)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_erasing_waits_for_whoever_moves_what_the_same_browser_voted_on(
    said: int, app: Flask, ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    """(On SQLite there is one writer at a time.)"""
    bob.page = f"{PAGE}/another"
    other = bob.say("Vote for me.")
    backstage.screen(other)
    ann.client.post(
        f"/embed/news/comments/{other}/vote",
        data={"page": bob.page, "key": ann.key, "value": 1, "token": ann.token()},
        headers=ann.headers,
    )
    assert backstage.count(Vote) == 1

    def erase() -> None:
        with app.app_context():
            erasure.erase(db.session.get_one(Comment, said))
            db.session.commit()

    def is_waiting() -> bool:
        with app.app_context():
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(db.session.scalar(waiting))

    def move() -> None:
        with app.app_context():
            locks.lock_thread_of(other)
            has_lock()
            parts.until(is_waiting, "the eraser waits")
            comment = db.session.scalars(select(Comment).where(Comment.id == other)).one()
            moves.move(comment, Move.spam, moves.By(via=Via.desk))
            db.session.commit()

    has_lock = parts.gather(2)

    def erase_then() -> None:
        has_lock()
        erase()

    parts.at_once(move, erase_then)
    assert backstage.count(Vote) == 0
    assert backstage.comment(other).status is Status.spam
