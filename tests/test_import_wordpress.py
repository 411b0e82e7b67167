"""`widget import wordpress`: a real export arrives whole, once, and reads well."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import HtmlElement

from tests.conftest import Backstage
from tests.wxr import EXPORTS, Importing, authors, thread
from widget.models import Comment, Status

ACCEPTANCE = EXPORTS / "themeunittestdata.wordpress.xml"
needs_exports = pytest.mark.skipif(
    not EXPORTS.is_dir(), reason=f"the real exports are not here ({EXPORTS})"
)
BLOG = "https://wpthemetestdata.wordpress.com"
TALK = f"{BLOG}/2012/01/03/template-comments/"
PINGS = f"{BLOG}/2012/01/01/template-pingbacks-an-trackbacks/"
PROTECTED = f"{BLOG}/2012/01/04/template-password-protected/"


@pytest.fixture
def importing(app: Flask, tmp_path: Path) -> Importing:
    """The command, on the app's database."""
    return Importing(app, tmp_path)


# ------------------------------------------------------------------------------- the real thing


def exported() -> dict[str, dict[str, str]]:
    """The acceptance file's comments by number, read by another parser."""
    found = {}
    for item in ET.parse(ACCEPTANCE).iter("item"):
        for each in item.iter("{https://wordpress.org/export/1.2/}comment"):
            fields = {child.tag.partition("}")[2]: child.text or "" for child in each}
            fields["link"] = item.findtext("link") or ""
            found[fields["comment_id"]] = fields
    return found


@needs_exports
def test_every_comment_arrives_as_it_was(importing: Importing) -> None:
    report = importing.take(ACCEPTANCE)
    assert "6 new, 0 known" in report
    assert "32 new: 3 pending, 29 approved" in report
    assert "28 comments, 2 pingbacks, 2 trackbacks" in report
    assert "Skipped none" in report
    wanted, found = exported(), importing.comments()
    assert len(wanted) == len(found) == 32
    pages_by_thread = {each.id: url for url, each in importing.threads().items()}
    number_by_id = {each.id: number_of(each) for each in found}
    for each in found:
        was = wanted[number_of(each)]
        assert each.author == unescape(was["comment_author"])
        assert each.email == was["comment_author_email"]
        assert each.website == was["comment_author_url"]
        assert each.body == was["comment_content"].strip()
        assert f"{each.created_at:%Y-%m-%d %H:%M:%S}" == was["comment_date_gmt"]
        assert each.status is {"1": Status.approved, "0": Status.pending}[was["comment_approved"]]
        assert each.kind.value == (was["comment_type"] or "comment")
        assert number_by_id.get(each.parent_id or 0, "0") == was["comment_parent"]
        assert pages_by_thread[each.thread_id] == was["link"]
    assert max(each.depth for each in found) == 9


def number_of(each: Comment) -> str:
    """The number that a comment had in WordPress."""
    assert each.source == "wordpress"
    found = re.search(r":(\d+)@", each.source_id or "")
    assert found
    return found[1]


@needs_exports
def test_the_conversation_reads_as_it_did(
    importing: Importing, client: FlaskClient, backstage: Backstage
) -> None:
    backstage.set(depth=10)
    importing.take(ACCEPTANCE)
    wanted = [each for each in exported().values() if each["link"] == TALK]
    approved = [each for each in wanted if each["comment_approved"] == "1"]
    page = thread(client, TALK)
    assert page.findtext(".//h1") == "Template: Comments"
    assert page.findtext(".//h2") == "19 comments"
    assert authors(page) == [each["comment_author"] for each in approved]
    assert [time.get("datetime", "")[:19] for time in page.iter("time")] == [
        each["comment_date_gmt"].replace(" ", "T") for each in approved
    ]
    (deepest,) = [
        each for each in page.iter("article") if "Depth 10" in own_words(each).text_content()
    ]
    assert len(list(deepest.iterancestors("article"))) == 9
    assert (
        client.get("/embed/news/thread", query_string={"page": TALK}).text.count("<article") == 19
    )


def own_words(article: HtmlElement) -> HtmlElement:
    """A comment's text, without its replies'."""
    words: HtmlElement = article.find_class("comment-body")[0]
    return words


@needs_exports
def test_lists_tables_and_code_read_well(importing: Importing, client: FlaskClient) -> None:
    importing.take(ACCEPTANCE)
    words = own_words(next(thread(client, TALK).iter("article")))
    markup = {each.tag for each in words.iter()} - {"div"}
    assert markup <= {*"abipq", "abbr", "acronym", "blockquote", "br", "cite", "code", "del"} | {
        "em",
        "strong",
    }
    text = "\n".join(words.itertext())
    # No tag is seen, but for those that are talked about.
    assert not re.search("</?(?!(?:blockquote|cite|s|hr /|code)>)[a-z]", text)
    for line in (
        "• List item one",
        "8. List item one -start at 8",
        "The Road Not Taken",
        "H₂O",
        "MC²",
    ):
        assert line in text
    rows = [each.text_content() for each in words.iter("p") if "$100K" in each.text_content()]
    assert "Tom McFarlin | $100K | For all the blogging he does." in rows[0]


@needs_exports
def test_pingbacks_and_trackbacks_are_marked(importing: Importing, client: FlaskClient) -> None:
    importing.take(ACCEPTANCE)
    page = thread(client, PINGS)
    kinds = [each.text_content() for each in page.find_class("comment-kind")]
    assert Counter(kinds) == {"Pingback:": 2, "Trackback:": 2}
    assert "Ping 1 « What’s a tellyworth?" in authors(page)
    assert "Comments are closed here." in page.text_content()


@needs_exports
def test_what_stood_behind_a_password_is_not_shown(
    importing: Importing, client: FlaskClient
) -> None:
    report = importing.take(ACCEPTANCE)
    assert "1 of the new ones hidden" in report
    words = "This comment should not be visible"
    addresses = (
        f"/t/news?{urlencode({'page': PROTECTED})}",
        f"/embed/news/thread?page={PROTECTED}",
    )
    for address in addresses:
        assert words not in client.get(address).text
    assert client.get(f"/embed/news/counts?page={PROTECTED}").json == {PROTECTED: 0}
    assert "1 that had been hidden can be read now" in importing.take(
        ACCEPTANCE, "--with-protected"
    )
    for address in addresses:
        assert words in client.get(address).text
    assert client.get(f"/embed/news/counts?page={PROTECTED}").json == {PROTECTED: 1}


@needs_exports
def test_a_second_run_changes_nothing(importing: Importing) -> None:
    importing.take(ACCEPTANCE)
    before = importing.everything()
    report = importing.take(ACCEPTANCE)
    assert "0 new, 6 known" in report
    assert "Comments 0 new Already here 32" in report
    assert importing.everything() == before


@needs_exports
@pytest.mark.parametrize(
    ("name", "threads", "comments"),
    [
        ("isso-wordpress.xml", 2, 8),
        ("wpimporter-valid-wxr-1.0.xml", 1, 1),
        ("wpimporter-valid-wxr-1.1.xml", 1, 1),
        ("comentario-wordpress-ok-single.zip", 1, 1),
    ],
)
def test_other_real_exports_arrive(
    name: str, threads: int, comments: int, importing: Importing
) -> None:
    report = importing.take(EXPORTS / name)
    assert f"{threads} new, 0 known" in report
    assert f"{comments} new: {comments} approved" in report
    assert len(importing.threads()) == threads
    assert len(importing.comments()) == comments
    before = importing.everything()
    importing.take(EXPORTS / name)
    assert importing.everything() == before


@needs_exports
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("wpimporter-malformed.xml", "line 90"),
        ("comentario-wordpress-bad-two-files.zip", "2 XML files; it must hold exactly one"),
        ("isso-disqus.xml", "it begins with <disqus>"),
        ("comentario-disqus-ok-single.xml.gz", "it begins with <disqus>"),
        ("isso-generic.json", "not an XML file"),
    ],
)
def test_other_files_are_refused_in_words(name: str, why: str, importing: Importing) -> None:
    assert why in importing.refuse(EXPORTS / name)


@needs_exports
def test_an_export_without_comments_says_so(importing: Importing) -> None:
    report = importing.take(EXPORTS / "wpimporter-wxr-utf-8-challenges.xml")
    assert "There are no comments in it." in report
