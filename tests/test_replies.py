"""However many replies a comment has: a page shows a few, and links lead to every other."""

import random
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from lxml import html

from tests.conftest import PAGE, Backstage, Reader, WithoutScript, whatever_the_database
from tests.long_threads import grow, statements


@pytest.fixture
def cara(app: Flask) -> WithoutScript:
    """A reader whose browser runs no script."""
    return WithoutScript(app.test_client(), "Cara")


def tree(reader: Reader, **query: str | int) -> Any:
    response = reader.read(**{name: str(value) for name, value in query.items()})
    assert response.status_code == 200, response.text
    return html.fromstring(response.text)


def go(reader: Reader, link: str) -> Any:
    """Follow a link of ours."""
    parts = urlsplit(link)
    response = reader.client.get(f"{parts.path}?{parts.query}", headers=reader.headers)
    assert response.status_code == 200, link
    return html.fromstring(response.text)


def shown(page: Any) -> list[int]:
    """The comments on a page, as they are read."""
    return [
        int(each.removeprefix("comment-"))
        for each in page.xpath("//article/@id")
        if each.startswith("comment-")
    ]


def more(page: Any) -> list[tuple[str, str]]:
    """Words and address of each link to more replies."""
    return [
        (link.text_content(), str(link.get("href")))
        for link in page.xpath("//a[@class='comment-replies-more']")
    ]


@whatever_the_database
def test_the_first_replies_are_shown_and_the_rest_is_a_link_away(
    cara: WithoutScript, app: Flask
) -> None:
    ids = grow(app, PAGE, [None, *[0] * 160, None, *[161] * 25])
    first = tree(cara)
    assert shown(first) == [*ids[:26], *ids[161:]]
    ((words, link),) = more(first)
    assert words == "Show 135 more replies"
    summaries = [each.text for each in first.xpath("//details[@open]/summary")]
    assert summaries == ["160 replies", "25 replies"]

    second = go(cara, link)
    assert shown(second) == [ids[0], *ids[26:126]], "under the comment that they answer"
    ((words, link),) = more(second)
    assert words == "Show 35 more replies"
    third = go(cara, link)
    assert shown(third) == [ids[0], *ids[126:161]]
    assert more(third) == []
    (back,) = third.xpath("//a[contains(@class, 'comments-first')]/@href")
    assert shown(go(cara, back)) == shown(first)


@whatever_the_database
def test_the_next_replies_come_with_all_that_stands_above_them(
    cara: WithoutScript, app: Flask
) -> None:
    chain = [None, 0, 1, 2]
    ids = grow(app, PAGE, [*chain, *[3] * 40])
    (onward,) = [link for _, link in more(tree(cara))]
    page = go(cara, onward)
    assert shown(page) == [*ids[:4], *ids[26:]]
    assert {len(list(each.iterancestors("article"))) for each in page.xpath("//article")} == {
        *range(5)
    }


def test_what_a_reply_answers_is_named_where_it_stands_on_an_earlier_page(
    cara: WithoutScript, app: Flask
) -> None:
    ids = grow(app, PAGE, [None, *range(29)])
    (onward,) = [link for _, link in more(tree(cara))]
    page = go(cara, onward)
    assert shown(page) == [*ids[:9], *ids[26:]]
    contexts = {link.text: link.get("href") for link in page.xpath("//a[@class='comment-context']")}
    assert ids[25] in shown(go(cara, contexts["in reply to Reader 25"]))


def test_where_nothing_nests_the_rest_follows_the_last_reply_shown(
    cara: WithoutScript, app: Flask, backstage: Backstage
) -> None:
    backstage.set(depth=1)
    ids = grow(app, PAGE, [None, None, *[0] * 30])
    page = tree(cara, sort="newest")
    assert shown(page) == [ids[1], ids[0], *ids[2:27]]
    ((words, link),) = more(page)
    assert words == "Show 5 more replies"
    assert shown(go(cara, link)) == [ids[0], *ids[27:]]


# --------------------------------------------------------------------------- a long thread, mixed


def mixed(size: int) -> tuple[list[int | None], list[int]]:
    """A thread of all shapes: two crowds, deep chains, loose ends; and what is removed of it."""
    chance = random.Random(11)
    parents: list[int | None] = [None, None]
    for place in range(2, size):
        crowd = chance.randrange(2)
        parents.append(
            chance.choice((None, crowd, crowd, place - 1, place - 1, chance.randrange(place)))
        )
    parents[-1] = None
    return parents, chance.sample(range(1, size - 1), size // 20)


@pytest.mark.parametrize("sort", ["oldest", "newest"])
def test_every_comment_of_a_long_thread_is_reached_by_links_alone(
    cara: WithoutScript, app: Flask, sort: str
) -> None:
    parents, removed = mixed(1000)
    ids = grow(app, PAGE, parents, removed=removed, pinned=[1])
    public = {ids[place] for place in set(range(1000)) - {*removed}}

    forth = pages_behind(cara, tree(cara, sort=sort), "comments-more-link", "comment-replies-more")
    for page in forth:
        assert len(shown(page)) <= 130, "no page is much longer than another"
        assert len(shown(page)) == len(set(shown(page))), "nothing stands twice on it"
    assert public <= {each for page in forth for each in shown(page)}

    # Whoever comes by a permalink has that comment before them, and the way to all others.
    chance = random.Random(7)
    for asked in chance.sample(sorted(public), 12):
        assert asked in shown(tree(cara, sort=sort, at=asked))
    roots = [ids[place] for place, parent in enumerate(parents) if parent is None]
    last = max(roots) if sort == "oldest" else min(roots)
    back = pages_behind(
        cara,
        tree(cara, sort=sort, at=last),
        "comments-more-link comments-earlier",
        "comment-replies-more",
        "comment-replies-earlier",
    )
    assert public <= {each for page in back for each in shown(page)}


def pages_behind(reader: Reader, first: Any, *classes: str) -> list[Any]:
    """A page and all pages that links of these classes lead to, directly or not."""
    found, known, ahead = [first], set[str](), deque([first])
    while ahead:
        for link in ahead.popleft().xpath("//a[@href and @class]"):
            address = link.get("href")
            if link.get("class") not in classes or address in known:
                continue
            known.add(address)
            found.append(go(reader, address))
            ahead.append(found[-1])
    return found


def test_a_page_costs_the_same_whether_a_comment_has_thirty_replies_or_thousands(
    ann: Reader, app: Flask
) -> None:
    cost = []
    for page, count in ((f"{PAGE}/few", 30), (f"{PAGE}/many", 3000)):
        ids = grow(app, page, [None, None, None, *[1] * count])
        for query in ({}, {"at": ids[-1]}, {"under": ids[1]}):
            with statements(app) as asked:
                number = len(shown(tree(Reader(ann.client, page=page), **query)))
            cost.append((len(asked), number))
    few, many = cost[:3], cost[3:]
    assert few[0] == many[0] == (8, 28), "the crowd is read apart from what surrounds it"
    assert [asked for asked, _ in few] == [asked for asked, _ in many]
    assert max(number for _, number in cost) <= 101


@pytest.mark.parametrize(
    "after", ["x", "00", "00000000", "00000000" + "00" * 15, "00000000" + "00" * 16 * 11]
)
@whatever_the_database
def test_a_cursor_that_we_did_not_give_out_is_refused(ann: Reader, app: Flask, after: str) -> None:
    (root, _) = grow(app, PAGE, [None, 0])
    assert ann.read(under=str(root), after=after).status_code == 400
    elsewhere = "00000001" + "40" * 16
    assert ann.read(under=str(root), after=elsewhere).status_code == 400
