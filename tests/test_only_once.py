"""Only once: a retry, a double click and a slip of the finger are one comment."""

from datetime import timedelta
from threading import Lock
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests import parts
from tests.conftest import PAGE, Backstage, Reader
from widget.comments import submission
from widget.db import db, now, writing
from widget.models import Comment, Move, Status


def test_the_same_nonce_twice_is_one_comment(ann: Reader, backstage: Backstage) -> None:
    first, second = ann.post(nonce="n-1"), ann.post(nonce="n-1")

    assert (first.status_code, second.status_code) == (202, 202)
    assert ann.comment_id(first) == ann.comment_id(second)
    assert backstage.count(Comment) == 1


def test_a_retry_after_approval_shows_the_comment_as_public(
    ann: Reader, backstage: Backstage
) -> None:
    backstage.approve(ann.say(nonce="n-1"))
    response = ann.post(nonce="n-1")

    assert response.status_code == 201
    assert "awaiting moderation" not in response.text


@pytest.mark.parametrize("second", ["is as far as the first", "finds what the first committed"])
def test_the_same_nonce_twice_at_the_same_moment_is_one_comment(
    ann: Reader, app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    ann.say("The thread is there already.")
    token = ann.token()
    if backstage.dialect == "postgresql":  # SQLite lets only one writer get as far as this
        hold_up_the_second(backstage, monkeypatch, until_committed="committed" in second)
    twins = [Reader(app.test_client(), ann.name, ann.key) for _ in range(2)]

    answers = parts.at_once(*(lambda t=twin: t.post(nonce="n-1", token=token) for twin in twins))

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len({ann.comment_id(answer) for answer in answers}) == 1
    assert backstage.count(Comment) == 2


def hold_up_the_second(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch, *, until_committed: bool
) -> None:
    """Let two look for their nonce before either goes on."""
    gather, first = parts.gather(2), Lock()
    look = submission._look

    def after_the_look(*known: Any) -> Any:
        found = look(*known)
        gather()
        if until_committed and not first.acquire(blocking=False):
            parts.until(lambda: backstage.count(Comment) == 2, "the first to commit")
        return found

    monkeypatch.setattr(submission, "_look", after_the_look)


def test_a_nonce_with_another_key_tells_nothing_of_the_comment(ann: Reader, bob: Reader) -> None:
    ann.say("A secret of mine.", nonce="n-1")
    response = bob.post("Guessing.", nonce="n-1")

    assert response.status_code == 409
    assert "secret" not in response.text
    assert "Ann" not in response.text


def test_a_nonce_with_other_words_loses_neither(ann: Reader, backstage: Backstage) -> None:
    first = ann.say("What I said.", nonce="n-1")
    assert ann.post("What I meant.", nonce="n-1").status_code == 409
    assert ann.say("What I meant.", nonce="n-2") != first
    assert backstage.comment(first).body == "What I said."


def test_a_nonce_counts_within_its_site(ann: Reader, nell: Reader, backstage: Backstage) -> None:
    assert ann.say(nonce="n-1") != nell.say(nonce="n-1")
    assert backstage.count(Comment) == 2


@pytest.mark.parametrize("missing", ["token", "nonce", "key"])
def test_a_post_without_token_nonce_or_key_is_taken_and_held(
    ann: Reader, backstage: Backstage, missing: str
) -> None:
    backstage.approve(ann.say("Ann is known here."))
    comment_id = ann.say("Sent by a program.", **{missing: None})
    backstage.screen(comment_id)

    held = backstage.comment(comment_id)
    assert held.status is Status.pending
    assert held.held_for


def test_saying_the_same_in_the_same_place_is_refused(
    ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    first = ann.say("Read page 14.")
    response = ann.post("read  page 14.")
    assert response.status_code == 409
    assert 'data-field="body"' in response.text

    backstage.approve(first)
    assert ann.say("Read page 14.", parent=first), "as an answer it is something else"
    assert ann.say("Read page 14.", page=f"{PAGE}/2"), "and so it is on another page"
    assert bob.say("Read page 14."), "and from somebody else"
    assert ann.say("Read page 14.", email="ann.other@example.org"), "who may have the same name"


def test_what_was_trashed_or_said_long_ago_may_be_said_again(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.move(ann.say("Read page 14."), Move.trash)
    again = ann.say("Read page 14.")
    with app.app_context(), writing():
        db.session.execute(
            update(Comment)
            .where(Comment.id == again)
            .values(created_at=now() - timedelta(hours=24, minutes=1))
        )
        db.session.commit()
    assert ann.say("Read page 14.")
