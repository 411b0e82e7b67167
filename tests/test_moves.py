"""Moves: where each leads from each status, what it leaves behind, and that one decision wins."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests import parts
from tests.conftest import Backstage, Reader
from widget.db import Base, db, writing
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


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """These tests look at rows, in one session."""
    with app.app_context():
        yield


@pytest.fixture
def comment(ann: Reader) -> Comment:
    """A comment of Ann's."""
    return fetch(ann.say("Mine."))


def fetch(comment_id: int) -> Comment:
    return db.session.get_one(Comment, comment_id)


@contextmanager
def deciding() -> Iterator[None]:
    """One transaction, as a request has it."""
    db.session.commit()
    with writing():
        try:
            yield
            db.session.commit()
        finally:
            db.session.rollback()


def play(comment: Comment, *played: Move, by: moves.By = DESK) -> Decision:
    for what in played:
        with deciding():
            decision = moves.move(comment, what, by)
    return decision


def undo(decision: Decision) -> Decision:
    with deciding():
        return moves.undo(decision, DESK)


def count(model: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_every_move_from_every_status(ann: Reader) -> None:
    for what, leads in TABLE.items():
        for start, end in leads.items():
            comment = fetch(ann.say(f"{what} from {start}."))
            if INTO[start]:
                play(comment, *INTO[start])
            before = count(Decision)
            if end is None:
                with pytest.raises(moves.IllegalMove) as refused:
                    play(comment, what)
                assert start.value in str(refused.value)
            else:
                play(comment, what)
            assert comment.status is (end or start), (what, start)
            assert count(Decision) == before + (end is not None), (what, start)
    assert set(TABLE) == set(Move) - {Move.undo}, "and there are no other moves"


def test_a_decision_says_who_what_from_where_and_why(comment: Comment) -> None:
    olga = db.session.scalars(select(Moderator).filter_by(email="olga@example.org")).one()
    by = moves.By(via=Via.mail, moderator=olga, reason="Off topic")
    decision = play(comment, Move.trash, by=by)

    assert (decision.site_id, decision.comment_id) == (comment.site_id, comment.id)
    assert (decision.moderator, decision.via, decision.reason) == (olga, Via.mail, "Off topic")
    assert (decision.move, decision.status_from, decision.status_to) == (Move.trash, P, T)
    assert decision.created_at


# --------------------------------------------------------------------- restore and undo


@pytest.mark.parametrize("away", [Move.spam, Move.trash, Move.reject])
@pytest.mark.parametrize(("before", "status"), [([], P), ([Move.approve], A)])
def test_restoring_returns_to_where_a_comment_came_from(
    comment: Comment, away: Move, before: list[Move], status: Status
) -> None:
    play(comment, *before, away, Move.restore)
    assert comment.status is status


def test_restoring_returns_to_where_it_was_last_in_sight(comment: Comment) -> None:
    play(comment, Move.approve, Move.spam, Move.trash, Move.restore)
    assert comment.status is A
    play(comment, Move.unapprove, Move.trash, Move.spam, Move.restore)
    assert comment.status is P


def test_undo_puts_back_whatever_was_decided(comment: Comment) -> None:
    for what in (Move.approve, Move.spam, Move.restore, Move.trash, Move.restore, Move.unapprove):
        before = comment.status
        decision = play(comment, what)
        undo(decision)
        assert comment.status is before
        play(comment, what)


def test_an_undo_is_a_decision_and_can_be_undone(comment: Comment) -> None:
    undone = undo(play(comment, Move.approve))
    assert (undone.move, undone.status_from, undone.status_to) == (Move.undo, A, P)
    undo(undone)
    assert comment.status is A
    assert count(Decision) == 3


def test_what_was_approved_by_mistake_is_not_approved_by_restoring_it(comment: Comment) -> None:
    play(comment, Move.spam)
    for _ in range(2):
        undo(play(comment, Move.approve))
        assert comment.status is S
    play(comment, Move.restore)
    assert comment.status is P


def test_an_undo_that_comes_late_is_refused(comment: Comment) -> None:
    decision = play(comment, Move.approve)
    play(comment, Move.spam)
    with pytest.raises(moves.Overtaken):
        undo(decision)
    play(comment, Move.approve)  # the same status again, but by another decision
    with pytest.raises(moves.Overtaken):
        undo(decision)
    assert comment.status is A


# ------------------------------------------------------------- what readers are shown of it


def thread() -> Thread:
    return db.session.scalars(select(Thread).execution_options(populate_existing=True)).one()


def test_count_and_version_follow_what_readers_can_see(comment: Comment) -> None:
    seen = []
    for what in (
        Move.spam, Move.restore, Move.approve, Move.unapprove, Move.approve, Move.trash,
        Move.spam, Move.restore, Move.reject, Move.trash,
    ):  # fmt: skip
        before = thread().version
        play(comment, what)
        seen.append((thread().approved_count, thread().version > before))
    assert seen == [
        (0, False), (0, False), (1, True), (0, True), (1, True), (0, True),
        (0, False), (1, True), (0, True), (0, False),
    ]  # fmt: skip


@pytest.fixture
def family(ann: Reader, backstage: Backstage) -> list[Comment]:
    """A comment, an answer to it, and an answer to that; all approved."""
    backstage.set("news", hold=Hold.none)
    ids: list[int] = []
    for name in ("grandmother", "mother", "child"):
        ids.append(ann.say(f"I am the {name}.", **({"parent": ids[-1]} if ids else {})))
        backstage.screen(ids[-1])
    return [fetch(comment_id) for comment_id in ids]


def test_a_removed_parent_keeps_its_place_but_not_its_words(
    family: list[Comment], ann: Reader
) -> None:
    play(family[0], Move.trash)
    play(family[1], Move.spam)

    shown = ann.read().text
    assert [comment.shown for comment in family] == [True, True, True]
    assert "I am the child." in shown
    assert "grandmother" not in shown
    assert "I am the mother." not in shown
    assert shown.count("This comment was removed.") == 2
    assert "1 comment" in shown


def test_a_place_goes_with_the_last_reply_and_comes_back_with_it(
    family: list[Comment], ann: Reader
) -> None:
    play(family[1], Move.trash)
    play(family[0], Move.trash)
    play(family[2], Move.unapprove)
    assert [comment.shown for comment in family] == [False, False, False]
    assert "comment-removed" not in ann.read().text

    play(family[2], Move.approve)
    assert [comment.shown for comment in family] == [True, True, True]
    play(family[1], Move.restore)
    assert ann.read().text.count("This comment was removed.") == 1


def test_a_sibling_holds_the_place_too(family: list[Comment], ann: Reader) -> None:
    twin = ann.say("I am the other child.", parent=family[1].id)
    play(fetch(twin), Move.approve)
    play(family[1], Move.trash)
    play(family[2], Move.trash)
    assert family[1].shown
    play(fetch(twin), Move.trash)
    assert not family[1].shown
    assert family[0].shown


# --------------------------------------------------------------------- one decision wins


def test_a_decision_on_what_one_did_not_see_is_refused(comment: Comment) -> None:
    play(comment, Move.approve)
    with pytest.raises(moves.Overtaken, match="approved already"), deciding():
        moves.move(comment, Move.trash, DESK, expected=P)
    assert (comment.status, count(Decision)) == (A, 1)


def all_look_first(backstage: Backstage, number: int) -> Callable[[], None]:
    """Wait until all have looked before any acts. SQLite lets the next one look only after that."""
    return parts.gather(number) if backstage.dialect == "postgresql" else lambda: None


def decide(app: Flask, comment_id: int, what: Move, looked: Callable[[], None]) -> str:
    """As one request: look, then decide."""
    with app.app_context(), writing():
        comment = fetch(comment_id)
        if comment.status is P:
            looked()
        try:
            moves.move(comment, what, DESK, expected=P)
            db.session.commit()
        except moves.IllegalMove:
            return "refused"
        return "done"


@pytest.mark.parametrize(
    ("one", "other"),
    [(Move.approve, Move.approve), (Move.approve, Move.spam), (Move.trash, Move.spam)],
)
def test_of_two_decisions_at_once_exactly_one_wins(
    app: Flask, comment: Comment, backstage: Backstage, one: Move, other: Move
) -> None:
    comment_id = comment.id
    db.session.commit()
    looked = all_look_first(backstage, 2)

    outcomes = parts.at_once(
        lambda: decide(app, comment_id, one, looked), lambda: decide(app, comment_id, other, looked)
    )

    assert sorted(outcomes) == ["done", "refused"]
    assert count(Decision) == 1
    won = one if outcomes[0] == "done" else other
    db.session.expire_all()
    assert comment.status is TABLE[won][P]
    assert thread().approved_count == (comment.status is A)


def test_decisions_on_many_comments_of_a_thread_at_once_are_all_counted(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(6)]
    looked = all_look_first(backstage, 6)
    version = thread().version
    db.session.commit()

    outcomes = parts.at_once(*(lambda i=i: decide(app, i, Move.approve, looked) for i in ids))

    assert outcomes == ["done"] * 6
    assert (thread().approved_count, thread().version) == (6, version + 6)


def test_an_answer_approved_while_its_parent_is_removed_keeps_the_place(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    parent = ann.say("The parent.")
    backstage.approve(parent)
    answer = ann.say("The answer.", parent=parent)
    looked = all_look_first(backstage, 2)
    db.session.commit()

    def act(comment_id: int, what: Move) -> None:
        with app.app_context(), writing():
            comment = fetch(comment_id)
            looked()
            moves.move(comment, what, DESK)
            db.session.commit()

    parts.at_once(lambda: act(parent, Move.trash), lambda: act(answer, Move.approve))

    shown = ann.read().text
    assert "The answer." in shown
    assert "The parent." not in shown
    assert "This comment was removed." in shown


def test_a_status_that_changed_after_one_looked_is_not_overwritten(
    comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of defence: the row itself is compared when it is written."""
    changed = update(Comment).where(Comment.id == comment.id).values(status=A)

    def touch(comment: Comment, change: int) -> None:
        db.session.execute(changed.execution_options(synchronize_session=False))

    monkeypatch.setattr(moves, "_touch_thread", touch)
    with pytest.raises(moves.Overtaken), deciding():
        moves.move(comment, Move.approve, DESK)
    assert count(Decision) == 0
