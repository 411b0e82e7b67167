"""What has come since: asked for again and again, so small, and never the same thing twice."""

from flask import Flask
from lxml import html
from lxml.html import HtmlElement

from tests.conftest import PAGE, Backstage, Reader, whatever_the_database
from tests.long_threads import grow
from tests.test_replies import shown
from widget.models import Hold, Move


def arrived(reader: Reader, since: str) -> HtmlElement:
    response = reader.read(since=since)
    assert response.status_code == 200
    return html.fragment_fromstring(response.text)


def latest(reader: Reader) -> str:
    """The stamp that comes with the thread."""
    found = html.fromstring(reader.read().text)
    return str(found.xpath("string(//@data-latest)"))


def test_what_was_published_since_comes_flat_and_once(
    ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none)
    first = ann.say("The first.")
    backstage.screen(first)
    stamp = latest(bob)
    nothing = arrived(bob, stamp)
    assert (nothing.get("class"), nothing.get("data-latest")) == ("comments-arrived", stamp)
    assert len(nothing) == 0

    held = ann.say("Held for a while, buy pills.")
    answer, other = ann.say("An answer.", parent=first), ann.say("Another.")
    backstage.screen(answer, other)
    news = arrived(bob, stamp)
    assert shown(news) == [answer, other]
    assert [each.get("data-parent") for each in news.iter("article")] == [str(first), ""]
    assert news.xpath("string(.//button[@class='comments-arrived-button'])") == "2 new comments"
    assert not news.xpath(".//form | .//details")

    stamp = str(news.get("data-latest"))
    assert stamp == latest(bob)
    assert shown(arrived(bob, stamp)) == []
    backstage.approve(held)
    assert shown(arrived(bob, stamp)) == [held], "new is what was published, not what was written"
    backstage.move(held, Move.trash)
    assert shown(arrived(bob, stamp)) == []


def test_whoever_was_away_for_long_gets_it_in_parts(ann: Reader, app: Flask) -> None:
    ids = grow(app, PAGE, [None] * 70)
    first = arrived(ann, "0")
    assert shown(first) == ids[:50]
    rest = arrived(ann, str(first.get("data-latest")))
    assert shown(rest) == ids[50:]


@whatever_the_database
def test_a_stamp_of_another_age_and_a_thread_without_comments_are_no_trouble(ann: Reader) -> None:
    for stamp in ("0", "9" * 18):
        assert arrived(ann, stamp).get("data-latest") == stamp
    assert latest(ann) == "0"
