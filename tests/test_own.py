"""My own comments: what became of them, and changing or deleting one while the site lets me."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests import parts
from tests.conftest import PAGE, Backstage, Desk, Reader, WithoutScript, whatever_the_database
from tests.pages import card, press
from widget import jobs
from widget.config import Settings
from widget.db import db, now, writing
from widget.models import Comment, Decision, Hold, Moderator, Move, Revision, Status, Via
from widget.moderation import locks, moves, policy
from widget.notify import links
from widget.notify.links import MailedMove


@pytest.fixture
def cara(app: Flask) -> WithoutScript:
    """A reader whose browser runs no script."""
    return WithoutScript(app.test_client(), "Cara")


def act(reader: Reader, comment_id: int, what: str, **fields: Any) -> TestResponse:
    """Send one of the forms beside my comment."""
    data = {"key": reader.key, **fields}
    return reader.client.post(
        f"/embed/{reader.site}/comments/{comment_id}/{what}",
        data={name: value for name, value in data.items() if value is not None},
        headers=reader.headers,
    )


def parsed(text: str) -> Any:
    """A page or a fragment as a tree."""
    return html.document_fromstring(text)


def edit(reader: Reader, comment_id: int, body: str, **fields: Any) -> TestResponse:
    return act(reader, comment_id, "edit", body=body, **fields)


def set_back(app: Flask, model: type[Any], **ago: timedelta) -> None:
    """Let rows be older than they are."""
    with app.app_context(), writing():
        times = {name: now() - by for name, by in ago.items()}
        db.session.execute(update(model).values(times))
        db.session.commit()


# ------------------------------------------------------------------------------------ changing it


@whatever_the_database
def test_a_pending_comment_is_changed_and_screened_anew(ann: Reader, backstage: Backstage) -> None:
    comment_id = ann.say("I red <b>it</b>.")
    backstage.screen(comment_id)
    response = edit(ann, comment_id, "I read <i>it</i>.\r\n\r\nAll.")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    (article,) = parsed(response.text).xpath("//article")
    assert article.get("id") == f"comment-{comment_id}"
    assert "<i>it</i>" in response.text
    assert "awaiting moderation" in response.text
    assert article.xpath("string(.//textarea)").strip() == "I read <i>it</i>.\n\nAll."
    changed = backstage.comment(comment_id)
    assert (changed.status, changed.body) == (Status.pending, "I read <i>it</i>.\n\nAll.")
    assert changed.edited_at is not None
    assert (changed.screened_at, changed.held_for) == (None, "")

    backstage.screen(comment_id)
    assert backstage.comment(comment_id).held_for == "First comment from this browser"


@whatever_the_database
def test_a_public_comment_disappears_until_its_new_words_are_screened(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none)
    comment_id = ann.say("Harmless.")
    backstage.screen(comment_id)
    assert "Harmless." in bob.read().text

    edit(ann, comment_id, "Still harmless.")
    assert "armless." not in bob.read().text
    backstage.screen(comment_id)
    assert "Still harmless." in bob.read().text
    assert "comment-edited" in bob.read().text

    edit(ann, comment_id, "Buy here: https://a.example https://b.example https://c.example")
    backstage.screen(comment_id)
    assert backstage.comment(comment_id).status is Status.pending
    assert "a.example" not in bob.read().text
    with app.app_context():
        moved = db.session.scalars(select(Decision).order_by(Decision.id)).all()
        assert [(each.move, each.via) for each in moved][1] == (Move.edit, Via.author)


@whatever_the_database
def test_the_same_words_again_change_nothing(ann: Reader, backstage: Backstage) -> None:
    comment_id = ann.say("As it is.")
    backstage.approve(comment_id)
    assert edit(ann, comment_id, "As it is.").status_code == 200
    assert backstage.comment(comment_id).status is Status.approved
    assert backstage.comment(comment_id).edited_at is None
    assert backstage.count(Revision) == 0


@whatever_the_database
def test_moderators_see_what_it_said_before(
    ann: Reader, desk: Callable[[str], Desk], backstage: Backstage
) -> None:
    comment_id = ann.say("The <b>first</b> words.")
    edit(ann, comment_id, "The second words.")
    edit(ann, comment_id, "The third words.")
    backstage.screen(comment_id)

    seen = card(desk("Max"), comment_id)
    earlier = seen.xpath(".//details[@class='revisions']//div[@class='body']")
    assert [" ".join(each.text_content().split()) for each in earlier] == [
        "The second words.", "The first words.",
    ]  # fmt: skip
    assert earlier[1].xpath(".//b")
    assert "The third words." in seen.text_content()
    backstage.approve(comment_id)
    assert "second" not in ann.read().text


def test_a_moderator_decides_only_on_words_that_they_have_read(
    ann: Reader, desk: Callable[[str], Desk], backstage: Backstage
) -> None:
    comment_id = ann.say("The words on the moderator’s page.")
    backstage.screen(comment_id)
    max_ = desk("Max")
    shown = card(max_, comment_id)
    edit(ann, comment_id, "The words that came later.")

    press(max_, shown, "Approve")
    assert backstage.comment(comment_id).status is Status.pending
    assert "Its author has changed this comment" in max_.client.get("/desk/pending/").text
    press(max_, card(max_, comment_id), "Approve")
    assert backstage.comment(comment_id).status is Status.approved


@whatever_the_database
def test_a_link_in_a_mail_decides_on_the_words_of_its_page_alone(
    ann: Reader, app: Flask, settings: dict[str, Any], backstage: Backstage
) -> None:
    comment_id = ann.say("The words on the page behind the link.")
    backstage.screen(comment_id)
    with app.app_context():
        max_id = db.session.scalars(select(Moderator.id).where(Moderator.name == "Max")).one()
    mailed = MailedMove(comment_id=comment_id, moderator_id=max_id, move=Move.approve)
    address = f"/desk/decide/{links.sign(Settings(**settings), mailed)}"
    phone = app.test_client()
    seen = parsed(phone.get(address).text).forms[-1].fields["seen"]
    edit(ann, comment_id, "The words that came later.")

    answer = phone.post(address, data={"seen": seen})
    assert answer.status_code == 409
    assert "The words that came later." in answer.text
    assert backstage.comment(comment_id).status is Status.pending
    seen = parsed(answer.text).forms[-1].fields["seen"]
    assert phone.post(address, data={"seen": seen}).status_code == 200
    assert backstage.comment(comment_id).status is Status.approved


@whatever_the_database
def test_what_is_not_right_is_said_beside_the_field(ann: Reader, backstage: Backstage) -> None:
    comment_id = ann.say("As it was.")
    for body, status in (("", 422), ("\u200b", 422), ("é" * 40_000, 413), ("a\0b", 422)):
        response = edit(ann, comment_id, body)
        assert response.status_code == status
        assert 'data-field="body"' in response.text
    assert backstage.comment(comment_id).body == "As it was."


def test_a_worker_in_flight_cannot_publish_words_that_it_has_not_seen(
    ann: Reader, app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.set(hold=Hold.none)
    comment_id = ann.say("The words that were screened.")
    has_read, is_waiting = Event(), Event()
    judge, lock = policy.judge, locks.lock_thread_of

    def judge_slowly(*known: Any, **more: Any) -> policy.Verdict:
        has_read.set()
        assert is_waiting.wait(parts.PATIENCE)
        return judge(*known, **more)

    def say_when_waiting(of: int) -> None:
        if has_read.is_set():
            is_waiting.set()
        lock(of)

    def work() -> None:
        with app.app_context():
            jobs.screen(comment_id)

    def change() -> None:
        assert has_read.wait(parts.PATIENCE)
        assert edit(ann, comment_id, "The words that were not.").status_code == 200

    monkeypatch.setattr(policy, "judge", judge_slowly)
    monkeypatch.setattr(locks, "lock_thread_of", say_when_waiting)
    parts.at_once(work, change)

    changed = backstage.comment(comment_id)
    assert (changed.status, changed.screened_at) == (Status.pending, None)
    assert changed.body == "The words that were not."
    assert "The words that were" not in ann.read().text
    backstage.screen(comment_id)
    assert "The words that were not." in ann.read().text


# -------------------------------------------------------------------------------------- deleting


@whatever_the_database
def test_a_deleted_comment_is_gone_and_replies_keep_their_place(
    ann: Reader, bob: Reader, desk: Callable[[str], Desk], backstage: Backstage
) -> None:
    comment_id = ann.say("Better unsaid.")
    backstage.approve(comment_id)
    backstage.approve(bob.say("I disagree.", parent=comment_id))

    response = act(ann, comment_id, "delete")
    assert response.status_code == 200
    assert 'class="comment-gone"' in response.text
    page = bob.read().text
    assert "Better unsaid." not in page
    assert "This comment was removed." in page
    assert "I disagree." in page
    assert backstage.comment(comment_id).status is Status.trash

    assert "Ann" in card(desk("Max"), comment_id, "/desk/trash/").text_content()
    again = act(ann, comment_id, "delete")
    assert again.status_code == 409
    assert "gone already" in again.text
    assert edit(ann, comment_id, "Said again.").status_code == 409
    assert "Better unsaid." not in ann.mine().text


# --------------------------------------------------------------------------------- who may, when


@whatever_the_database
def test_only_whoever_wrote_it_can_change_it(
    ann: Reader, bob: Reader, nell: Reader, backstage: Backstage
) -> None:
    comment_id = ann.say("Mine alone.")
    bob.name = ann.name
    nell.key = ann.key
    for stranger, key in ((bob, bob.key), (bob, None), (bob, ""), (bob, "short"), (nell, nell.key)):
        stranger.key = key
        for response in (
            edit(stranger, comment_id, "Not mine."),
            edit(stranger, comment_id, "Not mine.", receipt="WzEsMV0.forged"),
            act(stranger, comment_id, "delete", receipt=""),
        ):
            assert response.status_code == 404
            assert "Mine alone." not in response.text
    keyless = ann.say("Nobody’s.", key=None)
    assert edit(bob, keyless, "Not mine.", key=None).status_code == 404
    for nowhere in (4711, 2**63, 2**70):
        assert edit(ann, nowhere, "Not there.").status_code == 404
    ann.origin = "https://evil.example.org"
    assert edit(ann, comment_id, "From elsewhere.").status_code == 403
    assert backstage.comment(comment_id).body == "Mine alone."


@whatever_the_database
def test_it_can_be_changed_for_as_long_as_the_site_says(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    comment_id = ann.say("Too long ago.")
    assert "comment-own" in ann.mine().text
    set_back(app, Comment, created_at=timedelta(minutes=16))
    for response in (edit(ann, comment_id, "Late."), act(ann, comment_id, "delete")):
        assert response.status_code == 403
        assert "too late" in response.text
    assert "comment-own" not in ann.mine().text

    backstage.set(edit_minutes=60)
    assert edit(ann, comment_id, "In time.").status_code == 200
    backstage.set(edit_minutes=0)
    assert edit(ann, comment_id, "Never.").status_code == 403
    assert "comment-own" not in ann.mine().text


@pytest.mark.parametrize("move", [Move.spam, Move.trash, Move.reject])
@whatever_the_database
def test_what_was_refused_cannot_be_changed(ann: Reader, backstage: Backstage, move: Move) -> None:
    comment_id = ann.say("Refused.")
    backstage.move(comment_id, move)
    for response in (edit(ann, comment_id, "Changed."), act(ann, comment_id, "delete")):
        assert response.status_code == 409
        assert "was not published" in response.text
    assert backstage.comment(comment_id).body == "Refused."


# ---------------------------------------------------------------------------- what became of it


def test_i_am_told_what_became_of_my_comments_and_why(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set("news", tell_reasons=True)
    published, spam, refused, waiting = (ann.say(f"No. {number}.") for number in range(4))
    backstage.approve(published)
    backstage.move(spam, Move.spam)
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, refused)
        olga = db.session.scalars(select(Moderator)).first()
        by = moves.By(via=Via.desk, moderator=olga, reason="Please stay with the <topic>.")
        moves.move(comment, Move.reject, by)
        db.session.commit()

    own = {
        int(each.get("id").removeprefix("comment-")): each
        for each in parsed(ann.mine().text).xpath("//article")
    }
    states = {number: article.get("data-state") for number, article in own.items()}
    assert states == {
        published: "published", spam: "unpublished", refused: "unpublished", waiting: "pending",
    }  # fmt: skip
    said = {number: str(own[number].findtext("p")) for number in own}
    assert said[published] == "Your comment was published."
    assert said[waiting] == "Your comment is awaiting moderation."
    assert said[spam] == "Your comment was not published."
    assert said[refused].endswith("The reason: Please stay with the <topic>.")
    assert not own[spam].xpath(".//form")
    assert own[published].xpath(".//form[@class='comment-edit']")
    assert "comment-" not in bob.mine().text.replace("comments-voted", "")

    set_back(app, Comment, created_at=timedelta(days=2), published_at=timedelta(days=2))
    set_back(app, Decision, created_at=timedelta(days=2))
    later = ann.mine().text
    assert "Your comment was published" not in later
    assert later.count("Your comment was not published") == 2
    set_back(app, Decision, created_at=timedelta(days=8))
    assert "Your comment was not published" not in ann.mine().text
    assert "No. 3." in ann.mine().text, "what waits is never forgotten"


@whatever_the_database
def test_what_the_machine_notes_is_not_told(ann: Reader, app: Flask) -> None:
    comment_id = ann.say("Refused by a program.")
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        moves.move(comment, Move.spam, moves.By(via=Via.policy, reason="A word on the list"))
        db.session.commit()
    assert "was not published" in ann.mine().text
    assert "A word on the list" not in ann.mine().text


@whatever_the_database
def test_my_votes_come_with_it(ann: Reader, bob: Reader, backstage: Backstage) -> None:
    comment_id = bob.say("Vote for me.")
    backstage.approve(comment_id)
    ann.client.post(
        f"/embed/news/comments/{comment_id}/vote",
        data={"page": PAGE, "key": ann.key, "value": 1, "token": ann.token()},
        headers=ann.headers,
    )
    assert f'data-up="{comment_id}"' in ann.mine().text
    assert 'data-up=""' in bob.mine().text


# ------------------------------------------------------------------------------- without a script


def follow(reader: Reader, response: TestResponse) -> Any:
    """Go where the answer leads."""
    assert response.status_code == 303, response.text
    assert response.headers["Cache-Control"] == "no-store"
    target = response.headers["Location"].partition("#")[0]
    return parsed(reader.client.get(target, headers=reader.headers).text)


def send(reader: Reader, page: Any, css_class: str, **fields: str) -> TestResponse:
    """Fill in and send a form of the page as it stands."""
    (form,) = page.xpath(f"//form[@class='{css_class}']")
    form.fields.update(fields)
    action = form.action.removeprefix("http://comments.example.org")
    return reader.client.post(action, data=dict(form.form_values()), headers=reader.headers)


@whatever_the_database
def test_without_a_script_the_way_back_lets_one_change_and_delete_it(
    cara: WithoutScript, backstage: Backstage
) -> None:
    page = follow(cara, cara.post("I have no scirpt."))
    page = follow(cara, send(cara, page, "comment-edit", body="I have no script."))
    assert page.xpath("string(//article//*[@class='comment-body'])").strip() == "I have no script."

    faulty = send(cara, page, "comment-edit", body=" \u200b ")
    assert faulty.status_code == 422
    page = parsed(faulty.text)
    assert page.xpath("string(//form[@class='comment-edit']//*[@class='comment-fault'])")
    assert page.xpath("//details[@open]/form[@class='comment-edit']")
    assert not page.xpath("//form[@id='respond']//*[@class='comment-fault']")

    comment_id = int(page.xpath("//article[@data-id]/@data-id")[0])
    backstage.approve(comment_id)
    again = send(cara, page, "comment-edit", body="I have no script at all.")
    page = follow(cara, again)
    assert backstage.comment(comment_id).status is Status.pending
    backstage.approve(comment_id)

    page = follow(cara, send(cara, page, "comment-delete"))
    assert "You have deleted your comment." in page.text_content()
    assert not page.xpath("//form[@class='comment-edit']")
    assert "no script" not in cara.read().text
    assert backstage.comment(comment_id).status is Status.trash


def test_a_receipt_counts_for_its_comment_only(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    page = follow(cara, cara.post("Mine."))
    (receipt,) = set(page.xpath("//input[@name='receipt']/@value"))
    other = ann.say("Ann’s.")
    for what in ("edit", "delete"):
        response = act(cara, other, what, body="Changed.", receipt=receipt)
        assert response.status_code == 404
    assert backstage.comment(other).body == "Ann’s."
