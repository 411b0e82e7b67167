"""Decisions to learn from: what readers and advertisers write, and what Max makes of it."""

import itertools
import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.test_charts import decide, write
from widget.db import db, now, writing
from widget.models import Comment, Moderator, Move, Site, Via
from widget.moderation import moves
from widget.spam import learning

_WHO = ("My brother", "Our neighbour", "The mayor", "A clerk", "My old teacher", "Somebody")
_DID = (
    "read the whole audit twice", "asked the board about the plate readers",
    "parks on Main Street every day", "was at the hearing on Monday",
    "found a cheap flat near the station", "won the raffle of the library",
)  # fmt: skip
_ADDED = (
    "and nobody answered.", "which I did not know before this article.",
    "so page 14 is worth a look.", "but I still think the paper is right.",
    "and the bonus for the chief was in it.", "though the free parking is gone.",
)  # fmt: skip
_SOLD = ("Cheap pills", "Free casino spins", "A bonus loan", "Genuine watches", "Cheap flights")
_HOW = ("without a prescription", "this week only", "for every new player", "sixty percent off")
_WHERE = ("Order now at", "Click here:", "Visit", "More at", "My uncle got it from")


def readers(count: int, seed: int = 1) -> list[str]:
    """What readers say, each once."""
    said = [" ".join(each) for each in itertools.product(_WHO, _DID, _ADDED)]
    return random.Random(seed).sample(said, count)


def sellers(count: int, seed: int = 1) -> list[str]:
    """What advertisers say, each once."""
    said = [
        f"{what} {how}. {where} http://shop{number}.example"
        for what, how, where, number in itertools.product(_SOLD, _HOW, _WHERE, range(3))
    ]
    return random.Random(seed).sample(said, count)


def said(
    app: Flask,
    bodies: Sequence[str],
    move: Move | None,
    *,
    thought: Sequence[float] = (),
    **columns: Any,
) -> list[int]:
    """Comments that came one after the other, on which Max decided; or nobody.

    `thought`: what the filter thought of each when it came.
    """
    came = [now() - timedelta(days=2, minutes=-number) for number in range(len(bodies))]
    ids = write(app, came, **columns)
    with app.app_context(), writing():
        max_ = db.session.scalars(select(Moderator).where(Moderator.name == "Max")).one()
        for number, (comment_id, body) in enumerate(zip(ids, bodies, strict=True)):
            comment = db.session.get_one(Comment, comment_id)
            comment.body, comment.body_html = body, f"<p>{body}</p>"
            comment.probability = thought[number] if thought else comment.probability
            if move:
                moves.move(comment, move, moves.By(via=Via.desk, moderator=max_))
        db.session.commit()
    return ids


def taught(app: Flask, each: int = 65) -> None:
    """So many of either kind, decided by Max and learned."""
    said(app, sellers(each), Move.spam)
    said(app, readers(each), Move.approve)
    with app.app_context(), writing():
        assert learning.learn(news())
        db.session.commit()


def news() -> Site:
    """The site, in a context of the app."""
    return db.session.scalars(select(Site).where(Site.key == "news")).one()


def in_use(app: Flask) -> None:
    """A filter that has learned and judged for a while, and people who looked after it."""
    taught(app, 70)
    chance = random.Random(2)
    guesses = [max(0.5, 1 - chance.expovariate(40)) for _ in range(40)]
    said(app, sellers(40, seed=3), Move.spam, thought=guesses)
    guesses = [min(0.5, chance.expovariate(60)) for _ in range(60)]
    said(app, readers(60, seed=3), Move.approve, thought=guesses)
    late = said(app, sellers(30, seed=4), None, thought=[0.995] * 30)
    soon = said(app, readers(50, seed=4), None, thought=[0.01] * 50)
    by_machine(app, late, Move.spam)
    by_machine(app, soon, Move.approve)
    for wrong, move in ((late[3], Move.approve), (soon[7], Move.spam)):
        decide(app, wrong, move, timedelta(hours=3))


def by_machine(app: Flask, ids: Iterable[int], move: Move) -> None:
    """What the policy does when they come."""
    with app.app_context(), writing():
        for each in ids:
            moves.move(db.session.get_one(Comment, each), move, moves.By(via=Via.policy))
        db.session.commit()
