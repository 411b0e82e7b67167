"""What real exports do wrong, and what `widget import wordpress` makes of it."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.wxr import LINK, Importing, comment, export, post
from widget.models import Kind, Status


@pytest.fixture
def importing(app: Flask, tmp_path: Path) -> Importing:
    """The command, on the app's database."""
    return Importing(app, tmp_path)


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


def test_what_an_export_says_does_not_steer_the_terminal(importing: Importing) -> None:
    report = importing.take(export(post(comment("1\u009b2J", type="note\u009b31m\u202e"))))
    assert "1 of type “note31m”, no reader’s comment (12J)" in report


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
