"""Taking in a comment: what is accepted, what is refused and in which words, and only once."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests.conftest import HOST, PAGE, Backstage, Reader
from widget import sanitize
from widget.db import db, now, writing
from widget.models import Comment, Status, Thread

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
    ({"body": "\u200b\ufeff \u2060\n\n\u2800<b>\u00ad</b>\u3164"}, "body"),
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
    ann.page = "article-17"
    ann.say(title=" The\n database\0 " + "x" * 400, url=f"javascript:alert('{HOST}')")
    with app.app_context():
        thread = db.session.scalars(db.select(Thread)).one()
        assert thread.title.startswith("The database xxx")
        assert len(thread.title) == 300
        assert thread.url == ""
