"""One decision at the desk, and taking it back: whole requests through the WSGI app, PostgreSQL.

Two databases of one server are asked in turn, one with a hundred times as many comments as the
other: what a decision takes does not grow with the queue.
"""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select

from bench import seed
from bench.stage import make_durable
from tests import parts
from widget.app import create_app
from widget.db import db, writing
from widget.models import Comment, Role, Site, Status
from widget.moderation import people

SIZES = (1_000, 100_000)
DECISIONS = 300
_EMAIL, _PASSWORD = "max@example.org", "correct horse battery"
_MOVES = ("approve", "spam", "trash", "reject")


@dataclass
class Taken:
    """What each request took, in milliseconds, by the size of the queue."""

    name: str
    by_size: dict[int, list[float]] = field(default_factory=lambda: {size: [] for size in SIZES})

    def percentile(self, size: int, percent: int) -> float:
        """In milliseconds."""
        return quantiles(self.by_size[size], n=100)[percent - 1]

    def ratio(self, percent: int) -> float:
        """The large queue's time against the small one's."""
        small, large = SIZES
        return self.percentile(large, percent) / self.percentile(small, percent)


@dataclass
class Desk:
    """A moderator who is signed in, and the comments that wait for them."""

    client: FlaskClient
    token: str
    waiting: Iterator[int]

    def decide(self, move: str) -> float:
        """Decide on the next comment; tells how long it took, in milliseconds."""
        form = {"move": move, "expected": "pending", "back": "/desk/pending/"}
        return self._press(f"/desk/comments/{next(self.waiting)}/move", form)

    def undo(self) -> float:
        """Take back the latest decision, and show its card again."""
        return self._press("/desk/undo", {"back": "/desk/pending/"})

    def _press(self, address: str, form: dict[str, str]) -> float:
        began = time.perf_counter()
        answer = self.client.post(
            address,
            data=form | {"csrf_token": self.token},
            headers={"Accept": "application/json"},
        )
        taken = (time.perf_counter() - began) * 1e3
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code} {answer.text}")
        return taken


def deciding() -> list[Taken]:
    """Decide, then take all of it back, in both queues in turn."""
    decided, undone = Taken("a decision"), Taken("taking one back")
    with _desks() as desks:
        for number in range(DECISIONS + 1):
            for size, desk in desks.items():
                decided.by_size[size].append(desk.decide(_MOVES[number % len(_MOVES)]))
        for _ in range(DECISIONS + 1):
            for size, desk in desks.items():
                undone.by_size[size].append(desk.undo())
    for taken in (decided, undone):
        for times in taken.by_size.values():
            del times[0]  # the first of all compiles templates and statements
    return [decided, undone]


@contextmanager
def _desks() -> Iterator[dict[int, Desk]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="widget-bench-")))
        valkey = stack.enter_context(parts.valkey(folder)).connection_url
        server = stack.enter_context(parts.postgres())
        make_durable(server.format(database="postgres"))
        desks = {}
        for number, size in enumerate(SIZES):
            name = f"queue_{size}"
            engine = create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            engine.dispose()
            app = create_app(
                database_url=server.format(database=name),
                redis_url=f"{valkey}/{number}",
                secret_key=parts.SECRET,
                data=folder,
            )
            stack.callback(_let_go, app)
            seed.fill_queue(app, size)
            desks[size] = _sign_in(app)
        yield desks


def _sign_in(app: Flask) -> Desk:
    with app.app_context(), writing():
        site = db.session.scalars(select(Site)).one()
        people.add(site, email=_EMAIL, name="Max", password=_PASSWORD, role=Role.moderator)
        waiting = db.session.scalars(
            select(Comment.id).where(Comment.status == Status.pending).order_by(Comment.id)
        ).all()
        db.session.commit()
    client = app.test_client()
    form = {"email": _EMAIL, "password": _PASSWORD, "csrf_token": _token(client, "/desk/login")}
    client.post("/desk/login", data=form)
    return Desk(client, _token(client, "/desk/pending/"), iter(waiting))


def _token(client: FlaskClient, address: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(address).text)
    if not found:
        raise SystemExit(f"{address} has no form")
    return found[1]


def _let_go(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
