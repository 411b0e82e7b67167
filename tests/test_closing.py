"""A thread that takes no more comments says why, and since when it does so, all say it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import PAGE, Backstage, Reader, WithoutScript, whatever_the_database
from tests.pages import OpenDesk, page, press, token
from tests.test_replies import tree
from tests.test_views import text_of
from tests.wxr import LINK, Importing, comment, export, post
from widget.db import db, now, writing
from widget.models import Entry, Thread
from widget.publishing.form_token import EPOCH_SECONDS


@pytest.fixture
def begun(app: Flask, ann: Reader, backstage: Backstage) -> Callable[[datetime], None]:
    """Say when a thread began, and whether someone closed it."""
    backstage.approve(ann.say())

    def change(at: datetime, closed_at: datetime | None = None) -> None:
        with app.app_context(), writing():
            db.session.execute(update(Thread).values(created_at=at, closed_at=closed_at))
            db.session.execute(update(Thread).values(version=Thread.version + 1))
            db.session.commit()

    return change


def is_open(reader: Reader) -> bool:
    page = tree(reader)
    forms = bool(page.xpath("//form[@id='respond']"))
    assert bool(page.xpath("//a[@class='comment-reply']")) is forms
    assert bool(text_of(page, "comments-closed")) is not forms
    return forms


@whatever_the_database
def test_a_thread_is_closed_by_hand_or_after_so_many_days(
    ann: Reader, app: Flask, backstage: Backstage, begun: Callable[..., None]
) -> None:
    cara = WithoutScript(app.test_client(), "Cara")
    begun(now() - timedelta(days=15))
    assert is_open(ann)
    backstage.set(close_after_days=14)
    assert not is_open(ann)
    assert not is_open(cara)
    assert text_of(tree(ann), "comments-closed") == [
        "Comments are closed here: they were open for 14 days."
    ]
    refused = ann.post("Too late.", token="")
    assert refused.status_code == 403
    assert "closed" in refused.text

    backstage.set(close_after_days=16)
    assert is_open(ann)
    assert ann.post("In time.", token="").status_code == 202
    begun(now(), closed_at=now())
    assert not is_open(ann)
    assert text_of(tree(ann), "comments-closed") == ["Comments are closed here."]


def test_a_moderator_has_the_last_word_in_a_closed_thread_and_may_reopen_it_for_good(
    ann: Reader, backstage: Backstage, begun: Callable[..., None], desk: OpenDesk
) -> None:
    begun(now() - timedelta(days=15))
    backstage.set(close_after_days=14)
    max_ = desk("Max")
    reply = max_.client.get("/desk/comments/1/reply")
    assert "Comments are closed here; a moderator may still reply." in reply.text
    said = {"body": "That is the last word.", "nonce": "0123456789", **token(max_)}
    assert max_.client.post("/desk/comments/1/reply", data=said).status_code == 303
    assert "That is the last word." in ann.read().text

    shown = page(max_.client.get("/desk/threads/1"))
    (panel,) = shown.xpath("//section[@aria-labelledby='closing']")
    words = " ".join(panel.text_content().split())
    assert "Comments are closed" in words
    assert "14 days after the first comment: since" in words
    etag = ann.read().headers["ETag"]
    assert press(max_, panel, "Reopen the thread").status_code == 303
    assert ann.read().headers["ETag"] != etag
    assert is_open(ann)
    assert ann.post("In time after all.", token="").status_code == 202
    assert "whatever the thread’s age" in max_.client.get("/desk/threads/1").text

    press(max_, page(max_.client.get("/desk/threads/1")), "Close the thread")
    assert not is_open(ann)
    with backstage.app.app_context():
        lines = select(Entry.action, Entry.after).order_by(Entry.id)
        assert [tuple(line) for line in db.session.execute(lines)] == [
            ("thread reopened", {"stays_open": "yes"}), ("thread closed", {}),
        ]  # fmt: skip


def test_what_was_kept_while_it_was_open_is_not_given_out_when_the_day_has_come(
    ann: Reader, backstage: Backstage, begun: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    began = now()
    begun(began)
    backstage.set(close_after_days=14)
    etag = ann.read().headers["ETag"]
    assert is_open(ann)
    over = int((began + timedelta(days=14)).timestamp())
    monkeypatch.setattr("widget.publishing.form_token.epoch", lambda: over // EPOCH_SECONDS)
    assert is_open(ann), "the last quarter of a day has only begun"
    assert ann.post("In the last minute.").status_code == 202
    monkeypatch.setattr("widget.publishing.form_token.epoch", lambda: over // EPOCH_SECONDS + 1)
    assert ann.read().headers["ETag"] != etag
    assert not is_open(ann)
    assert ann.post("Too late.", token="").status_code == 403


def test_an_imported_thread_is_as_old_as_its_first_comment(
    app: Flask, ann: Reader, backstage: Backstage, tmp_path: Path
) -> None:
    Importing(app, tmp_path).take(export(post(comment(1))))
    ann.page = LINK
    assert is_open(ann)
    backstage.set(close_after_days=14)
    assert not is_open(ann)


@whatever_the_database
def test_a_page_where_nobody_wrote_stays_open(ann: Reader, backstage: Backstage) -> None:
    backstage.set(close_after_days=1)
    ann.page = f"{PAGE}/nobody-wrote-here"
    assert tree(ann).xpath("//form[@id='respond']")
