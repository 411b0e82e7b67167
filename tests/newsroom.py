"""A newsroom in full swing: what a desk looks like when every page has something to show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from tests.conftest import HOST, Backstage, Reader
from tests.test_charts import decide, write
from widget.db import db, now, writing
from widget.models import (
    AuthorNote,
    Canned,
    CannedKind,
    Comment,
    Dialect,
    Effect,
    Invitation,
    Match,
    Moderator,
    Move,
    Role,
    Rule,
    SavedFilter,
    Site,
    Status,
    Together,
    Votes,
    Webhook,
)
from widget.moderation import authors, batches, priority

TITLE = "Who may search the plate readers’ database"
ANN = "The board voted for parking. Nobody voted for a list of who was at the clinic."
ANSWER = "Page 14 of the minutes: a search needs a case number and a reason."
# Who wrote what, and how many hours ago: oldest first, as the queue has them.
WAITING = (
    ("Sami Haddad", "Compare https://a.pellmere.example with https://b.pellmere.example.", 31),
    ("Lucky Win", "Best casino in town, play at http://win.example/now, 200 free spins", 29),
    ("Harriet L.", "My plate was read outside <em>the clinic</em> twice. Whom do I ask?", 26),
    ("Carla Dunmore", "Were the nine people who were looked up told? I was there that week.", 7),
    ("Deb", "Parking was never the question, and the board knew it.", 4),
    ("Ivo Marek", "Could the paper put the whole audit online?", 2),
)
OFFER = (
    "Genuine watches from Geneva, sixty percent off this week only, order number {} at "
    "http://watches.example"
)
OFFERS = 5


@dataclass
class Newsroom:
    """What the addresses of its pages name."""

    ids: dict[str, Any]

    def address(self, pattern: str) -> str:
        """An address, filled in."""
        return pattern.format(**self.ids)


def open_newsroom(app: Flask, origins: Iterable[str] = ()) -> Newsroom:
    """Fill `news` with what people say and what moderators did."""
    backstage = Backstage(app)
    backstage.set(
        origins=[HOST, *origins], hold_words="casino", transparent=True, votes=Votes.both,
        tell_reasons=True,
    )  # fmt: skip
    _past(app)
    page = f"{HOST}/2019/03/14/the-database"
    ann, bob = _reader(app, "Ann Alder", page), _reader(app, "Bob Birch", page)
    first = ann.say(ANN, title=TITLE)
    backstage.approve(first)
    answer = bob.say(ANSWER, parent=first, title=TITLE)
    backstage.approve(answer)
    _report(bob, first)
    waiting = [
        _reader(app, author, page).say(
            words, author=author, title=TITLE, parent=first if number == 2 else None
        )
        for number, (author, words, _) in enumerate(WAITING)
    ]
    spammer = _reader(app, "Best Watches", page)
    offers = [
        spammer.say(OFFER.format(4710 + number), author="Best Watches", title=TITLE)
        for number in range(OFFERS)
    ]
    backstage.screen(*waiting, *offers)
    gone = [bob.say(words, title=TITLE) for words in ("Spam, spam.", "My number is …", "You fool.")]
    backstage.screen(*gone)
    for comment_id, move in zip(gone, (Move.spam, Move.trash, Move.reject), strict=True):
        backstage.move(comment_id, move)
    _age(app, dict(zip(waiting, [hours for _, _, hours in WAITING], strict=True)))
    _age(app, {each: 6 - number / 4 for number, each in enumerate(offers)})
    return Newsroom(
        {**_furnish(app, waiting, offers), "waiting": waiting[0], "first": first, "article": page}
    )


def _reader(app: Flask, name: str, page: str) -> Reader:
    writer = name.partition(" ")[0]
    return Reader(app.test_client(), writer, f"a key that only {name} holds", page=page)


def _report(reader: Reader, comment_id: int) -> None:
    sent = reader.client.post(
        f"/embed/news/comments/{comment_id}/report",
        data={
            "complaint": "personal", "note": "It names where people were.",
            "token": reader.token(), "key": "a key that only a neighbour holds",
        },
        headers=reader.headers,
    )  # fmt: skip
    assert sent.status_code < 400, sent.text


def _past(app: Flask) -> None:
    """A month of comments, most of them decided within a morning."""
    for number in range(90):
        day = timedelta(days=1 + number * 7 % 29, hours=number % 9)
        (comment_id,) = write(
            app, [now() - day], author=f"Reader {number}",
            rules=" links " if number % 3 else " hold-words ", held_for="2 links",
        )  # fmt: skip
        move = Move.spam if number % 4 == 1 else Move.reject if number % 9 == 2 else Move.approve
        decide(app, comment_id, move, timedelta(minutes=7 + number * number % 700),
               "Max" if number % 3 else "Olga")  # fmt: skip


def _age(app: Flask, hours: dict[int, float]) -> None:
    """They were written so many hours ago."""
    with app.app_context(), writing():
        for comment_id, ago in hours.items():
            at = now() - timedelta(hours=ago)
            db.session.execute(
                update(Comment).where(Comment.id == comment_id).values(created_at=at)
            )
            comment = db.session.get_one(Comment, comment_id, populate_existing=True)
            priority.set_priority(comment)
        db.session.commit()


def _furnish(app: Flask, waiting: list[int], offers: list[int]) -> dict[str, Any]:
    """Rules, texts, notes, rooms, people: one or two of each."""
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        olga = db.session.scalars(select(Moderator).where(Moderator.name == "Olga")).one()
        sami, offer = (db.session.get_one(Comment, each) for each in (waiting[0], offers[0]))
        reference = authors.reference(sami)
        rows = [
            Rule(site_id=site.id, match=Match.link, pattern="win.example", effect=Effect.spam,
                 note="Sells luck", created_by_id=olga.id),
            Rule(site_id=site.id, match=Match.domain, pattern="mail.example", effect=Effect.hold,
                 note="Throw-away addresses", created_by_id=olga.id, until=now() + timedelta(7)),
            Canned(site_id=site.id, kind=CannedKind.reason, title="Off topic",
                   text="Please stay with the subject of the article."),
            Canned(site_id=site.id, kind=CannedKind.reply, title="Thanks",
                   text="Thank you. We have passed it on to the author."),
            Webhook(site_id=site.id, name="#comments", url="https://chat.example/hooks/1",
                    dialect=Dialect.slack, error="It answered 503."),
            AuthorNote(site_id=site.id, author=authors.identity(reference), moderator_id=olga.id,
                       text="Found the second audit; worth a call."),
            Invitation(site_id=site.id, email="mia.with.a.rather.long.address@example.org",
                       role=Role.moderator, invited_by_id=olga.id),
            SavedFilter(moderator_id=olga.id, name="Links to the audit",
                        query="view=pending&q=link%3Apellmere.example"),
        ]  # fmt: skip
        db.session.add_all(rows)
        db.session.flush()
        batch = batches.begin(
            site, olga, Move.approve, together=Together.selection, ids=waiting[-1:],
            expected=Status.pending,
        )  # fmt: skip
        batches.step(batch)
        ids = {
            "offer": offer.id, "cluster": offer.cluster_id, "thread": sami.thread_id,
            "reference": reference, "batch": batch.id, "max": olga.id,
        }  # fmt: skip
        db.session.commit()
        return ids
