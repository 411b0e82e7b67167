"""What /t/SITE tells search engines: schema.org's discussion, and where the article is."""

import json
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select

from tests.conftest import HOST, PAGE, Backstage, Reader, WithoutScript, whatever_the_database
from widget.db import db, now, writing
from widget.models import Comment, Hold, Move, Votes

EVIL = "</script><script>alert(1)</script> <!-- <b>bold</b> & 'quoted' \u2028"


@pytest.fixture
def cara(app: Flask) -> WithoutScript:
    """A reader whose browser runs no script, as a search engine's."""
    return WithoutScript(app.test_client(), "Cara")


def discussions(reader: Reader, **query: str) -> list[dict[str, Any]]:
    """The structured data of the page."""
    tree: Any = html.fromstring(reader.read(**query).text)
    return [json.loads(text) for text in tree.xpath("//script[@type='application/ld+json']/text()")]


@whatever_the_database
def test_a_discussion_says_who_said_what_when_and_in_answer_to_whom(
    cara: WithoutScript, ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none, depth=2)
    first = ann.say("The <em>minutes</em> are public.\n\nAll of them.")
    backstage.screen(first)
    second = bob.say("Page 14.", parent=first)
    backstage.screen(second)
    third = ann.say("To be exact.", parent=second)
    backstage.screen(third)
    (found,) = discussions(cara)

    assert found["@context"] == "https://schema.org"
    assert found["@type"] == "DiscussionForumPosting"
    assert found["url"] == found["sharedContent"]["url"] == PAGE
    assert found["headline"] == "The database"
    assert found["author"] == {"@type": "Organization", "name": "Norwalk News", "url": HOST}
    assert found["inLanguage"] == "en"
    assert found["commentCount"] == 3
    (top,) = found["comment"]
    assert top["@type"] == "Comment"
    assert top["author"] == {"@type": "Person", "name": "Ann"}
    assert top["text"] == "The minutes are public. All of them."
    assert top["url"] == f"{PAGE}#comment-{first}"
    at = backstage.comment(first).created_at
    assert top["datePublished"] == at.isoformat(timespec="seconds")
    answer, deeper = top["comment"]
    assert (answer["text"], answer["author"]["name"]) == ("Page 14.", "Bob")
    assert "parentItem" not in answer, "it stands below what it answers"
    assert deeper["parentItem"]["url"] == f"{PAGE}#comment-{second}"
    assert "@example.org" not in json.dumps(found)


def test_it_tells_votes_and_edits_and_what_is_pinned_first(
    cara: WithoutScript, ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.approve(ann.say("First."), bob.say("Pinned."))
    with app.app_context(), writing():
        pinned = db.session.scalars(select(Comment).where(Comment.author == "Bob")).one()
        pinned.votes_up, pinned.votes_down = 3, 1
        pinned.pinned_at = pinned.edited_at = now()
        db.session.commit()
    for votes, told in ((Votes.both, (3, 1)), (Votes.up, (3, None)), (Votes.none, (None, None))):
        backstage.set(votes=votes)
        (found,) = discussions(cara)
        top, other = found["comment"]
        assert (top["text"], other["text"]) == ("Pinned.", "First.")
        assert (top.get("upvoteCount"), top.get("downvoteCount")) == told
        assert top["dateModified"] >= top["datePublished"]
        assert "dateModified" not in other


def test_no_words_end_the_block_early(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    backstage.approve(ann.say(EVIL, author=EVIL.replace("\u2028", ""), title=EVIL))
    (found,) = discussions(cara)
    assert "alert(1)</script>" in found["headline"]
    assert "alert(1)</script>" in found["comment"][0]["text"]
    assert "alert(1)</script>" in found["comment"][0]["author"]["name"]
    tree: Any = html.fromstring(cara.read().text)
    scripts = tree.xpath("//script")
    assert [script.get("type") for script in scripts] == [None, "application/ld+json"]
    assert [script.get("src") is None for script in scripts] == [False, True]


@whatever_the_database
def test_what_was_removed_is_only_a_place(
    cara: WithoutScript, ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    first = ann.say("I take this back.")
    backstage.approve(first)
    backstage.approve(bob.say("Too late.", parent=first))
    backstage.move(first, Move.trash)
    (found,) = discussions(cara)
    (gone,) = found["comment"]
    assert gone["creativeWorkStatus"] == "Deleted"
    assert gone["comment"][0]["text"] == "Too late."
    assert "author" not in gone
    assert "take this back" not in cara.read().text


@whatever_the_database
def test_a_page_without_comments_says_nothing(cara: WithoutScript, ann: Reader) -> None:
    ann.say("Pending.")
    assert discussions(cara) == []


@whatever_the_database
def test_where_the_article_is_unknown_the_thread_has_its_own_address(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    cara.page = ann.page = "article-17"
    backstage.approve(ann.say("Where is it?", title="article-17"))
    (found,) = discussions(cara)
    assert found["url"] == "http://comments.example.org/t/news?page=article-17"
    assert "sharedContent" not in found
    assert found["headline"] == "Norwalk News"


@whatever_the_database
def test_only_the_comments_of_this_page_are_told(
    cara: WithoutScript, ann: Reader, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none, page_size=2)
    backstage.screen(*(ann.say(f"No. {number}.") for number in range(3)))
    (found,) = discussions(cara, sort="newest")
    assert [comment["text"] for comment in found["comment"]] == ["No. 2.", "No. 1."]
    assert found["commentCount"] == 3
