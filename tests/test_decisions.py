"""Deciding at the desk: what the buttons do, what undo takes back, and who may press them."""

from http import HTTPStatus

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import PASSWORD, Backstage, Reader, whatever_the_database
from tests.pages import (
    ELSEWHERE,
    OpenDesk,
    card,
    cards,
    page,
    path_of,
    press,
    stays_here,
    submit,
    token,
)
from widget.db import db, writing
from widget.models import Decision, Move, Role, Site, Status
from widget.moderation import people

BUTTONS = (
    ("pending", "Approve", "approved"),
    ("pending", "Spam", "spam"),
    ("pending", "Trash", "trash"),
    ("approved", "Unapprove", "pending"),
    ("approved", "Spam", "spam"),
    ("approved", "Trash", "trash"),
    ("spam", "Not spam", "pending"),
    ("spam", "Approve", "approved"),
    ("spam", "Trash", "trash"),
    ("trash", "Restore", "pending"),
    ("trash", "Spam", "spam"),
)
LEADING_TO = {"approved": Move.approve, "spam": Move.spam, "trash": Move.trash}


@pytest.mark.parametrize("case", BUTTONS, ids="-".join)
@whatever_the_database
def test_a_button_does_what_it_says_and_undo_takes_it_back(
    ann: Reader, desk: OpenDesk, backstage: Backstage, case: tuple[str, str, str]
) -> None:
    view, button, target = case
    comment_id = ann.say()
    if view in LEADING_TO:
        backstage.move(comment_id, LEADING_TO[view])
    max_ = desk("Max")

    pressed = press(max_, card(max_, comment_id, f"/desk/{view}/"), button)
    assert pressed.status_code == HTTPStatus.SEE_OTHER
    assert backstage.comment(comment_id).status == target
    assert ("report" in ann.read().text) is (target == "approved")

    shown = page(max_.client.get(pressed.location))
    assert "Ann’s comment was" in shown.xpath("string(//*[@role='status'])")
    undone = press(max_, shown.xpath("//*[@role='status']")[0], "Undo")
    assert backstage.comment(comment_id).status == view
    assert ("report" in ann.read().text) is (view == "approved")
    assert "Undone: Ann’s comment was" in max_.client.get(undone.location).text


@whatever_the_database
def test_after_a_decision_the_next_comment_is_at_hand(ann: Reader, desk: OpenDesk) -> None:
    ids = [ann.say(f"The report, part {number}.") for number in range(3)]
    olga = desk("Olga")

    followed = [
        path_of(press(olga, card(olga, comment_id), "Approve").location)
        for comment_id in (ids[1], ids[2])
    ]

    assert followed == [f"/desk/pending/#comment-{ids[2]}", f"/desk/pending/#comment-{ids[0]}"]


@pytest.mark.parametrize(("view", "move"), LEADING_TO.items())
@whatever_the_database
def test_a_decided_comment_says_who_decided_and_can_be_undone(
    ann: Reader, desk: OpenDesk, backstage: Backstage, view: str, move: Move
) -> None:
    comment_id = ann.say()
    backstage.move(comment_id, move)
    max_ = desk("Max")

    decision = card(max_, comment_id, f"/desk/{view}/").xpath(".//*[@class='decision']")[0]

    assert "by Olga just now" in decision.text_content()
    press(max_, decision, "Undo")
    assert backstage.comment(comment_id).status is Status.pending


@whatever_the_database
def test_what_the_policy_approved_says_so_and_why(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.approve(ann.say("One."))
    public = ann.say("Two.")
    backstage.screen(public)

    shown = card(desk("Max"), public, "/desk/approved/").text_content()

    assert "Approved by policy" in shown
    assert "This browser has an approved comment" in shown


def test_a_second_decision_is_told_and_not_taken(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    comment_id = ann.say()
    olga, max_ = desk("Olga"), desk("Max")
    seen_by_max = card(max_, comment_id)
    press(olga, card(olga, comment_id), "Approve")

    late = press(max_, seen_by_max, "Spam")

    told = page(max_.client.get(late.location)).xpath("string(//*[@role='alert'])")
    assert "Nothing was changed: Ann’s comment was approved by Olga just now." in told
    assert backstage.comment(comment_id).status is Status.approved
    assert backstage.count(Decision) == 1


def test_a_decision_that_was_overtaken_cannot_be_undone(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    comment_id = ann.say()
    olga, max_ = desk("Olga"), desk("Max")
    pressed = press(max_, card(max_, comment_id), "Approve")
    flash = page(max_.client.get(pressed.location)).xpath("//*[@role='status']")[0]
    press(olga, card(olga, comment_id, "/desk/approved/"), "Spam")

    late = press(max_, flash, "Undo")

    told = page(max_.client.get(late.location)).xpath("string(//*[@role='alert'])")
    assert "Ann’s comment was marked as spam by Olga" in told
    assert backstage.comment(comment_id).status is Status.spam


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # nothing of it is stored
def test_a_decision_never_leads_to_another_website(ann: Reader, desk: OpenDesk) -> None:
    olga = desk("Olga")
    for number, elsewhere in enumerate(ELSEWHERE):
        comment_id = ann.say(f"The report, part {number}.")
        form = {"move": "approve", "back": elsewhere} | token(olga)

        answer = olga.client.post(f"/desk/comments/{comment_id}/move", data=form)

        assert answer.status_code == HTTPStatus.SEE_OTHER, elsewhere
        assert stays_here(answer), elsewhere
        assert path_of(answer.location).startswith("/desk/"), elsewhere


def test_a_neighbour_sees_and_decides_nothing_here(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    waits, public = ann.say("One."), ann.say("Two.")
    backstage.move(public, Move.approve)
    nina = desk("Nina")

    for view in ("pending", "approved", "spam", "trash"):
        assert not cards(nina.client.get(f"/desk/{view}/"))
    shown = page(nina.client.get("/desk/pending/"))
    assert [count.text for count in shown.xpath("//*[@class='count']")] == ["0"] * 7
    assert nina.client.get("/desk/pending/?site=news").status_code == HTTPStatus.NOT_FOUND
    form = {"back": "/desk/pending/"} | token(nina)
    move = nina.client.post(f"/desk/comments/{waits}/move", data=form | {"move": "approve"})
    undo = nina.client.post("/desk/decisions/1/undo", data=form)
    assert (move.status_code, undo.status_code) == (HTTPStatus.NOT_FOUND,) * 2
    assert backstage.comment(waits).status is Status.pending
    assert backstage.comment(public).status is Status.approved


@whatever_the_database
def test_a_viewer_looks_and_decides_nothing(
    app: Flask, ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    with app.app_context(), writing():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people.add(news, email="vera@example.org", password=PASSWORD, role=Role.viewer)
        db.session.commit()
    waits, decided = ann.say("One."), ann.say("Two.")
    backstage.move(decided, Move.spam)
    vera = desk("Vera")

    assert not card(vera, waits).xpath(".//button")
    assert not card(vera, decided, "/desk/spam/").xpath(".//button")
    form = {"move": "approve"} | token(vera)
    refused = vera.client.post(f"/desk/comments/{waits}/move", data=form)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "A viewer only looks" in refused.text
    assert backstage.comment(waits).status is Status.pending


@whatever_the_database
def test_an_address_changes_nothing(ann: Reader, desk: OpenDesk, backstage: Backstage) -> None:
    waits = ann.say()
    olga = desk("Olga")
    for address in (f"/desk/comments/{waits}/move?move=approve", "/desk/decisions/1/undo"):
        assert olga.client.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert backstage.comment(waits).status is Status.pending


@whatever_the_database
def test_a_forged_button_changes_nothing_and_says_so(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    waits = ann.say()
    olga = desk("Olga")
    form = {"move": "approve", "back": "/desk/pending/", "csrf_token": "forged"}

    answer = olga.client.post(f"/desk/comments/{waits}/move", data=form)

    assert path_of(answer.location) == "/desk/pending/"
    assert "Nothing was changed" in olga.client.get(answer.location).text
    assert backstage.comment(waits).status is Status.pending


@whatever_the_database
def test_a_button_pressed_after_signing_out_leads_to_sign_in_and_back(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    waits = ann.say()
    olga = desk("Olga")
    left_open = card(olga, waits)
    (form,) = page(olga.client.get("/desk/pending/")).xpath("//form[contains(@action, 'logout')]")
    submit(olga, form)

    answer = press(olga, left_open, "Approve")

    assert path_of(answer.location).startswith("/desk/login?next=/desk/pending/")
    assert "You were signed out" in olga.client.get(answer.location).text
    assert backstage.comment(waits).status is Status.pending


@pytest.mark.parametrize("number", [10**9, 2**63, 10**30])
def test_numbers_that_name_nothing_are_answered_in_words(desk: OpenDesk, number: int) -> None:
    olga = desk("Olga")
    form = {"move": "approve"} | token(olga)

    assert olga.client.get(f"/desk/pending/?after={number}").status_code == HTTPStatus.OK
    for address in (f"/desk/comments/{number}/move", f"/desk/decisions/{number}/undo"):
        answer = olga.client.post(address, data=form, headers={"Accept": "text/html"})
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert page(answer).xpath("string(//h1)") == "Not found"


@pytest.mark.parametrize("fields", [{}, {"move": "undo"}, {"move": "promote"}])
@whatever_the_database
def test_a_move_that_does_not_exist_is_refused(
    ann: Reader, desk: OpenDesk, backstage: Backstage, fields: dict[str, str]
) -> None:
    waits = ann.say()
    olga = desk("Olga")

    answer = olga.client.post(f"/desk/comments/{waits}/move", data=fields | token(olga))

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert backstage.comment(waits).status is Status.pending
