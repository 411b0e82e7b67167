"""What moderators do with a thread beside deciding: pins, badges, notices, rules, closing."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import HOST, PASSWORD, Backstage, Desk, Reader, whatever_the_database
from tests.pages import OpenDesk, card, page, press, submit, token
from widget.db import db, now, writing
from widget.models import Badge, Hold, Move, Role, Site, Standing, Status, Thread
from widget.moderation import people

APPROVED = "/desk/approved/"
OTHER_PAGE = f"{HOST}/elsewhere"


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A public comment of Ann's."""
    comment_id = ann.say()
    backstage.approve(comment_id)
    return comment_id


def thread_of(backstage: Backstage, comment_id: int) -> Thread:
    with backstage.app.app_context():
        thread = db.session.get_one(Thread, backstage.comment(comment_id).thread_id)
        db.session.expunge(thread)
        return thread


def give_badge(desk: Desk, comment_id: int, badge: str, view: str = APPROVED) -> TestResponse:
    """Choose in the card's list, and press the button."""
    (form,) = card(desk, comment_id, view).xpath(".//form[contains(@class, 'badge')]")
    form.fields["badge"] = badge
    return submit(desk, form)


def buttons(shown: HtmlElement) -> set[str]:
    return {button.text_content() for button in shown.iter("button")}


# ------------------------------------------------------------------------------------------- pins


@whatever_the_database
def test_a_pinned_comment_stands_first_until_it_is_unpinned(
    ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    later = ann.say("And another thing.")
    backstage.approve(later)
    max_ = desk("Max")

    def order() -> list[int]:
        text = ann.read().text
        return sorted((said, later), key=lambda each: text.index(f'id="comment-{each}"'))

    assert order() == [said, later]
    assert press(max_, card(max_, later, APPROVED), "Pin to the top").status_code == 303
    assert order() == [later, said]
    assert "pinned" in card(max_, later, APPROVED).text_content()
    press(max_, card(max_, later, APPROVED), "Unpin")
    assert order() == [said, later]


@whatever_the_database
def test_only_public_top_level_comments_are_pinned_and_three_at_most(
    ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    reply, waits = ann.say("A reply.", parent=said), ann.say("It waits.")
    backstage.approve(reply)
    max_ = desk("Max")
    assert "Pin to the top" not in buttons(card(max_, reply, APPROVED))
    assert "Pin to the top" not in buttons(card(max_, waits))
    for comment_id in (reply, waits):
        pinned = {"pinned": "1", **token(max_)}
        max_.client.post(f"/desk/comments/{comment_id}/pin", data=pinned)
        assert backstage.comment(comment_id).pinned_at is None
    backstage.move(waits, Move.approve)

    more = [ann.say(f"Part {number}.") for number in range(3)]
    backstage.approve(*more)
    for comment_id in more:
        press(max_, card(max_, comment_id, APPROVED), "Pin to the top")
    press(max_, card(max_, said, APPROVED), "Pin to the top")
    assert "Unpin one of them" in max_.client.get(APPROVED).text
    assert backstage.comment(said).pinned_at is None
    backstage.move(more[0], Move.trash)
    press(max_, card(max_, said, APPROVED), "Pin to the top")
    assert backstage.comment(said).pinned_at


# ----------------------------------------------------------------------------------------- badges


def test_a_badge_is_for_all_that_a_commenter_wrote_and_will_write(
    ann: Reader, bob: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    elsewhere = Reader(ann.client, page=OTHER_PAGE).say()
    bobs = bob.say("I am somebody else.")
    max_ = desk("Max")

    def badges() -> list[Badge | None]:
        return [backstage.comment(each).badge for each in (said, elsewhere, bobs)]

    give_badge(max_, said, "author")
    assert badges() == [Badge.author, None, None]
    assert "comment-badge" in ann.read().text
    assert backstage.comment(ann.say("As I wrote.")).badge is Badge.author
    assert backstage.comment(Reader(ann.client, page=OTHER_PAGE).say("Here?")).badge is None

    give_badge(max_, elsewhere, "moderator", "/desk/pending/")
    assert badges() == [Badge.author, Badge.moderator, None]
    assert backstage.comment(ann.say("As I wrote before.")).badge is Badge.author
    assert backstage.comment(Reader(ann.client, page=f"{HOST}/3").say()).badge is Badge.moderator

    give_badge(max_, said, "moderator")
    assert badges() == [Badge.moderator, Badge.moderator, None]
    give_badge(max_, said, "")
    assert badges() == [None, None, None]
    assert backstage.count(Standing) == 0
    assert backstage.comment(ann.say("Nobody in particular.")).badge is None
    assert "comment-badge" not in ann.read().text


@whatever_the_database
def test_a_comment_without_a_key_has_its_badge_for_itself(
    app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    cara = Reader(app.test_client(), "Cara", key=None)
    first, second = cara.say("One."), cara.say("Two.")
    give_badge(desk("Max"), first, "author", "/desk/pending/")
    assert [backstage.comment(each).badge for each in (first, second)] == [Badge.author, None]
    assert backstage.count(Standing) == 0


@whatever_the_database
def test_a_badge_means_nothing_on_another_site(
    ann: Reader, nell: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    give_badge(desk("Max"), said, "moderator")
    nell.key = ann.key
    assert backstage.comment(nell.say()).badge is None


# ------------------------------------------------------------------------------------ this thread


def open_thread(desk: Desk, comment_id: int) -> tuple[str, HtmlElement]:
    """Follow the link of a card."""
    (link,) = card(desk, comment_id, APPROVED).xpath(".//a[text()='This thread']/@href")
    return link, page(desk.client.get(link))


@whatever_the_database
def test_a_closed_thread_takes_no_comments_until_it_is_open_again(
    ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    address, shown = open_thread(max_, said)
    assert shown.xpath("string(//h1)") == "The database"
    answer = press(max_, shown, "Close the thread")
    assert (answer.status_code, answer.location) == (303, address)
    assert "Comments are closed here." in ann.read().text
    assert ann.post("Too late.", token="").status_code == 403

    press(max_, open_thread(max_, said)[1], "Reopen the thread")
    assert "Comments are closed here." not in ann.read().text
    assert ann.post("In time.").status_code in {201, 202}


def test_a_threads_own_choice_of_who_waits_is_tried_before_it_is_saved(
    ann: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(hold=Hold.none)
    said = ann.say("A word under this article.")
    backstage.screen(said)
    ann.page = OTHER_PAGE
    backstage.screen(ann.say("A word under another one."))
    max_ = desk("Max")
    address, _shown = open_thread(max_, said)
    fields = {"hold": "all", "notice": "Typed.", **token(max_)}
    tried = max_.client.post(f"{address}/simulate", data=fields)
    assert "1 of the last 1 comment would have gone elsewhere" in tried.text
    assert "Every comment is held under this article" in tried.text
    (form,) = page(tried).xpath("//form[.//textarea]")
    assert (form.fields["hold"], form.fields["notice"].strip()) == ("all", "Typed.")
    assert thread_of(backstage, said).hold is None


def test_a_notice_stands_above_the_comments_as_plain_words(
    ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")

    def settle(notice: str) -> TestResponse:
        (form,) = open_thread(max_, said)[1].xpath("//form[.//textarea]")
        form.fields["notice"] = notice
        return submit(max_, form)

    assert settle("Please stay on the <b>topic</b>.\nThank you.").status_code == 303
    assert thread_of(backstage, said).notice == "Please stay on the <b>topic</b>. Thank you."
    assert "Please stay on the &lt;b&gt;topic&lt;/b&gt;. Thank you." in ann.read().text
    refused = settle("x" * 1001)
    assert "This can have 1,000 characters; it has 1,001." in refused.text
    assert "x" * 1001 in refused.text
    settle("")
    assert "Please stay on" not in ann.read().text


def test_a_threads_own_rule_counts_there_and_nowhere_else(
    ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    there = Reader(ann.client, page=OTHER_PAGE)
    for everywhere, here, public in (
        (Hold.none, "all", [False, True]),
        (Hold.all, "none", [True, False]),
        (Hold.all, "first", [True, False]),
        (Hold.none, "", [True, True]),
    ):
        backstage.set(hold=everywhere)
        (form,) = open_thread(max_, said)[1].xpath("//form[.//textarea]")
        form.fields["hold"] = here
        submit(max_, form)
        ids = [ann.say(f"Here: {everywhere}, {here}."), there.say(f"There: {everywhere}, {here}.")]
        backstage.screen(*ids)
        comments = [backstage.comment(each) for each in ids]
        assert [each.status is Status.approved for each in comments] == public
        if here == "all":
            assert comments[0].held_for == "Every comment is held under this article"


# ----------------------------------------------------------------------------------- who may, when


def acts(comment_id: int, thread_id: int) -> list[tuple[str, dict[str, Any]]]:
    """All that can be posted."""
    return [
        (f"/desk/comments/{comment_id}/pin", {"pinned": "1"}),
        (f"/desk/comments/{comment_id}/badge", {"badge": "author"}),
        (f"/desk/comments/{comment_id}/keep", {}),
        (f"/desk/threads/{thread_id}", {"notice": "Mine.", "hold": "all"}),
        (f"/desk/threads/{thread_id}/close", {"closed": "1"}),
    ]


@pytest.fixture
def viewer(app: Flask) -> Desk:
    """Vera may look at `news`, and no more."""
    with app.app_context(), writing():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people.add(news, email="vera@example.org", password=PASSWORD, role=Role.viewer)
        db.session.commit()
    vera = Desk(app.test_client())
    vera.sign_in("Vera")
    return vera


def test_viewers_neighbours_and_strangers_change_nothing(
    app: Flask, said: int, backstage: Backstage, desk: OpenDesk, viewer: Desk
) -> None:
    thread = thread_of(backstage, said)
    assert buttons(card(viewer, said, APPROVED)) == set()
    for who, answer in ((viewer, 403), (desk("Nina"), 404)):
        for address, fields in acts(said, thread.id):
            assert who.client.post(address, data=fields | token(who)).status_code == answer
        assert who.client.get(f"/desk/threads/{thread.id}").status_code == answer
    for address, fields in acts(said, thread.id):
        assert "/desk/login" in app.test_client().post(address, data=fields).location
    max_ = desk("Max")
    for address, fields in acts(said, thread.id):
        max_.client.post(address, data=fields)  # from a foreign page: no token
    for address, fields in acts(4711, 2**70):
        assert max_.client.post(address, data=fields | token(max_)).status_code == 404
    assert max_.client.get(f"/desk/threads/{2**70}").status_code == 404
    strange = {"badge": "king", "hold": "some"} | token(max_)
    for address in (f"/desk/comments/{said}/badge", f"/desk/threads/{thread.id}"):
        assert max_.client.post(address, data=strange).status_code == 400

    comment, after = backstage.comment(said), thread_of(backstage, said)
    assert (comment.pinned_at, comment.badge) == (None, None)
    assert (after.version, after.notice, after.hold, after.closed_at) == (
        thread.version, "", None, None,
    )  # fmt: skip


@whatever_the_database
def test_each_change_shows_to_the_very_next_reader(
    ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    seen = {ann.read().headers["ETag"]}
    for address, fields in acts(said, thread_of(backstage, said).id):
        if address.endswith("/keep"):
            continue  # readers see nothing of it
        assert max_.client.post(address, data=fields | token(max_)).status_code == 303
        assert ann.read().headers["ETag"] not in seen
        seen.add(ann.read().headers["ETag"])


@whatever_the_database
def test_deciding_afterwards_keeps_pin_and_badge(
    said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    press(max_, card(max_, said, APPROVED), "Pin to the top")
    give_badge(max_, said, "author")
    backstage.move(said, Move.trash)
    backstage.move(said, Move.restore)
    comment = backstage.comment(said)
    assert comment.status is Status.approved
    assert comment.pinned_at
    assert comment.badge is Badge.author
    assert now() - comment.pinned_at < timedelta(minutes=5)
