"""What real exports do wrong, and what `widget import wordpress` makes of it."""

import codecs
import gzip
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.wxr import LINK, Importing, comment, export, post
from widget.models import Kind, Status
from widget.transfer import IMPORTERS

WHOLE = export(post(comment(1)))


@pytest.fixture
def importing(app: Flask, tmp_path: Path) -> Importing:
    """The command, on the app's database."""
    return Importing(app, tmp_path)


def zipped(**files: str) -> bytes:
    """A zip file; `_` in a name stands for its dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


# ------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        gzip.compress(WHOLE.encode()),
        zipped(export_xml=WHOLE, readme_txt="Hello."),
        codecs.BOM_UTF8 + WHOLE.encode(),
        WHOLE.replace("UTF-8", "UTF-16").encode("utf-16"),
        WHOLE.replace("UTF-8", "windows-1252").encode("windows-1252"),
        WHOLE.replace("\n", "\r\n"),
        "\n\n  " + WHOLE,
        "`" + WHOLE,
        "<br />\n<b>Warning</b>: Cannot modify header information in plugin.php\n" + WHOLE,
        WHOLE.partition("?>")[2].lstrip(),
        export(post(comment(1)), version="1.0"),
        export(post(comment(1)), version="1.1"),
        WHOLE.replace("http://wordpress.org", "https://wordpress.org"),
    ],
    ids=[
        *("plain", "gzip", "zip", "BOM", "UTF-16", "windows-1252", "CRLF", "blank", "backtick"),
        *("PHP", "undeclared", "1.0", "1.1", "https"),
    ],
)
def test_files_that_are_read(content: str | bytes, importing: Importing) -> None:
    assert "1 new: 1 approved" in importing.take(content)
    (found,) = importing.comments()
    assert (found.author, found.body) == ("Ann", "I read the report.")


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
SECRET = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("Dear Sir or Madam", "not an XML file"),
        ("{}", "not an XML file"),
        (WHOLE.replace("<rss", LAUGHS + "<rss").replace("read", "&b;"), "document type"),
        (WHOLE.replace("<rss", SECRET + "<rss").replace("read", "&a;"), "document type"),
        (WHOLE.replace("xmlns:wp", "xmlns:wq"), "not well-formed"),
        (WHOLE.replace('<?xml version="1.0" encoding="UTF-8" ?>', '<?xml encoding="x-y"?>'), "x-y"),
        (WHOLE.replace('encoding="UTF-8"', 'encoding="zlib"'), "“zlib”"),
        (WHOLE.replace("http://wordpress.org/export", "http://example.org"), "a feed"),
        (WHOLE.replace("rss", "feed"), "it begins with <feed>"),
        (WHOLE.replace("<![CDATA[", "&nbsp;<![CDATA[", 2), "'nbsp'"),
        (WHOLE.partition("</channel>")[0], "line 10"),
        (gzip.compress(WHOLE.encode())[:-20], "damaged or not complete"),
        (zipped(a_xml=WHOLE, b_xml=WHOLE), "2 XML files"),
        (zipped(a_txt="Hello."), "no XML files"),
        (zipped(a_xml=WHOLE)[:60], "zip file that cannot be opened"),
    ],
)
def test_files_that_are_refused(content: str | bytes, why: str, importing: Importing) -> None:
    sentence = importing.refuse(content)
    assert why in sentence
    assert sentence.endswith("Nothing was imported.")


def test_a_file_that_is_broken_further_down_changes_nothing(importing: Importing) -> None:
    posts = [post(comment(n), post_id=n, link=f"{LINK}{n}") for n in range(500)]
    broken = export(*posts).replace("</item>\n</channel>", "</channel>")
    assert f"line {broken[: broken.index('</channel>')].count(chr(10)) + 1}" in importing.refuse(
        broken
    )


def test_files_that_are_none(importing: Importing, tmp_path: Path) -> None:
    assert "No such file" in importing.refuse(tmp_path / "nowhere.xml")
    assert "Is a directory" in importing.refuse(tmp_path)


def test_a_site_or_a_system_that_is_unknown(importing: Importing) -> None:
    file = importing.file(WHOLE)
    assert "`widget site list` shows all" in importing.run(file, site="gazette").stderr
    assert "one for: wordpress" in importing.run(file, system="blogger").stderr
    assert importing.comments() == []


def test_posts_come_before_the_file_is_read_to_its_end(importing: Importing) -> None:
    posts = [post(comment(n), post_id=n, link=f"{LINK}{n}") for n in range(1000)]
    file = importing.file(export(*posts))
    read: list[int] = []
    pages = IMPORTERS["wordpress"].read(file, Counter(), read.append)
    next(pages)
    assert sum(read) < file.stat().st_size / 2
    assert len(list(pages)) == 999
    assert sum(read) == file.stat().st_size


def test_nothing_is_drawn_where_there_is_no_terminal(importing: Importing) -> None:
    assert importing.run(importing.file(WHOLE)).stderr == ""


# -------------------------------------------------------------------------------------- characters


def test_characters_that_xml_forbids_are_taken_out(importing: Importing) -> None:
    text = "A\x00 bell\x07 rings\x1b.&#x1F600;"
    bare = comment(1, date_gmt="2012-01-03 18:30:00").replace(
        "<![CDATA[I read the report.]]>", "One&#8; &amp;lt;two&#x0B;&#00;&#xD800;"
    )
    report = importing.take(export(post(bare, comment(2, text, author="Bob\x01"))))
    found = importing.by_author()
    assert found["Ann"].body == "One &lt;two"
    assert found["Bob"].body == "A bell rings.&#x1F600;"
    assert found["Bob"].body_html == "<p>A bell rings.\N{GRINNING FACE}</p>"
    assert "8 control characters taken out" in report


def test_a_reference_cut_in_two_by_the_reader_is_found(importing: Importing) -> None:
    for shift in range(8):
        start = WHOLE.index("I read")
        padding = "x" * (65_536 - start - shift)
        whole = WHOLE.replace("I read the report.", f"{padding}&#x1;end")
        assert whole.index("&#x1;") == 65_536 - shift
        assert "1 control characters" in importing.take(whole, "--dry-run")


def test_bytes_that_are_no_letters_are_shown_as_such(importing: Importing) -> None:
    broken = WHOLE.encode().replace(b"report", b"r\xe9port")
    assert "1 broken characters" in importing.take(broken)
    assert importing.comments()[0].body == "I read the r\N{REPLACEMENT CHARACTER}port."


# ----------------------------------------------------------------------------------------- parents


@pytest.mark.parametrize(
    ("comments", "tree", "said"),
    [
        (
            [comment(3, author="C", parent=2), comment(2, author="B", parent=1), comment(1)],
            {"Ann": None, "B": "Ann", "C": "B"},
            "Repaired none",
        ),
        (
            [comment(1), comment(2, author="B", parent=99)],
            {"Ann": None, "B": None},
            "1 moved up",
        ),
        (
            [
                comment(1),
                comment(2, author="B", parent=1, approved="spam"),
                comment(3, author="C", parent=2, type="note"),
                comment(4, author="D", parent=3),
            ],
            {"Ann": None, "D": "Ann"},
            "1 moved up",
        ),
        (
            [comment(1, parent=1)],
            {"Ann": None},
            "1 answering each other in a circle",
        ),
        (
            [
                comment(1, author="A", parent=3, date_gmt="2012-01-05 10:00:00"),
                comment(2, author="B", parent=1, date_gmt="2012-01-04 10:00:00"),
                comment(3, author="C", parent=2, date_gmt="2012-01-06 10:00:00"),
                comment(4, author="D", parent=3, date_gmt="2012-01-06 11:00:00"),
            ],
            {"B": None, "C": "B", "A": "C", "D": "C"},
            "1 answering each other in a circle",
        ),
        (
            [
                comment(1),
                comment(2, author="B", parent=1, approved="0"),
                comment(3, "x", author="C", parent=2),
            ],
            {"Ann": None, "B": "Ann", "C": "B"},
            "Repaired none",
        ),
    ],
    ids=["later", "missing", "skipped", "itself", "circle", "pending"],
)
def test_parents(
    comments: list[str], tree: dict[str, str | None], said: str, importing: Importing
) -> None:
    assert said in importing.take(export(post(*comments)))
    assert importing.tree() == tree


def test_one_number_for_two_comments_is_two_comments(importing: Importing) -> None:
    other = post(comment(1, author="C"), post_id=8, link=LINK + "other")
    content = export(post(comment(1), comment(1, author="B"), comment(1)), other)
    report = importing.take(content)
    assert set(importing.by_author()) == {"Ann", "B", "C"}
    assert "1 twice in the file (1)" in report
    assert "Already here 3" in importing.take(content)
    assert len(importing.comments()) == 3


def test_comments_without_numbers_come_once(importing: Importing) -> None:
    content = export(post(comment(None), comment(None, author="B"), post_id=None))
    importing.take(content)
    assert "Already here 2" in importing.take(content)


# ----------------------------------------------------------------------------------------- statuses


@pytest.mark.parametrize(
    ("approved", "status"),
    [
        ("1", Status.approved),
        ("approved", Status.approved),
        ("0", Status.pending),
        ("hold", Status.pending),
        ("spam", Status.spam),
        ("trash", Status.trash),
        ("post-trashed", Status.trash),
        ("", Status.pending),
        ("quarantined", Status.pending),
        (None, Status.pending),
    ],
)
def test_statuses(approved: str | None, status: Status, importing: Importing) -> None:
    importing.take(export(post(comment(1, approved=approved))), "--with-spam")
    (found,) = importing.comments()
    assert found.status is status
    assert bool(found.held_for) is (status is Status.pending)
    assert found.shown is (status is Status.approved)


def test_spam_stays_out_unless_it_is_asked_for(importing: Importing) -> None:
    content = export(post(comment(1, approved="spam")))
    assert "1 marked as spam" in importing.take(content)
    assert importing.threads() == {}
    assert "1 new: 1 spam" in importing.take(content, "--with-spam")


@pytest.mark.parametrize("kind", ["", *Kind])
def test_kinds_that_readers_see(kind: str, importing: Importing) -> None:
    importing.take(export(post(comment(1, type=kind))))
    assert importing.comments()[0].kind.value == (kind or "comment")


@pytest.mark.parametrize("kind", ["note", "order_note", "review", "webmention"])
def test_other_kinds_are_skipped_by_name(kind: str, importing: Importing) -> None:
    assert f"1 of type “{kind}”" in importing.take(export(post(comment(1, type=kind))))
    assert importing.comments() == []


# ------------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("fields", "is_closed", "is_hidden"),
    [
        ({}, False, False),
        ({"comment_status": "closed"}, True, False),
        ({"status": "inherit", "post_type": "attachment"}, False, False),
        ({"status": None, "comment_status": None, "post_password": None}, False, False),
        ({"post_password": "enter"}, True, True),
        ({"status": "private"}, True, True),
        ({"status": "draft"}, True, True),
        ({"status": "trash"}, True, True),
        ({"status": "of-some-plugin"}, True, True),
    ],
)
def test_who_may_read_and_write(
    fields: dict[str, Any],
    is_closed: bool,
    is_hidden: bool,
    importing: Importing,
    client: FlaskClient,
) -> None:
    importing.take(export(post(comment(1), **fields)))
    found = importing.threads()[LINK]
    assert (bool(found.closed_at), bool(found.hidden_at)) == (is_closed, is_hidden)
    page = client.get(f"/t/news?page={quote(LINK)}").text
    assert ("I read the report." in page) is not is_hidden
    answer = client.post(
        "/embed/news/comments",
        data={"page": LINK, "author": "Bob", "email": "bob@example.org", "body": "And I."},
    )
    assert answer.status_code == (403 if is_closed else 202)


def test_a_page_that_was_published_since_can_be_read(importing: Importing) -> None:
    importing.take(export(post(comment(1), status="private", comment_status="closed")))
    report = importing.take(export(post(comment(1), comment_status="closed")))
    assert "1 that had been hidden can be read now" in report
    found = importing.threads()[LINK]
    assert found.hidden_at is None
    assert found.closed_at


def test_what_was_protected_does_not_join_a_public_thread(importing: Importing) -> None:
    importing.take(export(post(comment(1))))
    report = importing.take(export(post(comment(1), comment(2, author="B"), post_password="x")))
    assert "1 on a page that not everyone could see" in report
    assert set(importing.by_author()) == {"Ann"}


@pytest.mark.parametrize("link", ["", "/2012/01/03/", "javascript:alert(1)", "https://"])
def test_a_page_without_an_address_is_skipped_with_its_comments(
    link: str, importing: Importing
) -> None:
    report = importing.take(export(post(comment(1), comment(2), link=link)))
    assert "2 on a page without a web address (1, 2)" in report
    assert importing.threads() == {}


def test_addresses_are_cleaned_and_titles_are_words(importing: Importing) -> None:
    title = "<![CDATA[Q&amp;A: <em>the</em> database &#8217;19]]>"
    importing.take(export(post(comment(1), link=LINK + "?utm_source=x#more", title=title)))
    (found,) = importing.threads().values()
    assert found.page == LINK.rstrip("/")
    assert found.title == "Q&A: the database ’19"


def test_pages_of_other_origins_are_told(importing: Importing) -> None:
    report = importing.take(export(post(comment(1), link="https://old.example.net/a/")))
    assert "1 at https://old.example.net, which is none of the site’s origins" in report


# ----------------------------------------------------------------------------------- who, and when


@pytest.mark.parametrize(
    ("fields", "kept", "said"),
    [
        ({"author": ""}, {"author": "Anonymous"}, "1 without a name"),
        ({"author": "A &amp;amp; B &amp;laquo;"}, {"author": "A & B «"}, "Repaired none"),
        ({"author": "Ann\u202e"}, {"author": "Ann"}, "Repaired none"),
        ({"author": "A" * 300}, {"author": "A" * 245}, "1 names cut"),
        ({"author_email": "\nann@example.org\n "}, {"email": "ann@example.org"}, "Repaired none"),
        ({"author_email": "none of yours"}, {"email": ""}, "1 e-mail addresses left out"),
        ({"author_email": None}, {"email": ""}, "Repaired none"),
        ({"author_url": "http://"}, {"website": ""}, "Repaired none"),
        (
            {"author_url": "https://a.example/?b=1&amp;amp;c"},
            {"website": "https://a.example/?b=1&c"},
            "Repaired none",
        ),
        ({"author_url": "javascript:alert(1)"}, {"website": ""}, "1 websites left out"),
        ({"author_url": "https://a.example/" + "a" * 200}, {"website": ""}, "1 websites left out"),
    ],
)
def test_names_and_addresses(
    fields: dict[str, Any], kept: dict[str, str], said: str, importing: Importing
) -> None:
    assert said in importing.take(export(post(comment(1, **fields))))
    (found,) = importing.comments()
    assert {name: getattr(found, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("gmt", "local", "kept"),
    [
        ("2012-01-03 18:30:00", "2012-01-03 19:30:00", "2012-01-03T18:30:00+00:00"),
        ("0000-00-00 00:00:00", "2012-01-03 19:30:00", "2012-01-03T19:30:00+00:00"),
        (None, "2012-01-03 19:30:00", "2012-01-03T19:30:00+00:00"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00", "2012-01-03T17:00:00+00:00"),
        ("yesterday", "", "2012-01-03T17:00:00+00:00"),
        ("1969-07-20 20:17:40", "", "1969-07-20T20:17:40+00:00"),
    ],
)
def test_dates(gmt: str | None, local: str, kept: str, importing: Importing) -> None:
    content = export(post(comment(1, date_gmt=gmt, date=local)))
    importing.take(content)
    assert importing.comments()[0].created_at.isoformat() == kept
    assert "Already here 1" in importing.take(content)


def test_a_comment_of_any_length_is_published_whole_or_skipped(importing: Importing) -> None:
    fits, too_long = "a" * 65_525, "a" * 65_526
    report = importing.take(export(post(comment(1, fits), comment(2, too_long, author="B"))))
    assert "1 longer than 65,525 bytes (2)" in report
    assert importing.comments()[0].body_html == f"<p>{fits}</p>"


def test_an_empty_comment_comes_too(importing: Importing) -> None:
    importing.take(export(post(comment(1, ""))))
    assert importing.comments()[0].body_html == ""
