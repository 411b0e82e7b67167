"""Atom feeds, as feed readers take them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import HOST, PAGE, Backstage, Reader, whatever_the_database
from widget.db import db, now, writing
from widget.models import Comment, Hold, Move, Site, Thread

SITE = "/feeds/news.atom"
THREAD = f"/feeds/news/thread.atom?page={PAGE}"
SERVICE = "http://comments.example.org"
NAMES = {"a": "http://www.w3.org/2005/Atom", "thr": "http://purl.org/syndication/thread/1.0"}


def fetched(reader: Reader, url: str = SITE) -> Any:
    """The feed as a tree; nothing in it is missing that Atom asks for (RFC 4287)."""
    answer = reader.client.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(answer.data, etree.XMLParser(resolve_entities=False))
    assert feed.tag == f"{{{NAMES['a']}}}feed"
    for each in (feed, *find(feed, "a:entry")):
        for name in ("id", "title", "updated"):
            assert len(find(each, f"a:{name}")) == 1, name
        assert text(each, "a:id").startswith("urn:uuid:")
        assert text(each, "a:title")
        assert find(each, "a:author/a:name")
        assert datetime.fromisoformat(text(each, "a:updated")).tzinfo is not None
        assert len(find(each, "a:link[@rel='alternate']/@href")) == 1
    ids = [str(name) for name in find(feed, "//a:id/text()")]
    assert len(set(ids)) == len(ids)
    return feed


def find(tree: Any, path: str) -> list[Any]:
    found: list[Any] = tree.xpath(path, namespaces=NAMES)
    return found


def text(tree: Any, path: str) -> str:
    return str(tree.xpath(f"string({path})", namespaces=NAMES))


def titles(feed: Any) -> list[str]:
    return [str(title) for title in find(feed, "a:entry/a:title/text()")]


def get(reader: Reader, url: str, **headers: str) -> TestResponse:
    return reader.client.get(
        url, headers={name.replace("_", "-"): said for name, said in headers.items()}
    )


def rename(app: Flask, title: str) -> None:
    """Store a title as an old import may have left it."""
    with app.app_context(), writing():
        db.session.scalars(select(Thread)).one().title = title
        db.session.commit()


@whatever_the_database
def test_an_entry_tells_who_said_what_where_and_in_answer_to_whom(
    ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    first = ann.say("The <em>minutes</em> &amp; more.", website="https://ann.example.org")
    backstage.approve(first)
    second = bob.say("Page 14.", parent=first)
    backstage.approve(second)

    feed = fetched(ann)
    assert text(feed, "a:title") == "Comments at Norwalk News"
    assert text(feed, "a:link[@rel='alternate']/@href") == HOST
    assert text(feed, "a:link[@rel='self']/@href") == SERVICE + SITE
    answer, entry = find(feed, "a:entry")
    assert text(entry, "a:title") == "Ann on “The database”"
    assert text(entry, "a:author/a:name") == "Ann"
    assert text(entry, "a:link/@href") == f"{PAGE}#comment-{first}"
    assert text(entry, "a:content[@type='html']") == "<p>The <em>minutes</em> &amp; more.</p>"
    written = backstage.comment(first)
    assert datetime.fromisoformat(text(entry, "a:published")) == written.created_at
    assert datetime.fromisoformat(text(entry, "a:updated")) == written.published_at
    assert text(answer, "thr:in-reply-to/@ref") == text(entry, "a:id")
    assert text(answer, "thr:in-reply-to/@href") == f"{PAGE}#comment-{first}"
    assert not find(entry, "thr:in-reply-to")
    assert "@example.org" not in get(ann, SITE).text, "an address is nobody's business"


def test_a_feed_has_the_fifty_that_were_published_last(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none)
    said = [ann.say(f"No. {number}.") for number in range(3)]
    backstage.screen(*said)
    with app.app_context(), writing():
        # The first was held for longest.
        db.session.get_one(Comment, said[0]).published_at = now() + timedelta(minutes=1)
        original = db.session.get_one(Comment, said[1])
        for number in range(60):
            copy = {
                column.key: getattr(original, column.key)
                for column in Comment.__mapper__.column_attrs
                if column.key not in {"id", "nonce", "path"}
            }
            copy["published_at"] = original.created_at - timedelta(minutes=1)
            db.session.add(Comment(**copy, path=b"%08d" % number))
        db.session.commit()
    for url in (SITE, THREAD):
        bodies = find(fetched(ann, url), "a:entry/a:content/text()")
        assert len(bodies) == 50
        assert bodies[:3] == ["<p>No. 0.</p>", "<p>No. 2.</p>", "<p>No. 1.</p>"]


def test_a_threads_feed_is_of_that_page_alone(
    ann: Reader, bob: Reader, nell: Reader, backstage: Backstage
) -> None:
    bob.page = f"{HOST}/parking"
    backstage.approve(ann.say(), bob.say("Parking.", title="Parking"), nell.say("Next door."))
    feed = fetched(ann, f"/feeds/news/thread.atom?page={HOST}/parking/%3Futm_source=x")
    assert titles(feed) == ["Bob on “Parking”"]
    assert text(feed, "a:title") == "Comments on “Parking”"
    assert text(feed, "a:link[@rel='alternate']/@href") == bob.page
    (itself,) = find(feed, "a:link[@rel='self']/@href")
    assert titles(fetched(ann, str(itself).removeprefix(SERVICE))) == titles(feed)
    assert len(titles(fetched(ann))) == 2
    assert titles(fetched(ann, "/feeds/other.atom")) == ["Nell on “The database”"]


def test_only_what_is_public_is_in_a_feed(ann: Reader, app: Flask, backstage: Backstage) -> None:
    ann.say("Pending.", title="BUY PILLS")
    for move in (Move.spam, Move.trash, Move.reject):
        backstage.move(ann.say(f"This goes by {move}."), move)
    for url in (SITE, THREAD):
        assert titles(fetched(ann, url)) == []
        assert "BUY PILLS" not in get(ann, url).text, "nobody has seen that title"
    backstage.approve(ann.say("Seen."))
    assert len(titles(fetched(ann))) == len(titles(fetched(ann, THREAD))) == 1
    with app.app_context(), writing():
        db.session.scalars(select(Thread)).one().hidden_at = now()
        db.session.commit()
    for url in (SITE, THREAD):
        assert titles(fetched(ann, url)) == []


def test_what_xml_forbids_is_left_out(ann: Reader, app: Flask, backstage: Backstage) -> None:
    number = ann.say()
    backstage.approve(number)
    rename(app, "A\x01B\x0b\ufffe <b>&amp; 😀")
    with app.app_context(), writing():
        db.session.get_one(Comment, number).body_html = "<p>one\x0c\ntwo\x1b ]]></p>"
        db.session.get_one(Comment, number).author = "Ann\x7f \x02Alder"
        db.session.commit()
    feed = fetched(ann)
    assert titles(feed) == ["Ann Alder on “A B <b>&amp; 😀”"]
    assert text(feed, "a:entry/a:content") == "<p>one \ntwo  ]]></p>"
    assert text(feed, "a:entry/a:author/a:name") == "Ann Alder"
    assert (
        text(
            fetched(ann, "/feeds/news/thread.atom?page=a%20page%EF%BF%BE%20of%20nobody"), "a:title"
        )
        == "Comments on “a page of nobody”"
    )


def test_a_name_stays_the_same_wherever_things_move(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.approve(ann.say())
    before = find(fetched(ann), "//a:id/text()")
    with app.app_context(), writing():
        db.session.scalars(select(Thread)).one().url = "https://new.example.org/elsewhere"
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        site.origins, site.name = ["https://new.example.org"], "The Norwalk News"
        db.session.commit()
    after = fetched(ann)
    assert find(after, "//a:id/text()") == before
    assert text(after, "a:entry/a:link/@href").startswith("https://new.example.org/elsewhere#")


@whatever_the_database
def test_a_comment_whose_article_is_unknown_is_read_on_our_own_page(
    ann: Reader, backstage: Backstage
) -> None:
    ann.page = "article-17"
    number = ann.say(title="")
    backstage.approve(number)
    feed = fetched(ann, "/feeds/news/thread.atom?page=article-17")
    assert titles(feed) == ["Comment by Ann"]
    own = f"{SERVICE}/t/news?page=article-17"
    assert text(feed, "a:link[@rel='alternate']/@href") == own
    link = text(feed, "a:entry/a:link/@href")
    assert link == f"{own}&at={number}#comment-{number}"
    assert f'id="comment-{number}"' in ann.client.get(link.removeprefix(SERVICE)).text


@whatever_the_database
def test_who_has_a_feed_already_gets_304_until_something_changes(
    ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    number = ann.say()
    backstage.approve(number)
    for url in (SITE, THREAD):
        answer = get(ann, url)
        etag = answer.headers["ETag"]
        assert answer.cache_control.public
        assert answer.cache_control.s_maxage
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = get(ann, url, If_None_Match=etag)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]
        assert get(ann, url, Origin=HOST).headers["Access-Control-Allow-Origin"] == HOST
        assert "Access-Control-Allow-Origin" not in get(ann, url, Origin="http://x.example").headers
        backstage.approve(bob.say(f"At {url}."))
        assert get(ann, url, If_None_Match=etag).status_code == 200
    etags = [get(ann, url).headers["ETag"] for url in (SITE, THREAD)]
    backstage.move(number, Move.trash)
    for url, etag in zip((SITE, THREAD), etags, strict=True):
        assert get(ann, url, If_None_Match=etag).status_code == 200


@whatever_the_database
def test_an_empty_feed_does_not_change_by_itself(
    ann: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (SITE, THREAD):
        first = get(ann, url)
        assert titles(fetched(ann, url)) == []
        assert datetime.fromisoformat(text(fetched(ann, url), "a:updated")) <= datetime.now(UTC)
        assert get(ann, url, If_None_Match=first.headers["ETag"]).status_code == 304


def test_a_feed_speaks_the_sites_language_or_the_one_that_is_asked_for(
    ann: Reader, backstage: Backstage
) -> None:
    backstage.set(language="fr", words={"fr": {"Comments at %(site)s": "Le courrier de %(site)s"}})
    feed = fetched(ann)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert text(feed, "a:title") == "Le courrier de Norwalk News"
    asked = fetched(ann, f"{SITE}?lang=ar")
    assert asked.get("{http://www.w3.org/XML/1998/namespace}lang") == "ar"


@whatever_the_database
def test_a_feed_of_nothing_is_refused_in_words(ann: Reader) -> None:
    assert get(ann, "/feeds/nobody.atom").status_code == 404
    assert get(ann, "/feeds/nobody/thread.atom?page=a").status_code == 404
    assert get(ann, "/feeds/news/thread.atom").status_code == 400
    assert get(ann, f"/feeds/news/thread.atom?page={'x' * 1001}").status_code == 400
