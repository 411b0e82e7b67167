"""The receipt says all that is stored of a comment's author; its link erases all of it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, select

from tests.conftest import Backstage, Reader, whatever_the_database
from tests.mailroom import deliver_all
from tests.pages import OpenDesk, card
from widget import language
from widget.db import Base, db, writing
from widget.models import (
    Comment,
    Decision,
    Move,
    Report,
    Revision,
    Status,
    Subscription,
    Vote,
)
from widget.models.vote import Complaint
from widget.moderation import moves
from widget.privacy import receipt
from widget.privacy.receipt import COLUMNS, Kept

PRIVATE = "Zenobia"
WEBSITE = "https://zenobia.example/"


# --------------------------------------------------------------------------------------- receipts


def test_every_column_of_a_comment_is_on_the_receipt_once() -> None:
    columns = sorted(column.key for column in inspect(Comment).column_attrs)
    assert sorted(name for names in COLUMNS.values() for name in names) == columns
    assert COLUMNS.keys() == set(Kept)


def test_a_comment_that_has_everything_has_a_line_for_every_kind(ann: Reader, app: Flask) -> None:
    full = ann.say(website=WEBSITE)
    with app.app_context():
        comment = db.session.get_one(Comment, full)
        comment.source = "wordpress"
        lines = receipt.receipt(app.extensions["settings"], comment).lines
        db.session.rollback()
    assert {line.kept for line in lines} == set(Kept)
    assert all(line.says for line in lines)


def receipt_of(reader: Reader, comment_id: int, **fields: str) -> str:
    """The receipt that a browser gets with its own comment."""
    data = {"page": reader.page, "key": reader.key or "", **fields}
    mine = reader.client.post(f"/embed/{reader.site}/mine", data=data, headers=reader.headers)
    article = mine.text.partition(f'id="comment-{comment_id}"')[2]
    found = re.search(r'<details class="comment-receipt".*?</details>', article, re.DOTALL)
    assert found, mine.text
    return found[0]


def erase_link(of_receipt: str) -> str:
    found = re.search(r'href="(http://comments\.example\.org/reader/erase/[^"]+)"', of_receipt)
    assert found, of_receipt
    return found[1]


def test_the_receipt_comes_with_my_comment_and_names_what_i_gave(
    ann: Reader, bob: Reader, app: Flask
) -> None:
    posted = ann.post("My words.", website=WEBSITE, subscribe="thread", tell="y")
    shown = receipt_of(ann, ann.comment_id(posted))
    assert 'class="comment-receipt"' in posted.text
    with app.app_context():
        wrote_at = db.session.scalars(select(Comment.created_at)).one()
    until = wrote_at + timedelta(days=app.extensions["settings"].hash_days)
    for needed in (
        "Ann",
        "ann@example.org",
        WEBSITE,
        "Never published; only this website’s moderators can see it.",
        "You asked for a mail about the decision.",
        "The address itself is not stored.",
        f"{until:%B} {until.day}, {until.year}",
        "To the whole discussion, by mail.",
        "No other service was asked",
    ):
        assert needed in shown, needed
    short = receipt_of(bob, bob.say("Less.", email="b@example.org"))
    assert WEBSITE not in short
    assert "discussion, by mail" not in short
    assert "erase" not in ann.read().text, "it is nobody else's"


# ---------------------------------------------------------------------------------------- erasing


@pytest.fixture
def everything(app: Flask) -> Callable[[], list[str]]:
    """Every row of every table that still says something of Zenobia."""

    def look() -> list[str]:
        with app.app_context():
            return [
                f"{table.name}: {dict(row)}"
                for table in Base.metadata.sorted_tables
                for row in db.session.execute(select(table)).mappings()
                if re.search("zenobia", str(dict(row)), re.IGNORECASE)
            ]

    return look


Everything = Callable[[], list[str]]


@pytest.fixture
def zenobia(app: Flask) -> Reader:
    """Somebody with a name that nobody else has."""
    return Reader(app.test_client(), PRIVATE, "the key that Zenobia's browser holds")


def leave_traces(app: Flask, comment_id: int) -> None:
    """What may hang on a comment: an earlier version, votes and reports by and about it."""
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        site, key = comment.site_id, str(comment.key_hash)
        other = db.session.scalars(select(Comment).where(Comment.author == "Bob")).first()
        assert other is not None
        other.votes_up = 1
        db.session.add_all(
            [
                Revision(site_id=site, comment_id=comment_id, body=PRIVATE, body_html=PRIVATE),
                Vote(site_id=site, comment_id=other.id, voter_hash=key, value=1),
                Vote(site_id=site, comment_id=comment_id, voter_hash="b" * 64, value=1),
                Report(
                    site_id=site, comment_id=other.id, reporter_hash=key,
                    complaint=Complaint.other, note=f"I, {PRIVATE}",
                ),
                Report(
                    site_id=site, comment_id=comment_id, reporter_hash="b" * 64,
                    complaint=Complaint.personal, note=f"It names {PRIVATE}",
                ),
            ]
        )  # fmt: skip
        for decision in db.session.scalars(
            select(Decision).where(Decision.comment_id == comment_id)
        ):
            decision.reason = f"{PRIVATE} is known"
        db.session.commit()


def test_erasing_asks_first_and_leaves_nothing_but_the_place(
    zenobia: Reader, bob: Reader, app: Flask, backstage: Backstage, everything: Everything
) -> None:
    backstage.approve(bob.say("Before."))
    mine = zenobia.say(f"I am {PRIVATE}.", website=WEBSITE, subscribe="thread", tell="y")
    backstage.approve(mine)
    reply = bob.say("I agree.", parent=mine)
    backstage.approve(reply)
    deliver_all(app)
    deliver_all(app)
    link = erase_link(receipt_of(zenobia, mine))
    leave_traces(app, mine)
    assert {row.partition(":")[0] for row in everything()} >= {
        "comment", "revision", "report", "decision", "subscription", "outbox",
    }  # fmt: skip

    asked = bob.client.get(link)
    assert (asked.status_code, asked.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "This cannot be undone." in asked.text
    assert PRIVATE in bob.read().text

    assert "Your comment is erased." in bob.client.post(link).text
    assert everything() == []
    thread = bob.read().text
    assert PRIVATE not in thread
    assert "This comment was removed." in thread
    assert f'id="comment-{reply}"' in thread
    erased = backstage.comment(mine)
    assert (erased.author, erased.status) == ("Removed", Status.trash)
    hashes = (erased.key_hash, erased.address_hash, erased.network_hash, erased.nonce)
    assert (hashes, erased.body_hash, erased.signals) == ((None,) * 4, "", [])
    assert [backstage.count(model) for model in (Vote, Report, Revision, Subscription)] == [0] * 4
    with app.app_context():
        first = db.session.scalars(select(Comment).order_by(Comment.id)).first()
        assert first is not None
        assert first.votes_up == 0, "a vote that is forgotten does not count"
        last = db.session.scalars(select(Decision).order_by(Decision.id.desc())).first()
        assert last is not None
        assert (last.move, last.via.value, last.reason) == (Move.withdraw, "author", "")

    for ask in (bob.client.get, bob.client.post):
        again = ask(link)
        assert again.status_code == 410
        assert "This comment is gone" in again.text


@pytest.mark.parametrize("state", [Status.pending, Status.spam, Status.trash, Status.rejected])
def test_what_nobody_saw_can_be_erased_as_well(
    zenobia: Reader,
    app: Flask,
    desk: OpenDesk,
    everything: Everything,
    state: Status,
) -> None:
    backstage = Backstage(app)
    mine = zenobia.say(f"I am {PRIVATE}.", tell="y")
    if state is not Status.pending:
        backstage.screen(mine)
        backstage.move(mine, next(move for move, (_, to) in moves.MOVES.items() if to is state))
    link = (
        erase_link(receipt_of(zenobia, mine)) if state is not Status.spam else link_for(app, mine)
    )
    zenobia.client.post(link)
    assert everything() == []
    left = backstage.comment(mine)
    assert left.status is (Status.trash if state is Status.pending else state)
    assert left.screened_at, "nothing is left to screen"
    deliver_all(app)
    backstage.screen(mine)
    if left.status is Status.trash:
        assert PRIVATE not in card(desk("Max"), mine, "/desk/trash/").text_content()


def link_for(app: Flask, comment_id: int) -> str:
    """What its author kept from when they wrote it."""
    with app.app_context():
        comment = db.session.get_one(Comment, comment_id)
        return receipt.receipt(app.extensions["settings"], comment).erase


@whatever_the_database
def test_erasing_one_comment_leaves_the_other_and_its_subscription(
    zenobia: Reader, app: Flask, backstage: Backstage
) -> None:
    one = zenobia.say("One.", subscribe="replies")
    two = zenobia.say("Two.", subscribe="replies")
    backstage.approve(one, two)
    zenobia.client.post(link_for(app, one))
    assert backstage.comment(two).author == PRIVATE
    with app.app_context():
        assert [row.asked_by_id for row in db.session.scalars(select(Subscription))] == [two]


@whatever_the_database
def test_a_link_of_one_comment_erases_no_other(
    zenobia: Reader, nell: Reader, app: Flask, client: FlaskClient, backstage: Backstage
) -> None:
    mine, theirs = zenobia.say("Mine."), nell.say("Hers.")
    link = link_for(app, mine)
    own, hers = (re.split(r"[/.]", link_for(app, each))[-3:] for each in (mine, theirs))
    start = link.rpartition("/")[0]
    for forged in ("x", ".".join([hers[0], *own[1:]])):
        assert client.post(f"{start}/{forged}").status_code == 410
    assert (backstage.comment(mine).author, backstage.comment(theirs).author) == (PRIVATE, "Nell")


@whatever_the_database
def test_the_receipt_speaks_the_readers_language(ann: Reader, app: Flask) -> None:
    comment_id = ann.say()
    for spoken in ("de", "ar"):
        shown = receipt_of(ann, comment_id, lang=spoken)
        with app.app_context(), language.speaking(spoken):
            assert language.gettext("What is stored of me") in shown
