"""Chat rooms: what they hear, what became of a room that fails, and the page of a site's rooms."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import parts
from tests.chat import Chat, chat
from tests.conftest import Backstage, Desk, Reader, whatever_the_database
from tests.mailroom import Clock
from tests.pages import OpenDesk, page, press, token
from widget.db import db, now, writing
from widget.models import Dialect, Entry, Hold, Move, Site, Telling, Webhook
from widget.notify import rooms

Say = Callable[..., int]
PAGE = "/desk/sites/news/webhooks"


@pytest.fixture
def room() -> Iterator[Chat]:
    """A chat's server."""
    with chat() as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Here the chat's server is on this very machine."""
    return {**settings, "webhooks_to_private": True}


@pytest.fixture
def outbox(app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The outbox of a site that holds everything."""
    backstage.set(hold=Hold.all)
    return Clock(app, monkeypatch)


@pytest.fixture
def say(ann: Reader, backstage: Backstage, outbox: Clock) -> Say:
    """Let Ann say something that is held."""

    def held(body: str = "I read the whole report.", **fields: str) -> int:
        comment_id = ann.say(body, **fields)
        backstage.screen(comment_id)
        return comment_id

    return held


@pytest.fixture
def olga(desk: OpenDesk) -> Desk:
    """The owner."""
    return desk("Olga")


def add(desk: Desk, url: str, **fields: str) -> None:
    """Add a room through the form."""
    answer = desk.client.post(
        PAGE,
        data={
            "name": "Newsroom", "url": url, "dialect": "slack", "telling": "at_once",
            **fields, **token(desk),
        },
    )  # fmt: skip
    assert answer.status_code == 303, answer.text


def only_room(app: Flask) -> Webhook:
    with app.app_context():
        found = db.session.scalars(select(Webhook)).one()
        db.session.expunge(found)
        return found


def test_a_room_hears_of_a_comment_at_once_and_of_a_flood_in_one_message(
    say: Say, olga: Desk, outbox: Clock, room: Chat
) -> None:
    add(olga, room.url)
    say("Write to me: ann.secret@example.net", title="A <b> & <!here>")
    outbox.deliver_due()
    (heard,) = room.posted
    assert set(heard) == {"text", "unfurl_links", "unfurl_media"}
    lead, line, link = heard["text"].split("\n")
    assert lead == "Norwalk News: a comment waits (1 pending, oldest a moment)."
    assert line.startswith("• Ann on “A &lt;b&gt; &amp; &lt;!here&gt;”: “Write to me: [e-mail")
    assert line.endswith("(Every comment is held on this site)")
    assert link == "http://comments.example.org/desk/pending/?site=news"

    for n in range(12):
        say(f"{'abcdefghijkl'[n] * 9} {n}")
    outbox.deliver_due()
    assert len(room.posted) == 3, "three at once, the others together"
    outbox.later(minutes=10)
    assert len(room.posted) == 4
    lead, *lines, more, link = room.posted[3]["text"].split("\n")
    assert lead.startswith("Norwalk News: 13 pending, oldest 10 min")
    assert len(lines) == 10
    assert more == "and 3 more"
    for said in room.posted:
        assert "decide" not in said["text"]
        assert "@" not in said["text"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_room_hears_that_a_flood_has_raised_the_shields(
    say: Say, olga: Desk, outbox: Clock, room: Chat, backstage: Backstage
) -> None:
    add(olga, room.url, telling="hourly")
    backstage.set(flooded_at=now(), flooded_until=now() + timedelta(hours=2))
    say()
    outbox.later(hours=1)
    lead, *_ = room.posted[0]["text"].split("\n")
    assert "A flood of likely spam has raised the shields at" in lead


EVIL = "@channel <!here> <@U1> [x](http://a.example) **b** www.b.example @everyone `c` \\"


@pytest.mark.parametrize("dialect", Dialect)
def test_a_readers_words_call_nobody_and_look_like_nothing_but_words(dialect: Dialect) -> None:
    said = rooms._foreign(Webhook(dialect=dialect), EVIL, 500)
    assert not re.search(r"@\w|(?<!\\)<[@!]|\]\(|://|www\.", said)
    if dialect is Dialect.discord:
        assert not re.search(r"(?<!\\)[*`<\[_]", said)
    else:
        assert not re.search(r"&(?!lt;|gt;|amp;)", said)


@whatever_the_database
def test_discord_is_told_in_its_dialect_and_within_its_limit(
    say: Say, olga: Desk, outbox: Clock, room: Chat
) -> None:
    add(olga, room.url, dialect="discord", telling="daily")
    for n in range(12):
        words = f"{'abcdefghijkl'[n] * 8} " + "😀*" * 200
        say(words, author="_" * 60, title="[" * 100)
    outbox.deliver_due()
    assert room.posted == [], "it hears once a day"
    outbox.later(days=1)
    (heard,) = room.posted
    assert heard["allowed_mentions"] == {"parse": []}
    assert set(heard) == {"content", "allowed_mentions", "flags"}
    text = heard["content"]
    assert 1500 < len(text.encode("utf-16-le")) // 2 <= 2000
    assert text.endswith("and more\nhttp://comments.example.org/desk/pending/?site=news")


# ---------------------------------------------------------------------------------- what goes wrong


def test_a_room_that_fails_is_tried_again_when_it_says_and_its_page_says_why(
    say: Say, olga: Desk, outbox: Clock, room: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    add(olga, room.url)
    say()
    room.says(429, "slow down", Retry_After="3600")
    outbox.deliver_due()
    fault = "The server answered 429: slow down."
    assert fault in olga.client.get(PAGE).text
    outbox.later(minutes=59)
    assert len(room.posted) == 1, "not before an hour"

    room.says(500)
    outbox.later(minutes=2)
    room.says(200)
    outbox.later(minutes=6)
    assert len(room.posted) == 3
    assert only_room(outbox.app).error == ""
    assert all(row.delivered_at for row in outbox.rows() if row.payload.get("webhook"))
    assert "SECRET" not in caplog.text


def test_a_room_that_is_gone_is_switched_off_until_it_has_another_address(
    say: Say, olga: Desk, outbox: Clock, room: Chat
) -> None:
    add(olga, room.url)
    say("One.")
    room.says(404, "no_service")
    outbox.deliver_due()
    gone = only_room(outbox.app)
    assert gone.telling is Telling.never
    assert gone.error == "Switched off, because the server answered 404: no_service."
    room.says(200)
    say("Two.")
    outbox.deliver_due()
    assert len(room.posted) == 1

    data = {"name": "News", "url": room.url + "/new", "dialect": "slack", "telling": "at_once"}
    olga.client.post(f"{PAGE}/{gone.id}", data={**data, **token(olga)})
    assert only_room(outbox.app).error == ""
    say("Three.")
    outbox.deliver_due()
    assert room.paths[-1].endswith("/new")


@whatever_the_database
def test_a_decision_or_a_removal_keeps_a_message_from_going_out(
    say: Say, olga: Desk, outbox: Clock, room: Chat
) -> None:
    add(olga, room.url)
    Backstage(outbox.app).move(say("One."), Move.approve)
    outbox.deliver_due()
    say("Two.")
    panel = page(olga.client.get(PAGE)).find_class("panel")[0]
    assert press(olga, panel, "Remove").status_code == 303
    outbox.deliver_due()
    assert room.posted == []
    assert outbox.rung_for() == []


# ---------------------------------------------------------------------------------- the desk's page


def test_an_owner_adds_tries_changes_and_removes_a_room_and_its_address_stays_secret(
    app: Flask, olga: Desk, outbox: Clock, room: Chat
) -> None:
    add(olga, room.url)
    panel = page(olga.client.get(PAGE)).find_class("panel")[0]
    assert press(olga, panel, "Send a test message").status_code == 303
    outbox.deliver_due()
    assert room.posted[0]["text"].startswith("Norwalk News: this room will hear of comments")

    room.says(403, "action_prohibited")
    press(olga, panel, "Send a test message")
    outbox.deliver_due()
    assert outbox.rung_for() == [], "a test is not tried again"
    shown = olga.client.get(PAGE).text
    assert "The server answered 403: action_prohibited." in shown
    assert f"127.0.0.1:{room.port}/…" in shown

    number = only_room(outbox.app).id
    data = {"name": "Night shift", "url": "", "dialect": "discord", "telling": "hourly"}
    assert olga.client.post(f"{PAGE}/{number}", data={**data, **token(olga)}).status_code == 303
    changed = only_room(outbox.app)
    assert (changed.name, changed.dialect, changed.telling, changed.url) == (
        "Night shift", Dialect.discord, Telling.hourly, room.url,
    )  # fmt: skip
    data["url"] = room.url + "/other"
    olga.client.post(f"{PAGE}/{number}", data={**data, **token(olga)})
    press(olga, page(olga.client.get(PAGE)).find_class("panel")[0], "Remove")
    with outbox.app.app_context():
        assert db.session.scalars(select(Webhook)).all() == []
        entries = db.session.scalars(select(Entry).order_by(Entry.id)).all()
        said = [entry.action for entry in entries]
        kept = json.dumps([[entry.subject, entry.before, entry.after] for entry in entries])
    assert said == [
        "chat room added", "chat room tested", "chat room tested",
        "chat room changed", "chat room changed", "chat room removed",
    ]  # fmt: skip
    assert "SECRET" not in shown + kept


@whatever_the_database
def test_a_fault_of_the_form_is_said_beside_its_field_and_nothing_is_kept(
    app: Flask, olga: Desk, room: Chat
) -> None:
    data = {"name": " ", "url": "chat.example", "dialect": "slack", "telling": "at_once"}
    answer = olga.client.post(PAGE, data={**data, **token(olga)})
    faults = [fault.text_content() for fault in page(answer).find_class("fault")]
    assert [fault.partition(",")[0] for fault in faults] == [
        "Please give the room a name",
        "Please enter the whole address that the chat gave you; it begins with https://.",
    ]
    for wrong in ({"dialect": "irc"}, {"telling": "often"}, {"name": "x" * 101}):
        data = {"name": "x", "url": room.url, "dialect": "slack", "telling": "at_once", **wrong}
        assert olga.client.post(PAGE, data={**data, **token(olga)}).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Webhook)).all() == []


@whatever_the_database
def test_only_admins_of_the_site_know_of_its_rooms(
    app: Flask, olga: Desk, desk: OpenDesk, room: Chat
) -> None:
    add(olga, room.url)
    with app.app_context(), writing():
        other = db.session.scalars(select(Site).where(Site.key == "other")).one()
        strange = Webhook(site_id=other.id, name="Other", url=room.url, dialect=Dialect.slack)
        db.session.add(strange)
        db.session.commit()
        number, theirs = strange.id - 1, strange.id
    for name, status in (("Max", 403), ("Nina", 404)):
        moderator = desk(name)
        csrf = token(moderator)
        assert moderator.client.get(PAGE).status_code == status
        for address in (PAGE, *(f"{PAGE}/{number}{act}" for act in ("", "/test", "/remove"))):
            assert moderator.client.post(address, data=csrf).status_code == status
    for act in ("", "/test", "/remove"):
        answer = olga.client.post(f"{PAGE}/{theirs}{act}", data=token(olga))
        assert answer.status_code == 404, "a room of another site"
    assert olga.client.post(f"{PAGE}/{number}/remove").status_code in {302, 303}
    with app.app_context():
        assert len(db.session.scalars(select(Webhook)).all()) == 2


def test_two_workers_with_one_message_post_it_once(
    say: Say, olga: Desk, outbox: Clock, room: Chat
) -> None:
    add(olga, room.url)
    say()
    (row,) = [row for row in outbox.rows() if row.payload.get("webhook")]
    parts.at_once(*[lambda: outbox.deliver(row.id)] * 4)
    assert len(room.posted) == 1
