"""Moves: where each leads from each status, what it leaves behind, and that one decision wins."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests import parts
from tests.conftest import Backstage, Reader
from widget.db import db, writing
from widget.models import Comment, Decision, Hold, Moderator, Move, Status, Thread, Via
from widget.moderation import moves

P, A, S, T, R = Status.pending, Status.approved, Status.spam, Status.trash, Status.rejected
DESK = moves.By(via=Via.desk)

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
INTO: dict[Status, list[Move]] = {
    P: [], A: [Move.approve], S: [Move.spam], T: [Move.trash], R: [Move.reject],
}  # fmt: skip


@dataclass
class Stage:
    """Where moves are played, each as one request would, with what they leave behind."""

    app: Flask

    def play(self, comment_id: int, *played: Move, expected: Status | None = None) -> int:
        """Play moves; returns the last decision's id."""
        for what in played:
            with self.app.app_context(), writing():
                comment = db.session.get_one(Comment, comment_id)
                decision_id = moves.move(comment, what, DESK, expected=expected).id
                db.session.commit()
        return decision_id

    def undo(self, decision_id: int) -> int:
        """Undo a decision; returns the decision that did."""
        with self.app.app_context(), writing():
            undone = moves.undo(db.session.get_one(Decision, decision_id), DESK).id
            db.session.commit()
            return undone

    def status(self, comment_id: int) -> Status:
        """A comment's status."""
        with self.app.app_context():
            return db.session.get_one(Comment, comment_id).status

    def shown(self, *comment_ids: int) -> list[bool]:
        """Which of these have a place on the page?"""
        with self.app.app_context():
            return [db.session.get_one(Comment, comment_id).shown for comment_id in comment_ids]

    def thread(self) -> Thread:
        """The only thread there is."""
        with self.app.app_context():
            return db.session.scalars(select(Thread)).one()

    def decisions(self) -> list[Decision]:
        """All decisions, in order."""
        with self.app.app_context():
            return list(db.session.scalars(select(Decision).order_by(Decision.id)))


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


# --------------------------------------------------------------------- one decision wins


def test_a_decision_on_what_one_did_not_see_is_refused(ann: Reader, stage: Stage) -> None:
    comment = ann.say()
    stage.play(comment, Move.approve)
    with pytest.raises(moves.Overtaken, match="approved already"):
        stage.play(comment, Move.trash, expected=P)
    assert (stage.status(comment), len(stage.decisions())) == (A, 1)


def all_look_first(backstage: Backstage, number: int) -> Callable[[], None]:
    """Wait until all have looked before any acts. SQLite lets the next one look only after that."""
    return parts.gather(number) if backstage.dialect == "postgresql" else lambda: None


def decide(app: Flask, comment_id: int, what: Move, looked: Callable[[], None]) -> bool:
    """As one request: look at what waits, then decide. Did the decision count?"""
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        if comment.status is P:
            looked()
        try:
            moves.move(comment, what, DESK, expected=P)
            db.session.commit()
        except moves.Overtaken:
            return False
        return True


@pytest.mark.parametrize(
    ("one", "other"),
    [(Move.approve, Move.approve), (Move.approve, Move.spam), (Move.trash, Move.spam)],
)
def test_of_two_decisions_at_once_exactly_one_wins(
    app: Flask, ann: Reader, backstage: Backstage, stage: Stage, one: Move, other: Move
) -> None:
    comment = ann.say()
    looked = all_look_first(backstage, 2)

    counted = parts.at_once(
        lambda: decide(app, comment, one, looked), lambda: decide(app, comment, other, looked)
    )

    assert sorted(counted) == [False, True]
    assert [row.move for row in stage.decisions()] == [one if counted[0] else other]
    assert stage.status(comment) is stage.decisions()[0].status_to
    assert stage.thread().approved_count == (stage.status(comment) is A)


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


def test_a_status_that_changed_after_one_looked_is_not_overwritten(
    ann: Reader, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of defence: the row itself is compared when it is written."""
    comment = ann.say()

    def touch(_comment: Comment, _change: int) -> None:
        changed = update(Comment).where(Comment.id == comment).values(status=S)
        db.session.execute(changed.execution_options(synchronize_session=False))

    monkeypatch.setattr(moves, "_touch_thread", touch)
    with pytest.raises(moves.Overtaken, match="spam already"):
        stage.play(comment, Move.approve)
    assert stage.decisions() == []
