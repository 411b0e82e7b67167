"""What a reader may ask of a thread, and what every view of it says."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import update

from tests.conftest import PAGE, Backstage, Reader, WithoutScript, whatever_the_database
from tests.long_threads import BEGAN, grow
from tests.test_replies import shown, tree
from widget.db import db, writing
from widget.models import Badge, Comment, Hold, Move, Thread


@pytest.fixture
def change(app: Flask) -> Callable[..., None]:
    """What a moderator does to a thread, or to one comment: `change(Thread, notice="…")`."""

    def apply(model: Any, comment_id: int | None = None, **values: Any) -> None:
        with app.app_context(), writing():
            row = update(model).values(**values)
            db.session.execute(row.where(model.id == comment_id) if comment_id else row)
            db.session.execute(update(Thread).values(version=Thread.version + 1))
            db.session.commit()

    return apply


def text_of(page: Any, name: str) -> list[str]:
    """What elements of a class say."""
    return [
        " ".join(each.text_content().split())
        for each in page.xpath(f"//*[contains(concat(' ', @class, ' '), ' {name} ')]")
    ]


# ------------------------------------------------------------------------------ what may be asked


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "best"},
        {"at": "x"},
        {"at": "-1"},
        {"at": "9" * 19},
        {"at": "٣"},
        {"under": "x"},
        {"since": "yesterday"},
        {"since": "-1"},
        {"at": "1", "since": "1"},
        {"at": "1", "after": "00" * 16},
        {"since": "1", "under": "1"},
        {"page": ""},
        {"page": "x" * 1001},
    ],
)
def test_nonsense_is_answered_in_words(ann: Reader, query: dict[str, str]) -> None:
    response = ann.read(**query)
    assert response.status_code == 400
    assert "This request could not be understood" not in response.text
    assert response.text.strip().startswith("<p")


@whatever_the_database
def test_the_page_of_a_comment_begins_with_what_it_hangs_under(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(page_size=2)
    ids = grow(app, PAGE, [None, None, None, 2, None, None, None])
    page = tree(ann, at=ids[3])
    assert shown(page) == ids[2:5]
    assert text_of(page, "comments-earlier") == ["Earlier comments"]
    assert shown(tree(ann, at=ids[3], sort="newest")) == [ids[2], ids[3], ids[1]]
    (earlier,) = tree(ann, at=ids[6]).xpath("//a[@data-at]/@data-at")
    assert shown(tree(ann, at=int(earlier))) == ids[4:6]
    assert text_of(tree(ann, at=ids[0]), "comments-earlier") == []


@whatever_the_database
def test_a_comment_that_is_not_public_leads_to_the_first_page_and_says_so(
    ann: Reader, backstage: Backstage
) -> None:
    seen = ann.say("Everyone may read this.")
    backstage.approve(seen)
    pending = ann.say("Not yet.")
    for query in ({"at": pending}, {"at": 4711}, {"under": 4711}, {"under": pending}):
        page = tree(ann, **query)
        assert shown(page) == [seen]
        assert len(text_of(page, "comments-gone")) == 1
    assert text_of(tree(ann, at=seen), "comments-gone") == []
    ann.page = f"{PAGE}/nobody-wrote-here"
    assert len(text_of(tree(ann, at=seen), "comments-gone")) == 1


def test_every_view_is_answered_ahead_of_flask_once_it_is_ready(ann: Reader, app: Flask) -> None:
    ids = grow(app, PAGE, [None, 0, None])
    seen: list[str] = []
    app.before_request(lambda: seen.append("Flask was asked"))
    texts = set[str]()
    for query in ({}, {"at": ids[2]}, {"under": ids[0]}, {"since": 0}, {"sort": "newest"}):
        asked = {name: str(value) for name, value in query.items()}
        built = ann.read(**asked)
        seen.clear()
        kept = ann.read(**asked)
        assert (seen, kept.text) == ([], built.text)
        known = {"If-None-Match": built.headers["ETag"]}
        again = ann.client.get(built.request.full_path, headers=known)
        assert again.status_code == 304
        texts.add(kept.text)
    assert len(texts) == 5


def test_on_our_own_page_a_permalink_finds_its_comment_in_a_long_thread(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    cara = WithoutScript(app.test_client(), "Cara")
    ids = grow(app, PAGE, [None, 0, 1, 2])
    backstage.set(page_size=1, depth=2)
    cara_sees = tree(cara, sort="newest", lang="fr")
    links = cara_sees.xpath("//a[@class='comment-permalink' or @class='comment-context']/@href")
    assert len(links) == 6
    for link in links:
        address, _, name = str(link).rpartition("#comment-")
        assert f"at={name}" in address
        assert "sort=newest" in address
        assert "lang=fr" in address
    in_the_article = tree(ann).xpath("//a[@class='comment-permalink']/@href")
    assert in_the_article == [f"#comment-{each}" for each in ids]


# ------------------------------------------------------------------------------- what a page says


def test_a_section_tells_the_script_what_it_is(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    ids = grow(app, PAGE, [None, 0, None], removed=[0])
    (section,) = tree(ann).xpath("//section | self::section")
    said = {name[5:]: value for name, value in section.items() if name.startswith("data-")}
    micros = int((BEGAN - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000
    assert said == {
        "site": "news",
        "page": PAGE,
        "order": "oldest",
        "depth": "5",
        "count": "2",
        "latest": str(micros + 2 * 60_000_000),
    }
    articles = section.xpath(".//article")
    assert [each.get("data-parent") for each in articles] == ["", str(ids[0]), ""]
    assert [each.get("data-published") for each in articles] == [
        None, str(micros + 60_000_000), str(micros + 120_000_000),
    ]  # fmt: skip
    backstage.set(infinite_scroll=True)
    (section,) = tree(ann, lang="fr").xpath("//section | self::section")
    assert section.get("data-infinite") is not None
    assert section.get("data-lang") == "fr"


@whatever_the_database
def test_links_sort_it_and_say_which_way_it_is_sorted(ann: Reader, app: Flask) -> None:
    grow(app, PAGE, [None, None])
    for asked, current in (({}, "oldest"), ({"sort": "newest"}, "newest")):
        links = tree(ann, **asked).xpath("//a[@class='comments-sort']")
        assert [link.get("data-sort") for link in links] == ["oldest", "newest"]
        assert [link.get("data-sort") for link in links if link.get("aria-current")] == [current]
    ann.page = f"{PAGE}/alone"
    grow(app, ann.page, [None])
    assert tree(ann).xpath("//a[@class='comments-sort']") == [], "one comment has no order"


def test_pinned_comments_stand_first_and_only_there(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    ids = grow(app, PAGE, [None, None, None, 1, None, None], pinned=[1, 4])
    for sort, rest in (("oldest", [0, 2, 5]), ("newest", [5, 2, 0])):
        page = tree(ann, sort=sort)
        above = list(page.xpath("//ol[@class='comments-pinned']//article/@id"))
        assert above == [f"comment-{ids[place]}" for place in (4, 1, 3)], "pinned last, first"
        assert shown(page)[3:] == [ids[place] for place in rest]
        assert text_of(page, "comment-pinned") == ["Pinned", "Pinned"]
    backstage.set(page_size=1)
    (after,) = tree(ann).xpath("//a[@class='comments-more-link']/@data-after")
    assert shown(tree(ann, after=after)) == [ids[2]]
    assert ids[3] in shown(tree(ann, at=ids[3]))


def test_an_edited_comment_and_who_wrote_it_are_marked(
    ann: Reader, app: Flask, change: Callable[..., None]
) -> None:
    ids = grow(app, PAGE, [None, None, None])
    change(Comment, ids[0], edited_at=BEGAN, badge=Badge.author)
    change(Comment, ids[1], badge=Badge.moderator)
    page = tree(ann)
    assert text_of(page, "comment-edited") == ["edited"]
    assert text_of(page, "comment-badge") == ["Author", "Moderator"]


@whatever_the_database
def test_a_removed_comment_keeps_its_place_and_tells_nothing(
    ann: Reader, backstage: Backstage
) -> None:
    gone = ann.say("What I said.", website="https://ann.example.org")
    backstage.approve(gone)
    answer = ann.say("An answer.", parent=gone)
    backstage.approve(answer)
    backstage.move(gone, Move.trash)
    response = ann.read()
    page = html.fromstring(response.text)
    assert shown(page) == [gone, answer]
    assert text_of(page, "comment-gone") == ["This comment was removed."]
    assert "What I said." not in response.text
    assert "ann.example.org" not in response.text
    assert page.xpath("//article[not(@data-published)]/@id") == [f"comment-{gone}"]


def test_a_moderators_notice_is_text_and_so_is_the_threads_own_rule(
    ann: Reader, app: Flask, change: Callable[..., None]
) -> None:
    grow(app, PAGE, [None])
    assert text_of(tree(ann), "comments-notice") == []
    change(Thread, notice="Stay with the <b>database</b>.")
    assert text_of(tree(ann), "comments-notice") == ["Stay with the <b>database</b>."]
    told = set[str]()
    for hold in Hold:
        change(Thread, hold=hold)
        told.add(text_of(tree(ann), "comments-notice")[1])
    assert len(told) == 3
