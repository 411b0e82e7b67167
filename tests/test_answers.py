"""Every fault has its status and its words: as a fragment, a page or JSON, as was asked for."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.conftest import (
    HOST,
    PAGE,
    Backstage,
    Program,
    Reader,
    WithoutScript,
    told,
    whatever_the_database,
)
from widget.db import db, now, writing
from widget.models import Comment, Thread

BY_SCRIPT = {"Origin": HOST, "Sec-Fetch-Mode": "cors"}
BY_BROWSER = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
BY_OLD_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
BY_PROGRAM = {"Accept": "application/json"}


def close(app: Flask) -> None:
    with app.app_context(), writing():
        db.session.execute(update(Thread).values(closed_at=now()))
        db.session.commit()


FORM = {"page": PAGE, "author": "Ann", "email": "ann@example.org", "body": "I said so."}
REQUESTS: dict[str, Callable[[Reader, dict[str, str]], TestResponse]] = {
    "400 no page": lambda ann, by: ann.client.get("/embed/news/thread", headers=by),
    "400 no page to write on": lambda ann, by: ann.client.post(
        "/embed/news/comments", data={**FORM, "page": ""}, headers=by
    ),
    "400 no such cursor": lambda ann, by: ann.client.get(
        "/embed/news/thread?page=a&after=zz", headers=by
    ),
    "400 no such order": lambda ann, by: ann.client.get(
        "/embed/news/thread?page=a&sort=best", headers=by
    ),
    "403 foreign origin": lambda ann, by: ann.client.post(
        "/embed/news/comments", data=FORM, headers={**by, "Origin": "https://evil.example.org"}
    ),
    "404 no such site": lambda ann, by: ann.client.get("/embed/nobody/thread?page=a", headers=by),
    "404 no such address": lambda ann, by: ann.client.get("/nothing", headers=by),
    "405 no such method": lambda ann, by: ann.client.get("/embed/news/comments", headers=by),
    "413 too large": lambda ann, by: ann.client.post(
        "/embed/news/comments", data={"body": "x" * 600_000}, headers=by
    ),
    "415 not a form": lambda ann, by: ann.client.post(
        "/embed/news/comments", json={"body": "x"}, headers=by
    ),
}


@pytest.mark.parametrize("by", [BY_SCRIPT, BY_BROWSER, BY_OLD_BROWSER, BY_PROGRAM])
@whatever_the_database
def test_each_fault_is_told_in_the_form_that_was_asked_for(ann: Reader, by: dict[str, str]) -> None:
    for name, request in REQUESTS.items():
        response = request(ann, by)
        assert response.status_code == int(name[:3]), name
        assert is_told(response, by), name


def is_told(response: TestResponse, by: dict[str, str]) -> bool:
    """Is this words, in the right form, and for this asker only?"""
    headers = response.headers
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers
    assert {"Accept", "Sec-Fetch-Mode"} <= set(headers["Vary"].split(", "))
    if by is BY_PROGRAM:
        return len(told(response)["error"]) > 10
    is_page = response.text.lstrip().lower().startswith("<!doctype html>")
    wants_page = by is not BY_SCRIPT
    return headers["Content-Type"] == "text/html; charset=utf-8" and is_page is wants_page


@whatever_the_database
def test_an_unusable_method_says_which_are_usable(ann: Reader) -> None:
    assert "POST" in ann.client.get("/embed/news/comments").headers["Allow"]


# ------------------------------------------------------------------- the database is away


def test_while_the_database_is_away_everyone_is_told_when_to_try_again(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    token = ann.token()
    browser = WithoutScript(app.test_client())
    with backstage.database_away():
        answers = [
            ann.read(),
            ann.post(token=token),
            ann.mine(),
            ann.client.get("/embed/news/counts?page=a", headers=ann.headers),
            browser.read(),
            Program(app.test_client(), "Prog").post(token=token),
        ]
        assert [answer.status_code for answer in answers] == [503] * 6
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        # The host page may read this, or its script could not tell a fault from a bad line.
        for answer in answers[:4]:
            assert answer.headers["Access-Control-Allow-Origin"] == HOST
            assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
        assert "<!doctype html>" in answers[4].text.lower()
        assert told(answers[5])["error"]
        assert ann.client.get("/healthz").status_code == 200
        ready = ann.client.get("/readyz")
        assert (ready.status_code, told(ready)["database"]) == (503, False)

    assert ann.post(token=token).status_code == 202, "sent again, it is taken"
    assert backstage.count(Comment) == 1
    assert ann.client.get("/readyz").status_code == 200


@whatever_the_database
def test_readiness_tells_of_redis_and_of_the_queues_age(ann: Reader) -> None:
    calm = told(ann.client.get("/readyz"))
    assert calm == {"database": True, "redis": True, "queue_age": 0}

    ann.say()
    assert told(ann.client.get("/readyz"))["queue_age"] > 0


# --------------------------------------------------------------------- without a script


@pytest.fixture
def cara(app: Flask) -> WithoutScript:
    """A reader whose browser runs no script."""
    return WithoutScript(app.test_client(), "Cara")


@whatever_the_database
def test_without_a_script_one_comes_back_to_the_page_and_ones_comment(
    cara: WithoutScript, bob: Reader, backstage: Backstage
) -> None:
    response = cara.post("I have no script.")
    assert response.status_code == 303
    assert response.headers["Cache-Control"] == "no-store"
    target, _, anchor = response.headers["Location"].partition("#")

    page = cara.client.get(target, headers=cara.headers)
    assert f'id="{anchor}"' in page.text
    assert "I have no script." in page.text
    assert "awaiting moderation" in page.text
    assert page.headers["Cache-Control"] == "no-store"

    assert "I have no script." not in cara.read().text, "the address shows it, nothing else"
    assert "I have no script." not in bob.read().text
    backstage.approve(int(anchor.removeprefix("comment-")))
    assert cara.client.get(target).text.count("<p>I have no script.</p>") == 1


@whatever_the_database
def test_the_way_back_shows_only_ones_own_pending_comment_on_its_page(
    cara: WithoutScript, ann: Reader, nell: Reader
) -> None:
    target = cara.post("For this page only.").headers["Location"].partition("#")[0]
    receipt = target.partition("receipt=")[2]
    nell.say()

    for wrong, status in (
        (target.replace("the-database", "another"), 200),
        (target.replace("/t/news", "/t/other"), 404),
        (target.replace(receipt, _tampered(receipt)), 200),
        (target.replace(receipt, "%00%C3%A9"), 200),
    ):
        response = cara.client.get(wrong)
        assert response.status_code == status, wrong
        assert "For this page only." not in response.text, wrong


def _tampered(receipt: str) -> str:
    """Another signature. (Of its last character not every bit counts.)"""
    content, _, signature = receipt.rpartition(".")
    return f"{content}.{'b' if signature[0] != 'b' else 'c'}{signature[1:]}"


@whatever_the_database
def test_without_a_script_what_was_typed_stays_on_the_page(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    parent = ann.say("The parent.")
    backstage.approve(parent)
    response = cara.post(
        "Long & <b>dear</b>\nwords.",
        email="cara",
        website="https://cara.example.org",
        parent=parent,
    )

    assert response.status_code == 422
    assert response.headers["Cache-Control"] == "no-store"
    assert "Please enter a complete email address" in response.text
    assert "Long &amp; &lt;b&gt;dear&lt;/b&gt;\nwords.</textarea>" in response.text
    for name, value in (
        ("author", "Cara"), ("email", "cara"), ("website", "https://cara.example.org"),
    ):  # fmt: skip
        assert any(
            f'name="{name}"' in line and f'value="{value}"' in line
            for line in response.text.split("<")
        ), name
    assert f'name="parent" value="{parent}"' in response.text


@pytest.mark.parametrize("why", ["duplicate", "no parent"])
@whatever_the_database
def test_without_a_script_a_refused_comment_stays_on_the_page_too(
    cara: WithoutScript, why: str, backstage: Backstage
) -> None:
    if why == "duplicate":
        cara.post("Dear words.")
        response, status = cara.post("Dear words."), 409
    else:
        response, status = cara.post("Dear words.", parent=4711), 422

    assert response.status_code == status
    assert "Dear words.</textarea>" in response.text
    assert 'class="comment-fault"' in response.text
    assert backstage.count(Comment) == (1 if why == "duplicate" else 0)


@whatever_the_database
def test_a_closed_thread_says_so_in_each_form(cara: WithoutScript, ann: Reader, app: Flask) -> None:
    program = Program(app.test_client(), "Prog")
    token = ann.token()
    ann.say()
    close(app)
    answers = [reader.post("Late.", token=token) for reader in (ann, cara, program)]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert all("closed" in answer.text for answer in answers)
    assert "<!doctype html>" in answers[1].text.lower()
    assert answers[2].is_json
    assert "closed" in cara.read().text
    assert "<textarea" not in cara.read().text


@whatever_the_database
def test_a_program_is_told_which_field_is_wrong(app: Flask) -> None:
    response = Program(app.test_client()).post(email="")
    assert response.status_code == 422
    assert told(response)["field"] == "email"
