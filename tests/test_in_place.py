"""Moderating in place: on the thread's own page, under each comment, for whoever is signed in."""

import pytest
from lxml.html import HtmlElement
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import PAGE, Backstage, Desk, Reader, whatever_the_database
from tests.pages import OpenDesk, page, path_of, press
from widget.db import db, writing
from widget.models import Canned, CannedKind, Comment, Decision, Status


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A public comment of Ann's."""
    comment_id = ann.say()
    backstage.approve(comment_id)
    return comment_id


def visit(desk: Desk, **headers: str) -> TestResponse:
    """Go to the thread's own page."""
    return desk.client.get("/t/news", query_string={"page": PAGE}, headers=headers)


def test_a_moderator_decides_under_the_comment_and_takes_it_back_on_the_same_page(
    bob: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    max_ = desk("Max")
    shown = page(visit(max_))
    decided = press(max_, shown.get_element_by_id(f"comment-{said}"), "Spam")
    assert backstage.comment(said).status is Status.spam
    assert path_of(decided.location).startswith("/t/news?")
    assert f'id="comment-{said}"' not in bob.read().text
    again = page(max_.client.get(decided.location))
    assert "Ann’s comment was marked as spam." in again.text_content()
    assert press(max_, again, "Undo").status_code == 303
    assert backstage.comment(said).status is Status.approved
    assert "Undone" in visit(max_).text
    assert "Undone" not in visit(max_).text, "what was told is told once"


@whatever_the_database
def test_edit_and_reply_lead_back_to_the_page(ann: Reader, said: int, desk: OpenDesk) -> None:
    max_ = desk("Max")
    card = page(visit(max_)).get_element_by_id(f"comment-{said}")
    for label, words in (("Edit", "Another text."), ("Reply as moderator", "A reply.")):
        (link,) = [each for each in card.iter("a") if each.text_content() == label]
        (form,) = page(max_.client.get(link.get("href"))).xpath("//form[@class='writing']")
        form.fields["body"] = words
        answer = max_.client.post(form.action, data=dict(form.form_values()))
        assert path_of(answer.location).startswith("/t/news?")
        assert words in ann.read().text


def test_more_pins_badges_keeps_and_rejects_for_a_reason_on_the_same_page(
    bob: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    with backstage.app.app_context(), writing():
        site_id = db.session.get_one(Comment, said).site_id
        reason = Canned(site_id=site_id, kind=CannedKind.reason, title="Off topic", text="No {id}.")
        db.session.add(reason)
        db.session.commit()
    sent = {"complaint": "personal", "note": "My name.", "key": "a neighbour's own key of 32 chars"}
    bob.client.post(
        f"/embed/news/comments/{said}/report",
        data={**sent, "token": bob.token()},
        headers=bob.headers,
    )
    max_ = desk("Max")

    def more(answer: TestResponse) -> HtmlElement:
        (found,) = page(answer).xpath(f"//*[@id='comment-{said}']/details[@lang='en']")
        return found

    shown = more(visit(max_))
    assert "My name." in shown.text_content()
    for link in shown.iter("a"):
        assert max_.client.get(link.get("href")).status_code == 200
    for label, words in (
        ("Keep the comment", "its reports are settled"),
        ("Pin to the top", "Pinned"),
        ("Unpin", "Unpinned"),
        ("Set", "badge"),
    ):
        answer = press(max_, more(visit(max_)), label)
        assert path_of(answer.location).startswith("/t/news?")
        after = max_.client.get(answer.location)
        assert words in after.text
    assert "reported" not in more(after).text_content()
    press(max_, more(after), "Reject for this reason")
    with backstage.app.app_context():
        told = db.session.scalars(select(Decision.reason).order_by(Decision.id.desc())).first()
    assert (backstage.comment(said).status, told) == (Status.rejected, "No {id}.")


@whatever_the_database
def test_it_says_what_waits_and_leads_to_it(
    ann: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.set(hold="all")
    backstage.screen(ann.say("Wait for me."))
    (link,) = [
        each for each in page(visit(desk("Max"))).iter("a") if each.text_content() == "1 waits here"
    ]
    assert path_of(link.get("href")).startswith("/desk/pending/")


@whatever_the_database
def test_nobody_else_sees_a_button_and_no_frame_does(
    said: int, bob: Reader, desk: OpenDesk
) -> None:
    reader = bob.client.get("/t/news", query_string={"page": PAGE})
    framed = visit(desk("Max"), **{"Sec-Fetch-Dest": "iframe"})
    neighbour = visit(desk("Nina"))
    for answer in (reader, framed, neighbour):
        assert answer.status_code == 200
        assert "/desk/" not in answer.text
        assert "csrf_token" not in answer.text
        assert "Set-Cookie" not in answer.headers
        assert "frame-ancestors" not in answer.headers["Content-Security-Policy"]
    moderating = visit(desk("Max"))
    assert "frame-ancestors 'none'" in moderating.headers["Content-Security-Policy"]
    assert moderating.headers["Cache-Control"] == "no-store"
