"""The thread as a page of its own: all of it works without a script."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import HOST, PAGE, Backstage, Reader, WithoutScript, whatever_the_database
from widget import sanitize
from widget.db import db
from widget.models import Comment, Hold, Status, Thread

SERVICE = "http://comments.example.org"


@pytest.fixture
def cara(app: Flask) -> WithoutScript:
    """A reader whose browser runs no script."""
    return WithoutScript(app.test_client(), "Cara")


def parsed(response: TestResponse) -> Any:
    assert response.status_code == 200
    return html.fromstring(response.text)


def page(reader: Reader, **query: str) -> Any:
    return parsed(reader.read(**query))


def links(tree: Any) -> Iterator[str]:
    for link in tree.xpath("//a/@href"):
        yield urljoin(f"{SERVICE}/t/news", str(link))


@whatever_the_database
def test_it_is_a_whole_page_that_points_to_the_article(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    backstage.approve(ann.say("Everyone may read this.", title="The <i>database</i>"))
    response = cara.read()
    tree = parsed(response)

    assert response.text.lstrip().lower().startswith("<!doctype html>")
    assert "The <i>database</i>" in tree.findtext(".//title")
    assert tree.xpath("string(//h1)") == "The <i>database</i>"
    assert tree.xpath("//link[@rel='canonical']/@href") == [PAGE]
    assert PAGE in set(links(tree))
    assert "Everyone may read this." in tree.text_content()
    assert tree.attrib["lang"] == "en"


@whatever_the_database
def test_it_lets_no_foreign_code_run_and_tells_no_one_who_reads(cara: WithoutScript) -> None:
    response = cara.read()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response.headers["Referrer-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    tree = parsed(response)
    links = "//link[@rel!='canonical' and @rel!='alternate']/@href"
    for loaded in tree.xpath(f"//script/@src | {links} | //img/@src"):
        assert str(loaded).startswith("/"), loaded
    inline = "//style | //*[@style] | //script[not(@src or @type='application/ld+json')]"
    assert not tree.xpath(inline)


@whatever_the_database
def test_the_form_can_be_filled_in_and_sent_as_it_stands(
    cara: WithoutScript, backstage: Backstage
) -> None:
    form = page(cara).get_element_by_id("respond")
    assert form.method == "POST"
    assert form.action == f"{SERVICE}/embed/news/comments"
    form.fields["author"], form.fields["email"] = "Cara", "cara@example.org"
    form.fields["body"] = "Sent as it stands."
    answers = [
        cara.client.post(
            form.action.removeprefix(SERVICE), data=dict(form.form_values()), headers=cara.headers
        )
        for _ in ("a click", "a double click")
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    comment_ids = {answer.headers["Location"].partition("#comment-")[2] for answer in answers}
    assert len(comment_ids) == 1

    comment_id = int(comment_ids.pop())
    backstage.screen(comment_id)
    assert backstage.comment(comment_id).signals == [], "it came from our form, and lately"


@whatever_the_database
def test_the_form_has_its_classic_words_and_names_the_tags_that_work(cara: WithoutScript) -> None:
    form = page(cara).get_element_by_id("respond")
    assert form.xpath("string(.//h3)") == "Leave a Reply"
    assert form.xpath("string(.//*[@id='respond-notes'])") == (
        "Your email address will not be published. Required fields are marked *"
    )
    labels = [str(label.text) for label in form.xpath(".//label[starts-with(@for, 'respond-')]")]
    assert labels[:4] == ["Name *", "Email *", "Website", "Comment *"]
    remember = form.xpath(".//*[contains(@class, 'comment-remember')]")[0]
    assert "Save my name, email, and website in this browser" in remember.text_content()
    assert "hidden" in remember.attrib, "only a script can remember"
    assert not form.xpath(".//input[@checked]"), "nothing is chosen for anyone"

    # What it says of tags is true: these work, with these attributes, and no others.
    named = str(form.xpath("string(.//details//code)"))
    values = {"title": "t", "datetime": "2019-03-14"}
    said = {}
    for tag, rest in re.findall(r"<(\w+)([^>]*)>", named):
        said[tag] = re.findall(r'(\w+)=""', rest)
        typed = "".join(f' {name}="{values.get(name, PAGE)}"' for name in said[tag])
        published = sanitize.clean(f"<{tag}{typed}>x</{tag}>")
        (shown,) = html.fragment_fromstring(published, create_parent=True).iter(tag)
        assert set(said[tag]) <= set(shown.attrib)
    assert said.keys() == sanitize._ALLOWED.keys()


@whatever_the_database
def test_replying_needs_no_script(cara: WithoutScript, ann: Reader, backstage: Backstage) -> None:
    parent = ann.say("Answer me.")
    backstage.approve(parent)
    (reply,) = (link for link in links(page(cara)) if f"parent={parent}" in link)
    tree = parsed(cara.client.get(reply.removeprefix(SERVICE)))

    assert tree.forms[0].fields["parent"] == str(parent)
    assert "Reply to Ann" in tree.text_content()
    for odd in ("4711", "-1", "x", "9" * 30, ""):
        assert not page(cara, parent=odd).forms[0].fields["parent"]


@whatever_the_database
def test_a_long_thread_is_leafed_through_by_links(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    backstage.set("news", hold=Hold.none, page_size=2)
    backstage.screen(*(ann.say(f"No. {number}.") for number in range(5)))
    found: list[list[str]] = []
    tree = page(cara, sort="newest")
    while True:
        found.append([str(body).strip() for body in tree.xpath(
            "//*[@class='comment-body']//p/text()")])  # fmt: skip
        onward = [link for link in links(tree) if "after=" in link]
        if not onward:
            break
        tree = parsed(cara.client.get(onward[0].removeprefix(SERVICE)))
    assert found == [["No. 4.", "No. 3."], ["No. 2.", "No. 1."], ["No. 0."]]


def test_an_id_leads_to_the_article_only_if_its_page_said_where_it_is(
    cara: WithoutScript, ann: Reader, app: Flask, backstage: Backstage
) -> None:
    cara.page = ann.page = "article-17"
    assert not page(cara).xpath("//link[@rel='canonical']")
    backstage.approve(ann.say(url=f"{HOST}/seventeen"))
    assert page(cara).xpath("//link[@rel='canonical']/@href") == [f"{HOST}/seventeen"]
    with app.app_context():
        assert db.session.scalars(select(Thread.url)).one() == f"{HOST}/seventeen"
    cara.page = ann.page = "article-18"
    ann.say(url="https://evil.example.org/")
    assert not page(cara).xpath("//link[@rel='canonical']")


def test_what_a_stranger_calls_a_page_shows_only_beside_a_comment_that_was_approved(
    cara: WithoutScript, ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    bob.page = ann.page = cara.page = "article-19"
    bob.say("Buy pills.", title="BUY PILLS", url=f"{HOST}/go?to=evil")
    assert "BUY PILLS" not in cara.read().text
    assert "evil" not in cara.read().text
    backstage.approve(ann.say(title="The database", url=f"{HOST}/nineteen"))
    assert page(cara).xpath("string(//h1)") == "The database"
    bob.say("Buy more pills.", title="BUY PILLS", url=f"{HOST}/go?to=evil")
    assert page(cara).xpath("//link[@rel='canonical']/@href") == [f"{HOST}/nineteen"]


def test_a_plain_form_sent_twice_is_one_comment_and_changed_words_are_not_lost(
    cara: WithoutScript, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none)
    form = page(cara).get_element_by_id("respond").form_values()
    filled = dict(form) | {"author": "Cara", "email": "cara@example.org", "body": "Once."}
    for _ in range(2):
        sent = cara.client.post("/embed/news/comments", data=filled, headers=cara.headers)
        assert sent.status_code == 303
    changed = cara.client.post(
        "/embed/news/comments", data=filled | {"body": "Once more."}, headers=cara.headers
    )
    assert changed.status_code == 409
    again = html.fromstring(changed.text)
    assert str(again.xpath("string(//textarea)")).strip() == "Once more."
    assert again.xpath("//input[@name='nonce']/@value") != [filled["nonce"]]
    assert backstage.count(Comment) == 1
    with app.app_context():
        comment_id = db.session.scalars(select(Comment.id)).one()
    backstage.screen(comment_id)
    assert backstage.comment(comment_id).status is Status.approved


@whatever_the_database
def test_a_page_of_another_website_has_no_form_that_nobody_could_send(
    cara: WithoutScript,
) -> None:
    target = "/t/news?page=https://elsewhere.example.net/story"
    response = cara.client.get(target)
    assert response.status_code == 404
    assert "does not belong to" in response.text
    assert "<form" not in response.text
