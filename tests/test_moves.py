"""Moves: where each leads from each status, and what it leaves behind."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import Backstage, Reader
from tests.stage import Stage
from widget.db import db, writing
from widget.models import Comment, Decision, Hold, Moderator, Move, Status, Via
from widget.moderation import moves

P, A, S, T, R = Status.pending, Status.approved, Status.spam, Status.trash, Status.rejected

# From each status by each move; None: refused. Restoring leads to where a comment came from, here
# from pending.
TABLE: dict[Move, dict[Status, Status | None]] = {
    Move.approve: {P: A, A: None, S: A, T: A, R: A},
    Move.unapprove: {P: None, A: P, S: None, T: None, R: None},
    Move.reject: {P: R, A: R, S: R, T: R, R: None},
    Move.spam: {P: S, A: S, S: None, T: S, R: S},
    Move.trash: {P: T, A: T, S: T, T: None, R: T},
    Move.restore: {P: None, A: None, S: P, T: P, R: P},
}
TABLE |= {
    Move.edit: {P: None, A: P, S: None, T: None, R: None},
    Move.hold: {P: None, A: P, S: None, T: None, R: None},
    Move.withdraw: {P: T, A: T, S: None, T: None, R: None},
}
INTO: dict[Status, list[Move]] = {
    P: [], A: [Move.approve], S: [Move.spam], T: [Move.trash], R: [Move.reject],
}  # fmt: skip


@pytest.fixture
def stage(app: Flask) -> Stage:
    """Where moves are played."""
    return Stage(app)


def test_every_move_from_every_status(ann: Reader, stage: Stage) -> None:
    for what, leads in TABLE.items():
        for start, end in leads.items():
            comment = ann.say(f"{what} from {start}.")
            if INTO[start]:
                stage.play(comment, *INTO[start])
            before = len(stage.decisions())
            if end is None:
                with pytest.raises(moves.IllegalMove, match=start.value):
                    stage.play(comment, what)
            else:
                stage.play(comment, what)
            assert stage.status(comment) is (end or start), (what, start)
            assert len(stage.decisions()) == before + (end is not None), (what, start)
    assert set(TABLE) == set(Move) - {Move.undo}, "and there are no other moves"


def test_a_decision_says_who_what_from_where_and_why(ann: Reader, app: Flask) -> None:
    comment_id = ann.say()
    with app.app_context(), writing():
        olga = db.session.scalars(select(Moderator).filter_by(email="olga@example.org")).one()
        by = moves.By(via=Via.mail, moderator=olga, reason="Off topic")
        comment = db.session.get_one(Comment, comment_id)
        moves.move(comment, Move.trash, by)
        db.session.commit()

        decision = db.session.scalars(select(Decision)).one()
        assert (decision.site_id, decision.comment_id) == (comment.site_id, comment_id)
        assert (decision.moderator, decision.via, decision.reason) == (olga, Via.mail, "Off topic")
        assert (decision.move, decision.status_from, decision.status_to) == (Move.trash, P, T)
        assert decision.created_at >= comment.created_at


# --------------------------------------------------------------------- restore and undo


@pytest.mark.parametrize("away", [Move.spam, Move.trash, Move.reject])
def test_restoring_returns_to_where_a_comment_came_from(
    ann: Reader, stage: Stage, away: Move
) -> None:
    pending, approved = ann.say("Pending."), ann.say("Approved.")
    stage.play(approved, Move.approve)
    for comment, status in ((pending, P), (approved, A)):
        stage.play(comment, away, Move.restore)
        assert stage.status(comment) is status


def test_restoring_returns_to_where_it_was_last_in_sight(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    stage.play(comment, Move.approve, Move.spam, Move.trash, Move.restore)
    assert stage.status(comment) is A
    stage.play(comment, Move.unapprove, Move.trash, Move.spam, Move.restore)
    assert stage.status(comment) is P


def test_undo_puts_back_whatever_was_decided(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    for what in (Move.approve, Move.spam, Move.restore, Move.trash, Move.restore, Move.unapprove):
        before = stage.status(comment)
        stage.undo(stage.play(comment, what))
        assert stage.status(comment) is before
        stage.play(comment, what)


def test_an_undo_is_a_decision_and_can_be_undone(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    undone = stage.undo(stage.play(comment, Move.approve))
    row = stage.decisions()[-1]
    assert (row.id, row.move, row.status_from, row.status_to) == (undone, Move.undo, A, P)
    stage.undo(undone)
    assert stage.status(comment) is A
    assert len(stage.decisions()) == 3


def test_what_was_approved_by_mistake_is_not_approved_by_restoring_it(
    ann: Reader, stage: Stage
) -> None:
    comment = ann.say()
    stage.play(comment, Move.spam)
    for _ in range(2):
        stage.undo(stage.play(comment, Move.approve))
        assert stage.status(comment) is S
    stage.play(comment, Move.restore)
    assert stage.status(comment) is P


def test_an_undo_that_comes_late_is_refused(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    decision = stage.play(comment, Move.approve)
    stage.play(comment, Move.spam)
    with pytest.raises(moves.Overtaken):
        stage.undo(decision)
    stage.play(comment, Move.approve)  # the same status again, but by another decision
    with pytest.raises(moves.Overtaken):
        stage.undo(decision)
    assert stage.status(comment) is A


# ------------------------------------------------------------- what readers are shown of it


def test_count_and_version_follow_what_readers_can_see(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    seen = []
    for what in (
        Move.spam, Move.restore, Move.approve, Move.unapprove, Move.approve, Move.trash,
        Move.spam, Move.restore, Move.reject, Move.trash,
    ):  # fmt: skip
        before = stage.thread().version
        stage.play(comment, what)
        seen.append((stage.thread().approved_count, stage.thread().version > before))
    assert seen == [
        (0, False), (0, False), (1, True), (0, True), (1, True), (0, True),
        (0, False), (1, True), (0, True), (0, False),
    ]  # fmt: skip


@pytest.fixture
def family(ann: Reader, backstage: Backstage) -> list[int]:
    """A comment, an answer to it, and an answer to that; all approved."""
    backstage.set("news", hold=Hold.none)
    ids: list[int] = []
    for name in ("grandmother", "mother", "child"):
        ids.append(ann.say(f"I am the {name}.", **({"parent": ids[-1]} if ids else {})))
        backstage.screen(ids[-1])
    return ids


def test_a_removed_parent_keeps_its_place_but_not_its_words(
    family: list[int], ann: Reader, stage: Stage
) -> None:
    stage.play(family[0], Move.trash)
    stage.play(family[1], Move.spam)

    page = ann.read().text
    assert stage.shown(*family) == [True, True, True]
    assert "I am the child." in page
    assert "grandmother" not in page
    assert "I am the mother." not in page
    assert page.count("This comment was removed.") == 2
    assert "1 comment" in page


def test_a_place_goes_with_the_last_reply_and_comes_back_with_it(
    family: list[int], ann: Reader, stage: Stage
) -> None:
    stage.play(family[1], Move.trash)
    stage.play(family[0], Move.trash)
    stage.play(family[2], Move.unapprove)
    assert stage.shown(*family) == [False, False, False]
    assert "This comment was removed." not in ann.read().text

    stage.play(family[2], Move.approve)
    assert stage.shown(*family) == [True, True, True]
    stage.play(family[1], Move.restore)
    assert ann.read().text.count("This comment was removed.") == 1


def test_a_sibling_holds_the_place_too(family: list[int], ann: Reader, stage: Stage) -> None:
    twin = ann.say("I am the other child.", parent=family[1])
    stage.play(twin, Move.approve)
    stage.play(family[1], Move.trash)
    stage.play(family[2], Move.trash)
    assert stage.shown(family[1]) == [True]
    stage.play(twin, Move.trash)
    assert stage.shown(*family) == [True, False, False]


# ------------------------------------------------------------------------- too late


def test_a_decision_on_what_one_did_not_see_is_refused(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    stage.play(comment, Move.approve)
    with pytest.raises(moves.Overtaken, match="approved already"):
        stage.play(comment, Move.trash, expected=P)
    assert (stage.status(comment), len(stage.decisions())) == (A, 1)


def test_a_status_that_changed_after_one_looked_is_not_overwritten(
    ann: Reader, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of defence: the row itself is compared when it is written."""
    comment = ann.say()

    def touch(*_args: object) -> None:
        changed = update(Comment).where(Comment.id == comment).values(status=S)
        db.session.execute(changed.execution_options(synchronize_session=False))

    monkeypatch.setattr(moves, "_touch_thread", touch)
    with pytest.raises(moves.Overtaken, match="spam already"):
        stage.play(comment, Move.approve)
    assert stage.decisions() == []
