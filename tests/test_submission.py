"""Taking in a comment: what is accepted, what is refused and in which words, and only once."""

from datetime import timedelta
from threading import Lock
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests import parts
from tests.conftest import HOST, PAGE, Backstage, Reader
from widget import sanitize
from widget.comments import submission
from widget.db import db, now, writing
from widget.models import Comment, Move, Status, Thread

BYTES = 65_525


def test_a_comment_is_taken_and_waits(ann: Reader, backstage: Backstage) -> None:
    response = ann.post("I read <b>the whole</b> report.\r\n\r\nAll of it.")

    assert response.status_code == 202
    assert "<b>the whole</b>" in response.text
    comment = backstage.comment(ann.comment_id(response))
    assert comment.status is Status.pending
    assert comment.screened_at is None


def test_what_was_typed_is_kept_beside_what_is_published(ann: Reader, backstage: Backstage) -> None:
    typed = "One <script>alert(1)</script>\nline & <i onclick=x>more"
    comment = backstage.comment(ann.say(typed.replace("\n", "\r\n")))

    assert comment.body == typed
    assert comment.body_html == str(sanitize.clean(typed))
    assert "<script" not in comment.body_html
    assert comment.sanitizer_version == sanitize.VERSION


LONGEST = {
    "author": "é" * 245,
    "email": "a" * 64 + "@" + "b" * 31 + ".org",
    "website": "https://example.org/" + "a" * 180,
    "body": "é" * (BYTES // 2) + "!",
}


def test_fields_have_wordpress_limits(ann: Reader, backstage: Backstage) -> None:
    sizes = {field: len(longest) for field, longest in LONGEST.items() if field != "body"}
    assert sizes == {"author": 245, "email": 100, "website": 200}
    assert len(LONGEST["body"].encode()) == BYTES

    taken = backstage.comment(ann.say(**LONGEST))
    for field, longest in LONGEST.items():
        assert getattr(taken, field) == longest
        extra = longest.replace("b", "bb", 1) if field == "email" else f"{longest}a"
        response = ann.post(**{field: extra})
        assert response.status_code == (413 if field == "body" else 422), field
        assert f'data-field="{field}"' in response.text
    assert backstage.count(Comment) == 1


def test_a_name_that_grows_when_its_accents_are_composed_is_measured_after(ann: Reader) -> None:
    assert ann.post(author="\U0001d160" * 245).status_code == 422


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"author": ""}, "author"),
    ({"author": " \u200b "}, "author"),
    ({"author": "An\0n"}, "author"),
    ({"author": None}, "author"),
    ({"email": ""}, "email"),
    ({"email": "ann"}, "email"),
    ({"email": "ann@example"}, "email"),
    ({"email": "ann@example.org\nBcc: all@example.org"}, "email"),
    ({"website": "javascript:alert(1)"}, "website"),
    ({"website": 'https://example.org/" onclick="alert(1)'}, "website"),
    ({"body": ""}, "body"),
    ({"body": " \r\n\t "}, "body"),
    ({"body": "<b> </b>"}, "body"),
    ({"body": "a\0b"}, "body"),
    ({"parent": "first"}, "parent"),
    ({"parent": "0"}, "parent"),
    ({"parent": str(2**70)}, "parent"),
    ({"nonce": "n" * 65}, "nonce"),
]


def test_a_wrong_field_is_named(ann: Reader, backstage: Backstage) -> None:
    for fields, field in WRONG:
        response = ann.post(**fields)
        assert response.status_code == 422, fields
        assert f'data-field="{field}"' in response.text, fields
    assert backstage.count(Comment) == 0


def test_every_wrong_field_is_named_at_once(ann: Reader) -> None:
    text = ann.post("", author="", email="ann").text
    assert all(f'data-field="{field}"' in text for field in ("author", "email", "body"))


def test_email_is_needed_unless_the_site_says_otherwise(
    ann: Reader, nell: Reader, backstage: Backstage
) -> None:
    backstage.set("news", require_email=False)

    assert backstage.comment(ann.say(email="")).email == ""
    assert ann.post("Again.", email="ann").status_code == 422, "what is given must be right"
    assert nell.post(email="").status_code == 422, "the neighbour still asks for it"


def test_names_and_websites_are_as_hostile_as_bodies(ann: Reader, backstage: Backstage) -> None:
    mark = "<img src=x onerror=alert(1)>"
    comment_id = ann.say(
        "Hello.", author=f'Ann"{mark}', website="https://example.org/?a=1&b=<i>'"[:-4]
    )
    backstage.approve(comment_id)

    for text in (ann.read().text, ann.client.get("/t/news", query_string={"page": PAGE}).text):
        assert "<img" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
        assert 'href="https://example.org/?a=1&amp;b="' in text


def test_fields_that_are_not_in_the_form_reach_nothing(ann: Reader, backstage: Backstage) -> None:
    comment = backstage.comment(
        ann.say(
            status="approved", shown="1", site_id="2", body_html="<script>", held_for="x",
            created_at="2001-01-01", screened_at="2001-01-01", kind="pingback", source="x",
        )
    )  # fmt: skip

    assert (comment.status, comment.shown, comment.site_id) == (Status.pending, False, 1)
    assert (comment.screened_at, comment.source, comment.held_for) == (None, None, "")
    assert comment.kind == "comment"
    assert comment.created_at > now() - timedelta(hours=1)
    assert "<script" not in comment.body_html


# ------------------------------------------------------------------------------ only once


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
    """Let two pass the first look for their nonce before either goes on."""
    gather, first = parts.gather(2), Lock()
    digest, refuse = submission.body_digest, submission._refuse_duplicate

    def after_the_first_look(body: str) -> str:
        gather()
        if not first.acquire(blocking=False):
            parts.until(lambda: backstage.count(Comment) == 2, "the first to commit")
        return digest(body)

    def after_the_last_look(*known: Any) -> None:
        refuse(*known)
        gather()

    if until_committed:
        monkeypatch.setattr(submission, "body_digest", after_the_first_look)
    else:
        monkeypatch.setattr(submission, "_refuse_duplicate", after_the_last_look)


def test_a_nonce_with_another_key_tells_nothing_of_the_comment(ann: Reader, bob: Reader) -> None:
    ann.say("A secret of mine.", nonce="n-1")
    response = bob.post("Guessing.", nonce="n-1")

    assert response.status_code == 409
    assert "secret" not in response.text
    assert "Ann" not in response.text


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


# --------------------------------------------------------------------- pages and parents


def test_a_reply_answers_a_public_comment_of_the_same_page(
    ann: Reader, nell: Reader, backstage: Backstage
) -> None:
    pending = ann.say("Not public.")
    elsewhere, neighbours = ann.say("Elsewhere.", page=f"{PAGE}/2"), nell.say("At home.")
    backstage.approve(elsewhere, neighbours)

    for parent in (pending, elsewhere, neighbours, 4711):
        response = ann.post(f"To {parent}", parent=parent)
        assert response.status_code == 422, parent
        assert 'data-field="parent"' in response.text

    backstage.approve(pending)
    reply = backstage.comment(ann.say("Now it works.", parent=pending))
    assert reply.parent_id == pending


@pytest.mark.parametrize("how", ["closed_at", "hidden_at"])
def test_a_closed_or_hidden_thread_takes_no_comment(
    ann: Reader, app: Flask, backstage: Backstage, how: str
) -> None:
    ann.say()
    token = ann.token()
    with app.app_context(), writing():
        db.session.execute(update(Thread).values({how: now()}))
        db.session.commit()
    response = ann.post("Too late.", token=token)

    assert response.status_code == 403
    assert "closed" in response.text
    assert backstage.count(Comment) == 1


def test_a_page_of_another_website_gets_no_thread(ann: Reader, backstage: Backstage) -> None:
    for page in (
        "https://evil.example.org/",
        "HTTPS://EVIL.example.org/",
        " https://evil.example.org/",
        "\thttps://evil.example.org/",
        f"{HOST}@evil.example.org/",
        f"{HOST}.evil.example.org/",
        "http://[evil",
    ):
        assert ann.post(page=page).status_code == 403, page
    assert backstage.count(Thread) == 0
    assert ann.post(page="an-id-of-the-publishers").status_code == 202


def test_a_title_from_the_page_is_tidied_never_refused(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    ann.say(title=" The\n database\0 " + "x" * 400, url=f"javascript:alert('{HOST}')")
    with app.app_context():
        thread = db.session.scalars(db.select(Thread)).one()
        assert thread.title.startswith("The database xxx")
        assert len(thread.title) == 300
        assert thread.url == ""
