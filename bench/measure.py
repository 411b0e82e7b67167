"""What is measured: each function is one question, its answer a list of rows."""

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlencode

from sqlalchemy import func, select

from bench import processes, seed
from bench.load import Load, fetch, hammer, request
from bench.stage import BROWSER, Server, Stage, Widget, thread
from widget.db import db
from widget.models import Comment

CONNECTIONS = 32
_COLD_CONNECTIONS = 4
_COUNTED = 50


@dataclass
class Row:
    """The medians of all rounds; ratios are taken within each round first."""

    name: str
    loads: list[Load] = field(default_factory=list)
    cpu: list[float | None] = field(default_factory=list)
    # The same round's reading of the ready file that this one is compared with.
    nginx: "Row | None" = None

    @property
    def rate(self) -> float:
        """Answers a second."""
        return median(load.rate for load in self.loads)

    @property
    def micros(self) -> float | None:
        """Processor time of the server for one answer, in microseconds."""
        known = [
            cpu / load.count * 1e6
            for cpu, load in zip(self.cpu, self.loads, strict=True)
            if cpu is not None
        ]
        return median(known) if known else None

    @property
    def of_nginx(self) -> float | None:
        """Its rate as a share of nginx's."""
        if self.nginx is None:
            return None
        pairs = zip(self.loads, self.nginx.loads, strict=True)
        return median(mine.rate / nginx.rate for mine, nginx in pairs)

    @property
    def of_nginx_cpu(self) -> float | None:
        """The same by processor time for an answer, which does not depend on the client."""
        if self.nginx is None or self.micros is None or self.nginx.micros is None:
            return None
        return self.nginx.micros / self.micros

    def latency(self, share: float) -> float:
        """In milliseconds."""
        return median(load.percentile(share) for load in self.loads) * 1e3

    @property
    def client_is_the_limit(self) -> bool:
        """Did the client have no more to give?"""
        return median(load.client_seconds / load.seconds for load in self.loads) > 0.9


def warm(stage: Stage, rounds: int, seconds: float) -> list[Row]:
    """Ready bytes, one hot thread; and readers spread over all threads."""
    plain, ready, unchanged = (Row(f"nginx, {name}") for name in ("plain", "gzip", "304"))
    etag = fetch(stage.nginx.port, request("/gzip")).header("ETag")
    asked: list[tuple[Row, Server, list[bytes]]] = [
        (plain, stage.nginx, [request("/plain")]),
        (ready, stage.nginx, [request("/gzip")]),
        (unchanged, stage.nginx, [request("/gzip", If_None_Match=etag)]),
        (Row("bare WSGI, gzip", nginx=ready), stage.bare, [request("/")]),
    ]
    hot = seed.page(0)
    for widget in stage.widgets:
        known = fetch(widget.port, thread(hot)).header("ETag")
        spread = [thread(seed.page(number)) for number in range(seed.THREADS)]
        asked += [
            (Row(f"{widget.name}, plain", nginx=plain), widget, [thread(hot, "identity")]),
            (Row(f"{widget.name}, gzip", nginx=ready), widget, [thread(hot)]),
            (Row(f"{widget.name}, 304", nginx=unchanged), widget, [thread(hot, etag=known)]),
            (Row(f"{widget.name}, gzip, {seed.THREADS} threads", nginx=ready), widget, spread),
        ]
    for name, server in stage.fronts.items():
        asked.append((Row(name, nginx=ready), server, [thread(hot)]))
    for _ in range(rounds):
        for row, server, requests in asked:
            _sample(row, server, requests, seconds=seconds)
    return [row for row, _server, _requests in asked]


def cold(stage: Stage, rounds: int) -> list[Row]:
    """Every thread once, none of them kept: built from the database, compressed, kept."""
    rows = []
    for widget in stage.widgets:
        row = Row(f"{widget.name}, {seed.THREADS} threads once each")
        requests = [thread(seed.page(number)) for number in range(seed.THREADS)]
        for _ in range(rounds):
            seed.outdate(widget.app)
            _sample(row, widget, iter(requests), connections=_COLD_CONNECTIONS)
        rows.append(row)
    return rows


def counts(stage: Stage, rounds: int, seconds: float) -> list[Row]:
    """The numbers of 50 pages in one request."""
    pages = [("page", seed.page(number)) for number in range(_COUNTED)]
    asked = request(f"/embed/{seed.SITE}/counts?{urlencode(pages)}", **BROWSER)
    rows = [Row(f"{widget.name}, {_COUNTED} pages") for widget in stage.widgets]
    for _ in range(rounds):
        for row, widget in zip(rows, stage.widgets, strict=True):
            _sample(row, widget, [asked], seconds=seconds)
    return rows


def long_thread(widget: Widget, times: int = 15) -> tuple[float, float]:
    """Milliseconds of a cold first page: a thread of 50 comments, and one of 100,000."""
    asked = {page: thread(page) for page in (seed.page(0), seed.LONG_PAGE)}
    short, long = _first_pages(widget, asked, times).values()
    return short, long


def shapes(widget: Widget, times: int = 15) -> dict[str, float]:
    """Milliseconds of a cold first page, by the shape of its thread; 50 flat comments first."""
    asked = {page: thread(page, site=seed.LONG_SITE) for page in seed.SHAPES}
    return _first_pages(widget, asked, times)


def _first_pages(widget: Widget, asked: dict[str, bytes], times: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {page: [] for page in asked}
    for _ in range(times):
        seed.outdate(widget.app)
        for page, question in asked.items():
            started = time.perf_counter()
            answer = fetch(widget.port, question)
            taken[page].append(time.perf_counter() - started)
            if answer.status != 200:
                raise SystemExit(f"{page} answers {answer.status}")
    return {page: median(each) * 1e3 for page, each in taken.items()}


@dataclass
class Posting:
    """Accepted comments at a number of connections; `lost` must be none."""

    row: Row
    connections: int
    with_worker: bool
    lost: int


def posts(stage: Stage, rounds: int, seconds: float) -> list[Posting]:
    """Comments taken in: validated, sanitized, stored for good, rung for."""
    found = []
    for widget in stage.widgets:
        found += [
            _posting(widget, connections, rounds, seconds, with_worker=False)
            for connections in (1, 8, CONNECTIONS)
        ]
        with processes.on(stage.core):
            worker = widget.start_worker()
        found.append(_posting(widget, CONNECTIONS, rounds, seconds, with_worker=True))
        worker.stop()
    return found


def _posting(
    widget: Widget, connections: int, rounds: int, seconds: float, *, with_worker: bool
) -> Posting:
    name = f"{widget.name}, {connections} connections" + (", a worker" if with_worker else "")
    row = Row(name)
    before = _stored(widget)
    for _ in range(rounds):
        _sample(
            row,
            widget,
            _comments(widget.port),
            connections=connections,
            seconds=seconds,
            wanted=frozenset({202}),
        )
    accepted = sum(load.count for load in row.loads)
    return Posting(row, connections, with_worker, accepted - (_stored(widget) - before))


_numbers = itertools.count()


def _comments(port: int) -> Iterator[bytes]:
    """Comments as the script sends them, each with its own words and nonce."""
    fragment = fetch(port, thread(seed.page(0), "identity")).body.decode()
    token = re.search(r'name="token" value="([^"]+)"', fragment)
    if token is None:
        raise SystemExit("a thread's form has no token")
    body = "The minutes are public: page 14 says who may search it, and *why*. " * 4
    while True:
        number = next(_numbers)
        form = {
            "page": seed.page(number % seed.THREADS),
            "author": "Ann",
            "email": "ann@example.org",
            "body": f"{body}This is the {number}th time that I say so.",
            "token": token[1],
            "nonce": f"bench-{number}",
            "key": f"a key that only browser {number} holds",
        }
        yield request(f"/embed/{seed.SITE}/comments", "POST", urlencode(form), **BROWSER)


def _stored(widget: Widget) -> int:
    with widget.app.app_context():
        number = db.session.scalar(select(func.count()).select_from(Comment)) or 0
        db.session.rollback()
        return number


def _sample(
    row: Row,
    server: Server,
    requests: list[bytes] | Iterator[bytes],
    *,
    connections: int = CONNECTIONS,
    seconds: float = 60.0,
    wanted: frozenset[int] = frozenset({200, 304}),
) -> None:
    """One round of one row. A list is asked once to warm up, then again and again."""
    if isinstance(requests, list):
        hammer(server.port, requests)
        requests = itertools.cycle(requests)
    before = processes.cpu_seconds(server.pids)
    load = hammer(server.port, requests, connections=connections, seconds=seconds)
    after = processes.cpu_seconds(server.pids)
    if strange := set(load.statuses) - wanted:
        raise SystemExit(f"{row.name} answers {strange}: nothing to measure")
    row.loads.append(load)
    row.cpu.append(None if before is None or after is None else after - before)
