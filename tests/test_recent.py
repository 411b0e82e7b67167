"""The newest comments for a front page, as a fragment."""

from typing import Any

import pytest
from lxml import html

from tests.conftest import HOST, PAGE, Backstage, Reader, whatever_the_database
from widget.models import Hold, Move
from widget.publishing.prose import excerpt

RECENT = "/embed/news/recent"


def items(reader: Reader, url: str = RECENT) -> list[Any]:
    answer = reader.client.get(url, headers=reader.headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    tree: Any = html.fromstring(f"<div>{answer.text}</div>")
    return list(tree.xpath("./ol/li"))


@whatever_the_database
def test_it_lists_who_said_what_under_which_article_newest_first(
    ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    bob.page = "article-17"
    first = ann.say("The <em>minutes</em>\nare public. " + "And so on. " * 30)
    second = bob.say("Which <i>ones</i>?", title="")
    backstage.approve(first, second)
    newest, oldest = items(ann)

    assert oldest.xpath("string(p)") == "Ann on The database"
    (link,) = oldest.xpath(".//a")
    assert (link.text, link.get("href")) == ("The database", f"{PAGE}#comment-{first}")
    words = oldest.xpath("string(blockquote)")
    assert words.startswith("The minutes are public. And so on.")
    assert words.endswith("…")
    assert len(words) < 150
    at = backstage.comment(first).created_at
    assert oldest.xpath("time/@datetime") == [at.isoformat(timespec="seconds")]
    assert f"{at:%B}" in oldest.xpath("string(time)")

    assert newest.xpath("string(p)") == "Comment by Bob"
    (link,) = newest.xpath(".//a/@href")
    assert link.startswith("http://comments.example.org/t/news?page=article-17")
    assert link.endswith(f"#comment-{second}")
    assert "<i>" not in newest.text_content()
    assert "@example.org" not in ann.client.get(RECENT).text


@whatever_the_database
def test_nothing_that_was_typed_becomes_a_tag(ann: Reader, backstage: Backstage) -> None:
    evil = "<img src=x onerror=alert(1)>"
    backstage.approve(ann.say(f"Look: {evil}", author=evil, title=evil))
    (item,) = items(ann)
    assert not item.xpath(".//img")
    assert item.text_content().count(evil) == 3


@whatever_the_database
def test_so_many_are_listed_as_are_asked_for(ann: Reader, backstage: Backstage) -> None:
    backstage.set(hold=Hold.none)
    backstage.screen(*(ann.say(f"No. {number}.") for number in range(22)))
    for asked, listed in {"": 5, "?limit=2": 2, "?limit=20": 20, "?limit=999": 20, "?limit=x": 5,
                          "?limit=-1": 1}.items():  # fmt: skip
        assert len(items(ann, RECENT + asked)) == listed, asked
    assert items(ann)[0].xpath("string(blockquote)") == "No. 21."


@whatever_the_database
def test_only_the_sites_own_public_comments_are_listed(
    ann: Reader, nell: Reader, backstage: Backstage
) -> None:
    gone = ann.say("Gone.")
    backstage.approve(gone, nell.say("Next door."))
    backstage.move(gone, Move.spam)
    ann.say("Pending.")
    answer = ann.client.get(RECENT)
    assert "No comments yet." in answer.text
    assert not any(words in answer.text for words in ("Gone.", "Next door.", "Pending."))


def test_it_is_kept_as_a_thread_is_and_read_by_the_sites_own_pages(
    ann: Reader, backstage: Backstage
) -> None:
    number = ann.say()
    backstage.approve(number)
    answer = ann.client.get(RECENT, headers=ann.headers)
    assert answer.headers["Cache-Control"] == ann.read().headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == HOST
    assert "Origin" in answer.headers["Vary"]
    known = {**ann.headers, "If-None-Match": answer.headers["ETag"]}
    assert ann.client.get(RECENT, headers=known).status_code == 304
    foreign = ann.client.get(RECENT, headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in foreign.headers
    backstage.move(number, Move.trash)
    assert ann.client.get(RECENT, headers=known).status_code == 200
    assert ann.client.get("/embed/nobody/recent").status_code == 404


@pytest.mark.parametrize(
    ("body_html", "said"),
    [
        ("<p>one two three</p>", "one two three"),
        ("<p>one<br>two</p>\n<p>three</p>", "one two three"),
        ("<p>one two, three four five</p>", "one two, three…"),
        ("<p>one two, <em>three</em>-four</p>", "one two…"),
        ("<p>日本語の長いコメントには空白がない</p>", "日本語の長いコメントには空白が…"),
        ("<p>&lt;b&gt; &amp;amp;</p>", "<b> &amp;"),
    ],
)
def test_an_excerpt_ends_at_a_word(body_html: str, said: str) -> None:
    assert excerpt(body_html, 15) == said
