"""`python -m bench --only flood`: from a post to its decision, and 10,000 variants of one text.

Web, one worker and cron run for real, with a mail server, on PostgreSQL or SQLite. First readers
write now and then on an idle machine; then eight senders pour in the flood while a reader reads.
"""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select

from bench import seed
from bench.stage import make_durable
from tests import parts
from widget.app import create_app
from widget.db import db, writing
from widget.models import Comment, Delivery, Role, Site
from widget.moderation import people

FLOOD, SENDERS = 10_000, 8
CALM = 60
_PAUSE = 0.15
_HOURS = 600.0
_SPAM = "The best watches of the season, {} and {}, at https://watches{}.example: only {} days, {}!"
_TAKEN = frozenset({202, 303})


@dataclass(frozen=True)
class Flooded:
    """What became of it. Times in milliseconds but for the two that say so."""

    database: str
    to_decision_p50: float
    to_decision_p95: float
    sent: int
    accepted: int
    stored: int
    poured_seconds: float
    screened_seconds: float
    clusters: int
    statuses: Counter[str]
    mails: Counter[str]
    promised: Counter[str]
    read_before: tuple[float, float]
    read_during: tuple[float, float]
    unread: int


def flooding(databases: list[str]) -> Iterator[Flooded]:
    """On each database."""
    for database in databases:
        with _house(database) as (app, service, _inbox):
            waits = _waits(app, service)
        # Another one: what moderators were told of just before must not put off what they are told.
        with _house(database) as (app, service, inbox):
            yield _flooded(database, app, service, inbox, waits)


def as_text(found: Iterable[Flooded]) -> str:
    """Lines to read."""
    lines = []
    for each in found:
        statuses = ", ".join(f"{number:,} {status}" for status, number in each.statuses.items())
        mails, promised = (
            ", ".join(f"{number} to {who}" for who, number in told.items()) or "none"
            for told in (each.mails, each.promised)
        )
        lines += [
            f"A flood, on {each.database}",
            (
                f"  on an idle machine, from post to decision: p50 {each.to_decision_p50:.0f} ms,"
                f" p95 {each.to_decision_p95:.0f} ms ({CALM} posts)"
            ),
            (
                f"  {each.sent:,} posts in {each.poured_seconds:.0f} s: {each.accepted:,} accepted,"
                f" {each.stored:,} stored; the last was screened {each.screened_seconds:.1f} s"
                " later"
            ),
            f"  {each.clusters} cluster(s); {statuses}",
            f"  mails sent: {mails}; to come within ten minutes: {promised}",
            (
                f"  a reader's thread p50/p99: {each.read_before[0]:.1f}/{each.read_before[1]:.1f}"
                f" ms before, {each.read_during[0]:.1f}/{each.read_during[1]:.1f} ms during it,"
                f" {each.unread} not answered"
            ),
        ]
    return "\n".join(lines)


@contextmanager
def _house(database: str) -> Iterator[tuple[Flask, parts.Service, parts.Inbox]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="widget-bench-")))
        valkey = stack.enter_context(parts.valkey(folder / "valkey")).connection_url
        smtp, inbox = stack.enter_context(parts.mail_server())
        address = f"sqlite:///{folder}/widget.sqlite3"
        if database == "postgresql":
            address = stack.enter_context(parts.postgres()).format(database="postgres")
            make_durable(address)
        app = create_app(database_url=address, secret_key=parts.SECRET, redis_url=valkey)
        seed.fill_queue(app, 1_000)
        with app.app_context(), writing():
            site = db.session.scalars(select(Site)).one()
            for name in ("max", "olga"):
                people.add(
                    site, email=f"{name}@example.org", name=name, password="x" * 12, role=Role.owner
                )
            db.session.commit()
        service = parts.Service(
            folder,
            {
                "WIDGET_DATABASE_URL": address,
                "WIDGET_REDIS_URL": valkey,
                "WIDGET_SMTP_URL": smtp,
                "WIDGET_POST_LIMIT": "1000000 per second",
                "WIDGET_SWEEP_SECONDS": "30",
            },
        )
        stack.callback(service.stop)
        service.start_web()
        worker, cron = service.start("worker"), service.start("cron")
        parts.until(lambda: worker.popen.poll() is None and cron.popen.poll() is None, "both")
        yield app, service, inbox
        with app.app_context():
            db.engine.dispose()


def _waits(app: Flask, service: parts.Service) -> list[float]:
    """From post to decision, in milliseconds, of readers who write now and then."""
    calm = _Sender(service.port)
    waits = []
    for number in range(CALM):
        began = time.perf_counter()
        calm.post(f"On page {number} the minutes name officer {31 * number}, who signed it.", 0)
        _wait_until_screened(app)
        waits.append((time.perf_counter() - began) * 1e3)
        time.sleep(_PAUSE)
    return waits


def _flooded(
    database: str,
    app: Flask,
    service: parts.Service,
    inbox: parts.Inbox,
    waits: list[float],
) -> Flooded:
    reader = _Reader(service.port)
    reader.read_for(5.0)
    before, reader.times = _percentiles(reader.times), []
    first = _last_id(app)
    began = time.perf_counter()
    reading = threading.Thread(target=reader.read_on)
    reading.start()
    senders = [_Sender(service.port) for _ in range(SENDERS)]
    threads = [threading.Thread(target=each.pour, args=(n,)) for n, each in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    poured = time.perf_counter()
    _wait_until_screened(app)
    screened = time.perf_counter()
    reader.is_done = True
    reading.join()
    with app.app_context():
        new = select(Comment.status, func.count()).where(Comment.id > first)
        statuses = Counter(
            {status.value: n for status, n in db.session.execute(new.group_by(Comment.status))}
        )
        open_ = select(Delivery.recipient).where(
            Delivery.delivered_at.is_(None), Delivery.failed_at.is_(None)
        )
        promised = Counter(db.session.scalars(open_))
        clusters = db.session.scalar(
            select(func.count(Comment.cluster_id.distinct())).where(Comment.id > first)
        )
    return Flooded(
        database=database,
        to_decision_p50=_percentile(waits, 50),
        to_decision_p95=_percentile(waits, 95),
        sent=FLOOD // SENDERS * SENDERS,
        accepted=sum(each.accepted for each in senders),
        stored=statuses.total(),
        poured_seconds=poured - began,
        screened_seconds=screened - poured,
        clusters=clusters or 0,
        statuses=statuses,
        mails=Counter(str(mail["To"]) for mail in inbox.mails),
        promised=promised,
        read_before=before,
        read_during=_percentiles(reader.times),
        unread=reader.failed,
    )


class _Sender:
    """Somebody who posts the form as a browser without scripts does."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._host = f"http://127.0.0.1:{port}"
        self.accepted = 0

    def post(self, body: str, number: int) -> None:
        form = {
            "page": seed.page(number % 40),
            "author": "Max",
            "email": "max@spam.example",
            "body": body,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self._host,
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Site": "same-origin",
            "Accept": "text/html",
        }
        self._line.request("POST", f"/embed/{seed.SITE}/comments", urlencode(form), headers)
        answer = self._line.getresponse()
        answer.read()
        self.accepted += answer.status in _TAKEN

    def pour(self, seed_number: int) -> None:
        """This sender's part of the flood."""
        chance = random.Random(seed_number)
        for number in range(FLOOD // SENDERS):
            words = chance.sample(seed.WORDS.split(), 3)
            self.post(
                _SPAM.format(words[0], words[1], number % 9, number % 7 + 2, words[2]), number
            )


class _Reader:
    """Somebody who reads the same thread again and again."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.times: list[float] = []
        self.failed = 0
        self.is_done = False

    def read_for(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self._read()

    def read_on(self) -> None:
        """Until told that it is done."""
        while not self.is_done:
            self._read()

    def _read(self) -> None:
        query = urlencode({"page": seed.page(1)})
        headers = {"Origin": seed.HOST, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"}
        began = time.perf_counter()
        self._line.request("GET", f"/embed/{seed.SITE}/thread?{query}", headers=headers)
        answer = self._line.getresponse()
        answer.read()
        self.times.append((time.perf_counter() - began) * 1e3)
        self.failed += answer.status != http.client.OK
        time.sleep(0.05)


def _last_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.max(Comment.id))) or 0


def _wait_until_screened(app: Flask) -> None:
    def none_waits() -> bool:
        with app.app_context():
            waiting = select(Comment.id).where(Comment.screened_at.is_(None)).limit(1)
            return db.session.scalar(waiting) is None

    parts.until(none_waits, "all to be screened", _HOURS)


def _percentile(times: list[float], percent: int) -> float:
    return quantiles(times, n=100)[percent - 1]


def _percentiles(times: list[float]) -> tuple[float, float]:
    return _percentile(times, 50), _percentile(times, 99)
