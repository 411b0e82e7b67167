"""The open queue: decisions as JSON, undo step by step, and what others do meanwhile."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from unittest.mock import ANY

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import PASSWORD, Backstage, Desk, Reader, told, whatever_the_database
from tests.long_threads import statements
from tests.pages import OpenDesk, page, token
from widget import queue
from widget.comments import editing
from widget.db import db, now, writing
from widget.models import Comment, Decision, Moderator, Move, Role, Site, Status
from widget.moderation import people, steps
from widget.privacy import purging
from widget.web.desk import presence

JSON = {"Accept": "application/json"}


def post(desk: Desk, address: str, **fields: Any) -> Any:
    """Press a button as the script does: its status and what it says."""
    fields = {"back": "/desk/pending/", **fields}
    answer = desk.client.post(address, data=fields | token(desk), headers=JSON)
    return answer.status_code, told(answer)


def decide(desk: Desk, comment_id: int, move: str, expected: str = "pending") -> Any:
    """Decide as the script does."""
    return post(desk, f"/desk/comments/{comment_id}/move", move=move, expected=expected)


def undo(desk: Desk, view: str = "pending") -> Any:
    """Press z in a view."""
    return post(desk, "/desk/undo", back=f"/desk/{view}/")


def changes(desk: Desk, *comment_ids: int, view: str = "pending", **query: str) -> Any:
    """Ask what has changed for comments on a page."""
    ids = ",".join(map(str, comment_ids))
    return told(desk.client.get("/desk/changes", query_string={"ids": ids, "view": view, **query}))


@pytest.fixture
def three(ann: Reader) -> list[int]:
    """Three comments that wait."""
    return [ann.say(f"The report, part {number}.") for number in range(3)]


# ------------------------------------------------------------------------------- decided and undone


@whatever_the_database
def test_a_decision_is_told_with_the_way_back(
    three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")

    status, said = decide(max_, three[0], "reject")

    assert (status, said["told"]) == (HTTPStatus.OK, "Ann’s comment was rejected.")
    assert backstage.comment(three[0]).status is Status.rejected
    status, said = post(max_, said["undo"])
    assert said["told"] == "Undone: Ann’s comment was put back to pending."
    assert (said["comment"], said["more"]) == (three[0], False)
    assert f'id="comment-{three[0]}"' in said["card"]
    assert backstage.comment(three[0]).status is Status.pending


def test_any_number_of_steps_is_taken_back_the_last_one_first(
    three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    """Also after a reload, from another view, and several on one comment."""
    decide(desk("Max"), three[0], "approve")
    decide(desk("Max"), three[1], "spam")
    decide(desk("Max"), three[0], "trash", expected="approved")
    max_ = desk("Max")

    taken_back = [undo(max_, view="spam")[1] for _ in range(3)]

    assert [step["comment"] for step in taken_back] == [three[0], three[1], three[0]]
    assert [step["more"] for step in taken_back] == [True, True, False]
    assert [bool(step["card"]) for step in taken_back] == [False, False, False]
    assert {backstage.comment(each).status for each in three} == {Status.pending}
    assert undo(max_) == (
        HTTPStatus.CONFLICT,
        {"told": "There is nothing to take back.", "gone": False},
    )
    assert backstage.count(Decision) == 6


@whatever_the_database
def test_only_what_i_did_myself_and_what_still_stands_is_taken_back(
    three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    max_, olga = desk("Max"), desk("Olga")
    decide(max_, three[0], "approve")
    decide(max_, three[1], "spam")
    decide(olga, three[1], "approve", expected="spam")
    decide(olga, three[2], "trash")

    assert undo(max_)[1]["comment"] == three[0]
    assert undo(max_)[0] == HTTPStatus.CONFLICT

    left = [backstage.comment(each).status.value for each in three]
    assert left == ["pending", "approved", "trash"]
    undone = [undo(olga)[1]["comment"] for _ in range(2)]
    assert undone == [three[2], three[1]]
    # What Olga took back was all that stood between Max and his own.
    assert undo(max_)[1]["comment"] == three[1]


def test_what_cannot_come_back_stands_in_no_ones_way(
    app: Flask, ann: Reader, three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    answered, edited, spam = three
    backstage.approve(answered)
    ann.say("An answer.", parent=answered)
    max_ = desk("Max")
    decide(max_, spam, "spam")
    decide(max_, edited, "approve")
    decide(max_, edited, "unapprove", expected="approved")
    decide(max_, answered, "trash", expected="approved")
    with app.app_context(), writing():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        someone = db.session.scalars(select(Moderator).where(Moderator.name == "Olga")).one()
        purging.empty(news, Status.trash, [answered], someone)
        assert editing.revise(
            db.session.get_one(Comment, edited), body="Other words.", body_html="<p>Other words."
        )
        db.session.commit()

    assert undo(max_)[1] == {
        "told": "Undone: Ann’s comment was put back to pending.",
        "comment": spam,
        "more": False,
        "card": ANY,
    }
    left = [backstage.comment(each).status.value for each in three]
    assert left == ["trash", "pending", "pending"]


@whatever_the_database
def test_what_i_did_the_day_before_yesterday_is_no_step(
    app: Flask, three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    decide(max_, three[0], "spam")
    with app.app_context(), writing():
        db.session.execute(update(Decision).values(created_at=now() - steps.REACH))
        db.session.commit()

    assert undo(max_)[0] == HTTPStatus.CONFLICT
    assert backstage.comment(three[0]).status is Status.spam


@whatever_the_database
def test_undo_works_as_a_plain_form(three: list[int], desk: OpenDesk, backstage: Backstage) -> None:
    max_ = desk("Max")
    decide(max_, three[0], "spam")

    form = {"back": "/desk/spam/"} | token(max_)
    first, second = (max_.client.post("/desk/undo", data=form) for _ in range(2))

    assert first.status_code == HTTPStatus.SEE_OTHER
    assert first.location == f"/desk/spam/#comment-{three[0]}"
    assert second.location == "/desk/spam/"
    flashes = page(max_.client.get(second.location)).xpath("//*[contains(@class, 'flash')]/p")
    said = [flash.text_content() for flash in flashes]
    assert "Undone: Ann’s comment was put back to pending." in said
    assert "There is nothing to take back." in said


def test_a_late_second_decision_is_told_and_not_applied(
    three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    decide(desk("Olga"), three[0], "approve")

    status, said = decide(desk("Max"), three[0], "spam")

    assert status == HTTPStatus.CONFLICT
    assert said["gone"] is True
    assert said["told"] == "Nothing was changed: Ann’s comment was approved by Olga just now."
    assert backstage.comment(three[0]).status is Status.approved


def test_words_that_changed_meanwhile_are_shown_before_they_are_decided_on(
    app: Flask, three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    with app.app_context(), writing():
        db.session.execute(update(Comment).values(edited_at=now(), body_html="<p>Anew.</p>"))
        db.session.commit()
    max_ = desk("Max")

    address = f"/desk/comments/{three[0]}/move"
    status, said = post(max_, address, move="approve", expected="pending", seen="0")

    assert (status, said["gone"]) == (HTTPStatus.CONFLICT, False)
    assert "Anew." in said["card"]
    assert backstage.comment(three[0]).status is Status.pending


# ----------------------------------------------------------------------- what others do meanwhile


def test_what_others_decide_leaves_the_list_and_says_what_became_of_it(
    three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    assert changes(max_, *three)["gone"] == []
    decide(desk("Olga"), three[1], "spam")

    heard = changes(max_, *three, 10**9)

    assert heard["gone"] == [
        {"id": three[1], "told": "Marked as spam by Olga just now."},
        {"id": 10**9, "told": "Removed for good."},
    ]
    assert (heard["counts"]["pending"], heard["counts"]["spam"]) == ("2", "1")
    assert changes(max_, three[1], view="spam")["gone"] == []


@whatever_the_database
def test_a_settled_report_leaves_the_reported_and_nothing_leaves_mine(
    ann: Reader, desk: OpenDesk, backstage: Backstage, three: list[int]
) -> None:
    backstage.approve(three[0])
    max_ = desk("Max")

    assert [each["id"] for each in changes(max_, three[0], view="reported")["gone"]] == [three[0]]
    assert changes(max_, *three, view="mine")["gone"] == []


@whatever_the_database
def test_a_card_that_is_looked_at_is_marked_for_the_others(
    three: list[int], desk: OpenDesk
) -> None:
    max_, olga = desk("Max"), desk("Olga")

    assert post(max_, "/desk/looking", comment=three[0])[1] == {"looked_at": {}}
    assert changes(olga, *three)["looked_at"] == {str(three[0]): "Max"}
    assert changes(max_, *three)["looked_at"] == {}
    # Who came first stays, and the second one is told.
    assert post(olga, "/desk/looking", comment=three[0])[1]["looked_at"] == {str(three[0]): "Max"}
    post(max_, "/desk/looking", comment=three[1])
    assert changes(olga, *three)["looked_at"] == {str(three[1]): "Max"}
    post(max_, "/desk/looking")
    assert changes(olga, *three)["looked_at"] == {}


@whatever_the_database
def test_a_look_runs_out_by_itself(app: Flask, three: list[int], desk: OpenDesk) -> None:
    post(desk("Max"), "/desk/looking", comment=three[0])

    with app.app_context():
        kept = queue.redis().keys("widget:look*")
        assert len(kept) == 2
        assert all(0 < queue.redis().ttl(name) <= presence.SECONDS for name in kept)


@pytest.fixture
def away(app: Flask) -> Iterator[None]:
    """Redis is away."""
    client = app.extensions["redis"]
    queue.init_app(app, "redis://127.0.0.1:1")
    yield
    app.extensions["redis"].close()
    app.extensions["redis"] = client


def test_while_redis_is_away_all_but_the_mark_works(
    three: list[int], desk: OpenDesk, backstage: Backstage, away: None
) -> None:
    max_ = desk("Max")

    assert post(max_, "/desk/looking", comment=three[0]) == (HTTPStatus.OK, {"looked_at": {}})
    assert decide(max_, three[0], "approve")[0] == HTTPStatus.OK
    assert [gone["id"] for gone in changes(max_, *three)["gone"]] == [three[0]]
    assert undo(max_)[0] == HTTPStatus.OK


# ------------------------------------------------------------------------------------------ who may


def test_neighbours_hear_nothing_and_viewers_keep_no_card(
    app: Flask, three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    with app.app_context(), writing():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people.add(news, email="vera@example.org", password=PASSWORD, role=Role.viewer)
        db.session.commit()
    nina, vera = desk("Nina"), desk("Vera")
    for who, answer in ((nina, HTTPStatus.NOT_FOUND), (vera, HTTPStatus.FORBIDDEN)):
        form = {"comment": three[0]} | token(who)
        assert who.client.post("/desk/looking", data=form).status_code == answer
    decide(desk("Max"), three[0], "spam")

    # A neighbour cannot tell a comment of another site from none at all.
    assert {each["told"] for each in changes(nina, *three)["gone"]} == {"Removed for good."}
    assert nina.client.get("/desk/changes?site=news").status_code == HTTPStatus.NOT_FOUND
    card = f"/desk/comments/{three[1]}/card?view=pending"
    assert nina.client.get(card).status_code == HTTPStatus.NOT_FOUND
    assert [each["id"] for each in changes(vera, *three)["gone"]] == [three[0]]
    assert undo(nina)[0] == HTTPStatus.CONFLICT
    assert backstage.comment(three[0]).status is Status.spam


@pytest.mark.parametrize("ids", ["x", "1,x", "0", "-1", str(2**63), ",".join(["1"] * 201)])
def test_numbers_that_name_nothing_are_refused(desk: OpenDesk, ids: str) -> None:
    answer = desk("Max").client.get("/desk/changes", query_string={"ids": ids})

    assert answer.status_code == HTTPStatus.BAD_REQUEST


@whatever_the_database
def test_a_card_is_fetched_as_it_is_now(
    three: list[int], desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    address = f"/desk/comments/{three[0]}/card?view=pending&back=/desk/pending/"

    assert f'id="comment-{three[0]}"' in told(max_.client.get(address))["card"]
    backstage.move(three[0], Move.spam)
    assert told(max_.client.get(address)) == {"card": ""}


def test_listening_costs_the_same_however_long_the_list(
    app: Flask, ann: Reader, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    ids = [ann.say(f"Part {number}.") for number in range(12)]

    with statements(app) as few:
        changes(max_, *ids[:2])
    with statements(app) as many:
        changes(max_, *ids)

    assert len(few) == len(many)
