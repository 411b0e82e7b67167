"""What became of my comment, by mail; and how mails to readers look."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import PAGE, TITLE, Backstage, Reader, whatever_the_database
from tests.mailroom import MODERATORS, Post, text_of
from widget import addresses
from widget.db import db, now, writing
from widget.models import Comment, Delivery, Hold, Moderator, Move, Via
from widget.moderation import moves
from widget.notify import plain, readers

# ------------------------------------------------------------------------------- what became of it


@whatever_the_database
def test_the_author_hears_that_the_comment_is_published(
    ann: Reader, backstage: Backstage, post: Post
) -> None:
    mine = ann.say("Tell me.", tell="y", url=PAGE)
    backstage.approve(mine, ann.say("Do not tell me."))
    (told,) = post.brought()
    assert told["Subject"] == f"Your comment on “{TITLE}” is published"
    assert "> Tell me.\n" in text_of(told)
    assert f"{PAGE}#comment-{mine}" in text_of(told)
    for move in (Move.unapprove, Move.approve):
        backstage.move(mine, move)
    assert post.brought() == [], "one mail per outcome"


@whatever_the_database
def test_the_author_hears_that_it_is_not_and_why_but_not_what_they_wrote(
    ann: Reader, app: Flask, backstage: Backstage, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.set("news", tell_reasons=True)
    waits = ann.say("http://pills.example", tell="y", title="Buy pills", author="Buy pills")
    backstage.screen(waits)
    monkeypatch.setattr(readers, "_GRACE", timedelta())
    with app.app_context(), writing():
        olga = db.session.scalars(select(Moderator).where(Moderator.name == "Olga")).one()
        by = moves.By(via=Via.desk, moderator=olga, reason="This names a neighbour.")
        moves.move(db.session.get_one(Comment, waits), Move.reject, by)
        db.session.commit()
    (told,) = post.brought()
    assert told["Subject"] == "Your comment on “Norwalk News” is not published"
    for part in ("plain", "html"):
        assert "The moderator’s reason: This names a neighbour." in text_of(told, part)
        assert "pills" not in text_of(told, part)
    assert told["List-Unsubscribe"] is None


def test_a_refusal_that_is_undone_at_once_is_never_mailed(
    ann: Reader, backstage: Backstage, post: Post, app: Flask
) -> None:
    waits = ann.say("Tell me.", tell="y")
    backstage.screen(waits)
    backstage.move(waits, Move.trash)
    assert post.brought() == [], "a minute's grace"
    backstage.move(waits, Move.restore)
    with app.app_context(), writing():
        db.session.execute(update(Delivery).values(due_at=now()))
        db.session.commit()
    assert post.brought() == []
    backstage.move(waits, Move.spam)
    assert all(row.recipient in MODERATORS for row in open_rows(app)), "spam's sender hears nothing"


def open_rows(app: Flask) -> list[Delivery]:
    with app.app_context():
        return list(db.session.scalars(select(Delivery).where(Delivery.failed_at.is_(None))))


@whatever_the_database
def test_what_the_machine_approves_is_seen_in_place_unless_it_took_its_time(
    ann: Reader, app: Flask, backstage: Backstage, post: Post
) -> None:
    backstage.set(hold=Hold.none)
    at_once, late = ann.say("At once.", tell="y"), ann.say("Late.", tell="y")
    with app.app_context(), writing():
        db.session.get_one(Comment, late).created_at = now() - timedelta(minutes=2)
        db.session.commit()
    backstage.screen(at_once, late)
    assert ["> Late." in text_of(mail) for mail in post.brought()] == [True]


# ---------------------------------------------------------------------------------- how mails look


@pytest.mark.parametrize("spoken", ["en", "de", "ja", "ar"])
@whatever_the_database
def test_every_mail_is_in_the_readers_language_and_readable_as_it_is(
    ann: Reader, bob: Reader, backstage: Backstage, post: Post, spoken: str
) -> None:
    long = "A " + "very " * 60 + "long line.\n\n" + "文字" * 60
    backstage.approve(ann.say("First.", lang=spoken, subscribe="thread", tell="y"))
    asked = post.brought()
    post.confirmed(next(mail for mail in asked if "List-Id" in mail))
    backstage.approve(bob.say(long))
    mails = [*asked, *post.brought()]
    assert len(mails) == 3
    for mail in mails:
        assert f'<html lang="{spoken}" dir="{"rtl" if spoken == "ar" else "ltr"}">' in text_of(
            mail, "html"
        )
        for line in text_of(mail).splitlines():
            assert sum(map(plain._width, line)) <= 78 or re.fullmatch(r"https?://\S+", line), line
        assert "\n\n\n" not in text_of(mail)
        assert not re.search(r"<img|url\(|<link|<script", text_of(mail, "html"))


def test_a_site_says_it_in_its_own_words(ann: Reader, backstage: Backstage, post: Post) -> None:
    own = {"en": {"Your comment on “%(title)s” is published": "It is out: %(title)s"}}
    backstage.set(words=own)
    backstage.approve(ann.say("First.", tell="y"))
    assert [mail["Subject"] for mail in post.brought()] == [f"It is out: {TITLE}"]


def test_a_thread_without_an_address_leads_to_our_own_page(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    comment_id = ann.say("First.")
    with app.app_context():
        comment = db.session.get_one(Comment, comment_id)
        comment.thread.page, comment.thread.url = "story-1", ""
        found = addresses.comment(comment.site, comment.thread, comment_id)
    assert found.startswith("http://comments.example.org/t/news?page=story-1")
    assert found.endswith(f"&at={comment_id}#comment-{comment_id}")
