"""Which page a thread belongs to, and where a comment stands in it."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import select

from tests import parts
from tests.conftest import HOST, PAGE, Backstage, Reader, whatever_the_database
from widget.addresses import origin_of
from widget.comments.threading import page_identity
from widget.db import db
from widget.models import Comment, Hold, Thread, paths

# --------------------------------------------------------------------------- a page's name


@pytest.mark.parametrize(
    ("page", "identity"),
    [
        ("article-17", "article-17"),
        (" article-17\n", "article-17"),
        ("Article-17#part", "Article-17#part"),
        ("HTTP://News.Example.ORG/A/B", "http://news.example.org/A/B"),
        ("http://news.example.org:80/a", "http://news.example.org/a"),
        ("https://news.example.org:443/a", "https://news.example.org/a"),
        ("https://news.example.org:8443/a", "https://news.example.org:8443/a"),
        ("http://news.example.org/a/", "http://news.example.org/a"),
        ("http://news.example.org", "http://news.example.org/"),
        ("http://news.example.org/a#comment-7", "http://news.example.org/a"),
        ("http://news.example.org/a?utm_source=x&id=7&fbclid=y", "http://news.example.org/a?id=7"),
        ("http://news.example.org/a?replytocom=7", "http://news.example.org/a"),
        ("http://news.example.org/über", "http://news.example.org/%C3%BCber"),
        ("http://news.example.org/%C3%BCber", "http://news.example.org/%C3%BCber"),
        ("http://[broken", "http://[broken"),
        ("a\x00b\ud800c\x7f", "abc"),
    ],
)
def test_a_page_goes_by_one_name(page: str, identity: str) -> None:
    assert page_identity(page) == identity


@given(st.one_of(st.text(), st.text().map("http://news.example.org/{}".format)))
def test_naming_a_page_twice_changes_nothing_and_can_always_be_stored(page: str) -> None:
    identity = page_identity(page)
    assert page_identity(identity) == identity
    assert "\0" not in identity.encode().decode()


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("HTTPS://Example.org:8443/a?b#c") == "https://example.org:8443"
    assert origin_of(f"{HOST}@evil.example.org/") != HOST
    assert origin_of("http://[broken") == ""


def test_all_spellings_of_a_page_share_its_thread(ann: Reader, backstage: Backstage) -> None:
    for number, page in enumerate((PAGE, f"{PAGE}/", f"{PAGE}?utm_source=mail", PAGE.upper())):
        ann.say(f"No. {number}", page=page)
    # A path is told apart by its case, a host is not.
    assert backstage.count(Thread) == 2
    ann.page = f"{PAGE}/#respond"
    assert ann.mine().text.count("<article") == 3


def test_two_first_comments_at_the_same_moment_share_a_thread(
    ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    ann_token, bob_token = ann.token(), bob.token()
    answers = parts.at_once(
        lambda: ann.post("First!", token=ann_token), lambda: bob.post("First?", token=bob_token)
    )
    assert [answer.status_code for answer in answers] == [202, 202]
    assert backstage.count(Thread) == 1


# ------------------------------------------------------------------------------- nesting


def chain(ann: Reader, backstage: Backstage, length: int) -> list[int]:
    """Comments that each answer the one before; their ids."""
    backstage.set("news", hold=Hold.none)
    ids: list[int] = []
    for number in range(length):
        parent = {"parent": ids[-1]} if ids else {}
        ids.append(ann.say(f"Answer {number}", **parent))
        backstage.screen(ids[-1])
    return ids


def levels(reader: Reader, **query: str) -> dict[int, int]:
    """On which level each comment is shown, from 1."""
    tree = html.fromstring(reader.read(**query).text)
    return {
        int(str(article.attrib["id"]).removeprefix("comment-")): 1
        + sum(above.tag == "article" for above in article.iterancestors())
        for article in tree.iter("article")
    }


@pytest.mark.parametrize("depth", [1, 3, 5, 10])
@whatever_the_database
def test_replies_nest_to_the_sites_depth_and_attach_there(
    ann: Reader, backstage: Backstage, depth: int
) -> None:
    ids = chain(ann, backstage, 12)
    if depth != 5:  # the default
        backstage.set("news", depth=depth)

    shown = levels(ann)
    assert list(shown) == ids, "in the order in which they were written"
    assert list(shown.values()) == [min(number, depth) for number in range(1, 13)]


@whatever_the_database
def test_a_reply_below_the_last_level_says_what_it_answers(
    ann: Reader, backstage: Backstage
) -> None:
    backstage.set("news", depth=2)
    ids = chain(ann, backstage, 4)
    tree = html.fromstring(ann.read().text)
    told = {
        article.attrib["id"]: article.xpath(
            "./*[contains(@class, 'comment-meta')]//a[@class='comment-context']/@href"
        )
        for article in tree.iter("article")
    }
    assert list(told.values()) == [[], [], [f"#comment-{ids[1]}"], [f"#comment-{ids[2]}"]]


@whatever_the_database
def test_every_reply_follows_what_it_answers_oldest_first(
    ann: Reader, backstage: Backstage
) -> None:
    backstage.set("news", hold=Hold.none)
    said: dict[str, int] = {}
    for name, parent in (
        ("A", None), ("B", None), ("A1", "A"), ("B1", "B"), ("A2", "A"), ("A1a", "A1"), ("C", None),
    ):  # fmt: skip
        said[name] = ann.say(name, **({"parent": said[parent]} if parent else {}))
        backstage.screen(said[name])
    names = {comment_id: name for name, comment_id in said.items()}

    oldest = [names[i] for i in levels(ann, sort="oldest")]
    newest = [names[i] for i in levels(ann, sort="newest")]
    assert oldest == ["A", "A1", "A1a", "A2", "B", "B1", "C"]
    assert newest == ["C", "B", "B1", "A", "A1", "A1a", "A2"]


def test_the_sites_order_is_the_order_unless_asked(ann: Reader, backstage: Backstage) -> None:
    backstage.set("news", hold=Hold.none)
    ids = [ann.say(str(number)) for number in range(3)]
    backstage.screen(*ids)
    assert list(levels(ann)) == ids
    backstage.set("news", order="newest")
    assert list(levels(ann)) == ids[::-1]
    assert list(levels(ann, sort="oldest")) == ids


def test_a_stored_place_is_never_deeper_than_ten(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    ids = chain(ann, backstage, 12)
    with app.app_context():
        rows = db.session.execute(select(Comment.depth, Comment.path).order_by(Comment.id)).all()
    assert [depth for depth, _ in rows] == [min(number, 9) for number in range(12)]
    assert max(len(path) for _, path in rows) == 10 * paths.SEGMENT
    assert paths.ancestor_ids(rows[3][1]) == ids[2::-1]


# --------------------------------------------------------------------------------- paths

YEAR_ONE, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
moments = st.datetimes(
    YEAR_ONE.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)
)
ids = st.integers(0, 2**63 - 1)


@given(st.tuples(moments, ids), st.tuples(moments, ids))
def test_paths_sort_by_time_then_by_id(
    one: tuple[datetime, int], other: tuple[datetime, int]
) -> None:
    assert (paths.segment(*one) < paths.segment(*other)) is (one < other)


@given(
    st.tuples(moments, ids),
    st.tuples(moments, ids),
    st.binary(min_size=paths.SEGMENT, max_size=paths.SEGMENT),
)
def test_everything_under_a_comment_is_one_range(
    one: tuple[datetime, int], other: tuple[datetime, int], below: bytes
) -> None:
    path = paths.segment(*one)
    end = paths.after_subtree(path)
    assert path < path + below < end
    assert one >= other or end <= paths.segment(*other)
