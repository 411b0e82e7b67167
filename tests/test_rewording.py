"""Words at the desk: changing a comment's, putting earlier ones back, replying as a moderator."""

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import PASSWORD, Backstage, Desk, Reader, told, whatever_the_database
from tests.pages import OpenDesk, page, submit, token
from widget.db import db, writing
from widget.models import Badge, CannedKind, Comment, Decision, Entry, Move, Role, Site, Status
from widget.models import Canned as Text
from widget.moderation import people

JSON = {"Accept": "application/json"}


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A public comment of Ann's."""
    comment_id = ann.say("Call me at 555-0134.", website="https://ann.example.org")
    backstage.approve(comment_id)
    return comment_id


def form_of(
    desk: Desk, comment_id: int, what: str = "edit", back: str = "/desk/approved/"
) -> dict[str, str]:
    """The fields of a form, as its page holds them."""
    shown = page(desk.client.get(f"/desk/comments/{comment_id}/{what}?back={back}"))
    (form,) = shown.xpath("//form[@class='writing']")
    return {name: str(value) for name, value in form.form_values()}


def save(desk: Desk, comment_id: int, **changed: str) -> TestResponse:
    fields = form_of(desk, comment_id) | changed
    return desk.client.post(f"/desk/comments/{comment_id}/edit", data=fields)


def test_a_moderator_changes_words_readers_see_it_marked_and_the_earlier_ones_are_kept(
    ann: Reader, bob: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    before = bob.read()
    answer = save(
        max_, said, body="Call me. <b>Max</b>: number removed.", author="Ann K.", website=""
    )
    assert answer.status_code == 303
    after = bob.read()
    assert after.headers["ETag"] != before.headers["ETag"]
    assert "555-0134" not in after.text
    assert "<b>Max</b>: number removed." in after.text
    assert "Ann K." in after.text
    assert "ann.example.org" not in after.text
    assert "edited by a moderator" in after.text
    assert backstage.comment(said).status is Status.approved
    card = page(max_.client.get("/desk/approved/")).get_element_by_id(f"comment-{said}")
    (earlier,) = card.xpath(".//details[@class='revisions']")
    assert "Edited by Max" in earlier.text_content()
    assert "555-0134" in earlier.text_content()


def test_earlier_words_can_be_put_back_and_so_can_the_later_ones(
    bob: Reader, said: int, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    save(max_, said, body="Shorter.", website="")
    for expected, gone in (("555-0134", "Shorter."), ("Shorter.", "555-0134")):
        shown = page(max_.client.get("/desk/approved/"))
        (newest, *_) = shown.xpath("//details[@class='revisions']//form")
        assert submit(max_, newest).status_code == 303
        assert expected in bob.read().text
        assert gone not in bob.read().text
        assert ("ann.example.org" in bob.read().text) is (expected == "555-0134")


@whatever_the_database
def test_what_is_wrong_stands_by_its_field_and_what_was_typed_stays(
    said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    answer = save(max_, said, body=" ", author="", website="no address")
    assert answer.status_code == 422
    shown = page(answer)
    assert len(shown.xpath("//*[@aria-invalid='true']")) == 3
    (website,) = shown.xpath("//input[@name='website']")
    assert website.get("value") == "no address"
    assert backstage.comment(said).body == "Call me at 555-0134."


def test_words_that_their_author_changed_meanwhile_are_not_overwritten(
    ann: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    seen = form_of(max_, said)
    ann.client.post(
        f"/embed/news/comments/{said}/edit",
        data={"body": "Call nobody.", "key": ann.key},
        headers=ann.headers,
    )
    answer = max_.client.post(f"/desk/comments/{said}/edit", data=seen | {"body": "Mine."})
    assert answer.status_code == 409
    assert "has changed this comment" in answer.text
    assert "Mine." in answer.text
    assert backstage.comment(said).body == "Call nobody."


def test_a_form_of_an_earlier_session_keeps_what_was_typed(said: int, desk: OpenDesk) -> None:
    max_ = desk("Max")
    for what in ("edit", "reply"):
        fields = form_of(max_, said, what) | {"csrf_token": "of another day", "body": "Long words."}
        answer = max_.client.post(f"/desk/comments/{said}/{what}", data=fields)
        assert answer.status_code == 400
        assert "Long words." in answer.text
        (form,) = page(answer).xpath("//form[@class='writing']")
        assert submit(max_, form).status_code == 303


@whatever_the_database
def test_who_only_looks_and_who_moderates_elsewhere_change_nothing(
    app: Flask, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    with app.app_context(), writing():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people.add(news, email="vera@example.org", name="Vera", password=PASSWORD, role=Role.viewer)
        db.session.commit()
    for name, refused in (("Vera", 403), ("Nina", 404)):
        someone = desk(name)
        for what in ("edit", "reply"):
            address = f"/desk/comments/{said}/{what}"
            data = {"body": "Mine.", "nonce": "a nonce of theirs", **token(someone)}
            assert someone.client.get(address).status_code == refused
            assert someone.client.post(address, data=data).status_code == refused
    assert backstage.count(Comment) == 1


def test_a_reply_from_the_queue_is_public_at_once_and_approves_what_waited(
    ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    waiting = ann.say("Is this true?")
    backstage.screen(waiting)
    max_ = desk("Max")
    fields = form_of(max_, waiting, "reply") | {"body": "It is: page 14."}
    address = f"/desk/comments/{waiting}/reply"
    assert max_.client.post(address, data=fields).status_code == 303
    assert max_.client.post(address, data=fields).status_code == 303, "a second click"
    shown = bob.read().text
    assert shown.count("It is: page 14.") == 1
    assert "Is this true?" in shown
    assert "max@" not in shown
    with backstage.app.app_context():
        answered = db.session.scalars(select(Comment).where(Comment.id != waiting)).one()
        assert (answered.author, answered.badge, answered.parent_id) == (
            "Max",
            Badge.moderator,
            waiting,
        )
        moves = db.session.scalars(select(Decision.move).order_by(Decision.id)).all()
    assert moves == [Move.approve, Move.approve]


@whatever_the_database
def test_a_reply_is_taken_back_by_its_undo_and_no_machine_judges_it(
    said: int, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    fields = form_of(max_, said, "reply") | {
        "body": "http://a.example http://b.example http://c.example"
    }
    done = told(max_.client.post(f"/desk/comments/{said}/reply", data=fields, headers=JSON))
    assert "a.example" in bob.read().text
    assert not done["gone"]
    assert max_.client.post(done["undo"], data=token(max_)).status_code == 303
    assert "a.example" not in bob.read().text


def test_a_canned_text_is_put_in_and_nothing_is_sent_yet(
    said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    with backstage.app.app_context(), writing():
        site = backstage.comment(said).site_id
        text = Text(
            site_id=site, kind=CannedKind.reply, title="Thanks", text="Thank you for asking."
        )
        db.session.add(text)
        db.session.commit()
        text_id = text.id
    max_ = desk("Max")
    fields = form_of(max_, said, "reply") | {"body": "Dear Ann,", "canned": str(text_id)}
    answer = max_.client.post(f"/desk/comments/{said}/reply", data=fields)
    (typed,) = page(answer).xpath("//textarea[@name='body']")
    assert typed.text.split("\n\n") == ["\nDear Ann,", "Thank you for asking."]
    assert backstage.count(Comment) == 1


@whatever_the_database
def test_the_script_gets_the_form_alone_and_every_change_is_in_the_log(
    said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    fields = form_of(max_, said)
    form = told(max_.client.get(f"/desk/comments/{said}/edit", headers=JSON))["html"]
    assert form.startswith("<form")
    wrong = max_.client.post(
        f"/desk/comments/{said}/edit", data=fields | {"body": ""}, headers=JSON
    )
    assert wrong.status_code == 422
    assert "aria-invalid" in told(wrong)["html"]
    done = max_.client.post(
        f"/desk/comments/{said}/edit", data=fields | {"body": "New."}, headers=JSON
    )
    assert told(done)["undo"].startswith("/desk/revisions/")
    with backstage.app.app_context():
        (entry,) = db.session.scalars(select(Entry)).all()
        assert (entry.action, entry.after) == ("comment edited", {"changed": ["text"]})
        assert "New." not in str(entry.before | entry.after)
