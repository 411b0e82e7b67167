"""A preview: the very HTML that would be published, and nothing of it is stored."""

from typing import Any

import pytest
from flask import Flask
from lxml import html
from werkzeug.test import TestResponse

from tests.conftest import PAGE, Backstage, Reader, WithoutScript, whatever_the_database
from widget.db import Base
from widget.models import Comment, Thread

BODY = "I <em>read</em> it & <script>so</script>\r\n\r\nshould you: https://example.org/a_b."


def preview(reader: Reader, body: str = BODY, **fields: Any) -> TestResponse:
    form = {"page": PAGE, "author": reader.name, "email": "ann@example.org", "body": body, **fields}
    return reader.client.post("/embed/news/preview", data=form, headers=reader.headers)


def words(text: str) -> str:
    """The HTML of the one comment's words."""
    (body,) = parsed(text).find_class("comment-body")
    return str(html.tostring(body, encoding="unicode", with_tail=False))


def parsed(text: str) -> Any:
    """A page or a fragment as a tree."""
    return html.document_fromstring(text)


@pytest.fixture
def cara(app: Flask) -> WithoutScript:
    """A reader whose browser runs no script."""
    return WithoutScript(app.test_client(), "Cara")


@pytest.mark.parametrize("markdown", [False, True])
@whatever_the_database
def test_a_preview_shows_the_very_html_that_is_published(
    ann: Reader, backstage: Backstage, markdown: bool
) -> None:
    backstage.set(markdown=markdown)
    body = f"{BODY}\n\n> *so* they say"
    response = preview(ann, body)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "comment-preview" in response.text

    backstage.approve(ann.say(body))
    assert words(response.text) == words(ann.read().text)
    assert ("<blockquote" in response.text) is markdown


@whatever_the_database
def test_nothing_of_a_preview_is_stored(ann: Reader, backstage: Backstage) -> None:
    def rows() -> dict[str, int]:
        tables = [mapper.class_ for mapper in Base.registry.mappers]
        return {model.__name__: backstage.count(model) for model in tables}

    before = rows()
    assert preview(ann, tell="1", subscribe="thread").status_code == 200
    assert rows() == before
    assert before["Comment"] == before["Thread"] == 0


@whatever_the_database
def test_a_preview_is_refused_in_the_same_words_as_a_comment(ann: Reader) -> None:
    for fields in (
        {"author": ""}, {"email": "ann"}, {"website": "javascript:x"}, {"body": "\u200b"},
        {"body": "é" * 40_000}, {"subscribe": "everything"}, {"page": ""},
    ):  # fmt: skip
        refused, posted = preview(ann, **fields), ann.post(**fields)
        assert refused.status_code == posted.status_code, fields
        assert refused.text == posted.text, fields
    ann.origin = "https://evil.example.org"
    assert preview(ann).status_code == 403


@whatever_the_database
def test_previews_are_limited_gently(ann: Reader) -> None:
    statuses = [preview(ann, "").status_code for _ in range(61)]
    assert statuses[:60] == [422] * 60
    assert statuses[60] == 429
    assert ann.post().status_code == 202, "posting has a limit of its own"


@whatever_the_database
def test_without_a_script_the_page_comes_back_with_the_preview_and_all_that_was_typed(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    parent = ann.say("Answer me.")
    backstage.approve(parent)
    page = parsed(cara.read(parent=str(parent), lang="fr").text)
    (form,) = page.xpath("//form[@id='respond']")
    (button,) = form.find_class("comment-preview-button")
    form.fields.update(author="Cara", email="cara@example.org", body=BODY, tell=True)
    form.fields["subscribe"] = "replies"
    typed = dict(form.form_values())
    response = cara.client.post(
        button.get("formaction").removeprefix("http://comments.example.org"),
        data=typed,
        headers=cara.headers,
    )

    assert response.status_code == 200
    page = parsed(response.text)
    assert page.get("lang") == "fr"
    (shown,) = page.find_class("comment-preview")
    assert shown.getnext().get("id") == "respond", "it stands above the form"
    assert "<em>read</em>" in html.tostring(shown, encoding="unicode")
    (form,) = page.xpath("//form[@id='respond']")
    again = dict(form.form_values())
    for name in ("page", "parent", "author", "email", "tell", "subscribe", "lang"):
        assert again[name] == typed[name], name
    # A browser drops the first newline of a text area.
    assert str(again["body"]).removeprefix("\n") == BODY.replace("\r\n", "\n")
    assert not page.xpath("//form[@id='respond']//*[@class='comment-fault']")
    assert backstage.count(Comment) == backstage.count(Thread) == 1

    sent = cara.client.post("/embed/news/comments", data=again, headers=cara.headers)
    assert sent.status_code == 303


@whatever_the_database
def test_the_form_asks_for_mails_and_offers_to_remember_only_what_one_chooses(
    ann: Reader, backstage: Backstage
) -> None:
    page = parsed(ann.read().text)
    (form,) = page.xpath("//form[@id='respond']")
    sent = dict(form.form_values())
    assert sent["subscribe"] == ""
    assert not {"tell", "daily"} & sent.keys()
    (remember,) = form.find_class("comment-remember")
    assert "hidden" in remember.attrib
    assert "Save my name, email, and website in this browser" in remember.text_content()
    (counter,) = form.find_class("comment-counter")
    assert counter.get("data-limit") == "65525"

    taken = backstage.comment(ann.say(tell="1", lang="fr"))
    assert taken.tell_author
    assert taken.language == "fr"
    assert not backstage.comment(ann.say("And quietly.")).tell_author
