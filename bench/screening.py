"""`python -m bench --only screening`: how many comments one worker screens, on one core.

With all local checks and a filter that has learned. Two queues of one server: different texts, as
readers write them, and a flood of variants of one. Beside them a job, hence a fork, for each
comment: what a bell for each would cost. A worker's own processor time counts, not the database's,
which is another's on PostgreSQL; how long it waited for that is told as well.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from redis import Redis
from rq import Queue, Worker
from sqlalchemy import func, insert, select

from bench import seed
from bench.stage import make_durable
from tests import parts
from widget import jobs, queue, sanitize
from widget.app import create_app
from widget.comments.submission import body_digest
from widget.db import db, now, writing
from widget.models import Comment, Site, SpamModel, Status, Thread
from widget.spam import classifier, learning, tongues

COMMENTS = 3_000
LEARNED = 500
# By forks, fewer are enough to tell.
FORKED = 100
_KEYS = 400
_SPAM = (
    "Cheap watches and bags, the best offers of the season, only today, only at "
    "https://win{}.example/now, and free for whoever comes first"
)


@dataclass(frozen=True)
class Screened:
    """How many comments of a kind were screened in a second of its own time, and of the clock's."""

    database: str
    kind: str
    each_second: float
    by_the_clock: float


def screening(databases: list[str]) -> Iterator[Screened]:
    """Measure on each database."""
    for database in databases:
        for kind, text in (("different texts", _any_text), ("a flood of variants", _variant)):
            with _app(database) as app:
                _wait_in_line(app, text, 20)  # the first of all compile statements
                _drain(app)
                _wait_in_line(app, text, COMMENTS)
                own, clock = _drain(app)
                yield Screened(database, kind, COMMENTS / own, COMMENTS / clock)
        with _app(database) as app:
            _wait_in_line(app, _any_text, FORKED)
            clock = _fork_for_each(app)
            yield Screened(database, "a fork for each", FORKED / clock, FORKED / clock)


def as_text(found: Iterable[Screened]) -> str:
    """Lines to read."""
    lines = ["Screening, comments a second, one worker on one core: of its own time, by the clock"]
    lines += [
        f"  {each.database:11} {each.kind:20} {each.each_second:7,.0f} {each.by_the_clock:7,.0f}"
        for each in found
    ]
    return "\n".join(lines)


@contextmanager
def _app(database: str) -> Iterator[Flask]:
    with (
        TemporaryDirectory(prefix="widget-bench-") as folder,
        parts.valkey(Path(folder)) as valkey,
        parts.postgres() as server,
    ):
        make_durable(server.format(database="postgres"))
        address = f"sqlite:///{folder}/widget.sqlite3"
        if database == "postgresql":
            address = server.format(database="postgres")
        app = create_app(
            database_url=address,
            redis_url=valkey.connection_url,
            secret_key=parts.SECRET,
            data=Path(folder),
        )
        seed.fill_queue(app, 1_000)
        tongues.load()
        _teach(app)
        yield app
        with app.app_context():
            db.engine.dispose()


def _teach(app: Flask) -> None:
    """A filter that has learned from as many decisions of either kind."""
    chance = random.Random(0)
    kinds: list[tuple[classifier.Label, Callable[[random.Random], str]]] = [
        ("ham", _any_text),
        ("spam", _variant),
    ]
    model = classifier.train(
        classifier.Example(text=text(chance), label=label) for label, text in kinds * LEARNED
    )
    with app.app_context(), writing():
        site = db.session.scalars(select(Site)).one()
        db.session.add(
            SpamModel(
                site_id=site.id,
                version=1,
                in_use=True,
                decisions=2 * LEARNED,
                decision_id=0,
                measured={},
                remark="",
                data=model.to_bytes(),
            )
        )
        db.session.commit()
        learning.preload()


def _wait_in_line(app: Flask, text: Callable[[random.Random], str], number: int) -> None:
    chance = random.Random(number)
    with app.app_context(), writing():
        site = db.session.scalars(select(Site)).first()
        thread = db.session.scalars(select(Thread)).first()
        assert site
        assert thread
        last = db.session.scalar(select(func.max(Comment.id))) or 0
        rows = [_row(site, thread, last + 1 + at, text(chance)) for at in range(number)]
        for row in rows:
            row["key_hash"] = f"{chance.randrange(_KEYS):064x}"
            row["network_hash"] = f"{chance.randrange(_KEYS):064x}"
        db.session.execute(insert(Comment), rows)
        db.session.commit()


def _row(site: Site, thread: Thread, comment_id: int, body: str) -> dict[str, object]:
    moment = now()
    return {
        "id": comment_id,
        "site_id": site.id,
        "thread_id": thread.id,
        "path": comment_id.to_bytes(12, "big"),
        "author": "Reader",
        "email": "reader@example.org",
        "website": "",
        "body": body,
        "body_html": str(sanitize.clean(body)),
        "sanitizer_version": sanitize.VERSION,
        "body_hash": body_digest(body),
        "created_at": moment,
        "priority_at": moment,
        "status": Status.pending,
        "arrival": {"honeypot": False, "token": "fresh", "has_nonce": True},
    }


def _any_text(chance: random.Random) -> str:
    return " ".join(chance.choices(seed.WORDS.split(), k=chance.randint(20, 80)))


def _variant(chance: random.Random) -> str:
    words = _SPAM.format(chance.randrange(9)).split()
    words[chance.randrange(len(words) - 1)] = chance.choice(seed.WORDS.split())
    return " ".join(words)


def _drain(app: Flask) -> tuple[float, float]:
    """Screen all that waits; the seconds of processor time that it took, and of the clock's."""
    began, clock = time.process_time(), time.perf_counter()
    with app.app_context():
        while db.session.scalar(
            select(func.count()).select_from(Comment).where(Comment.screened_at.is_(None))
        ):
            db.session.rollback()
            jobs.screen_waiting()
    return time.process_time() - began, time.perf_counter() - clock


def _fork_for_each(app: Flask) -> float:
    """Seconds, as RQ works: a job for each comment, and a fork for each job."""
    with app.app_context(), Redis.from_url(app.extensions["redis_url"]) as client:
        line = Queue(queue.QUEUE, connection=client)
        line.empty()
        for comment_id in db.session.scalars(
            select(Comment.id).where(Comment.screened_at.is_(None))
        ).all():
            line.enqueue(jobs.screen, comment_id)
        db.session.rollback()
        db.engine.dispose()
        began = time.perf_counter()
        Worker([line], connection=client).work(burst=True, logging_level="WARNING")
        return time.perf_counter() - began
