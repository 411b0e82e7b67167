"""The load: keep-alive connections to loopback, one process, no threads.

It ends by itself, after a time or a number of answers. It can ask some tens of thousands of times
a second; a faster server waits for it. So the processor time that an answer cost the server is
measured too (bench.processes): that figure does not depend on who asks.
"""

import itertools
import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CLOSES = re.compile(rb"(?i)\r\nconnection: *close\r")
_CHUNK = 1 << 18
_NO_BODY = {204, 304}


class Unexpected(Exception):
    """An answer that no round may count."""


def request(path: str, method: str = "GET", body: str = "", **headers: str) -> bytes:
    """A request, ready to be sent; `If_None_Match` is the header If-None-Match."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


@dataclass
class Load:
    """What one round found."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    # The processor time that the client itself took: near `seconds`, it was the limit.
    client_seconds: float = 0.0

    @property
    def count(self) -> int:
        """Answers that came back whole."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds

    def percentile(self, share: float) -> float:
        """The latency, in seconds, that `share` of the answers kept below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, or nothing."""
        found = re.search(rf"(?im)^{name}: *(.*?)\r?$", self.head)
        return found[1] if found else ""


class _Connection:
    """One reader: asks, waits for the whole answer, asks again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received = b""
        self.connect()
        self.wanted = 0
        self.status = 0
        self.asked_at = 0.0

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_last(self) -> bool:
        """Does the server say that this answer ends the connection? nginx: after 1,000 of them."""
        return _CLOSES.search(self.received, 0, self.received.find(_END) + 2) is not None

    def ask(self, request: bytes) -> None:
        self.received = b""
        self.wanted = 0
        self.asked_at = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Take in what came; was it the rest of the answer?"""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise Unexpected("the server closed a connection that was to be kept")
        self.received = self.received + data if self.received else data
        if not self.wanted:
            end = self.received.find(_END)
            if end < 0:
                return False
            self.status = int(self.received[9:12])
            self.wanted = end + len(_END) + self._body_length(end)
        return len(self.received) >= self.wanted

    def _body_length(self, end: int) -> int:
        if self.status in _NO_BODY:
            return 0
        length = _LENGTH.search(self.received, 0, end + 2)
        if length is None:
            raise Unexpected(f"an answer without a length: {self.received[:end]!r}")
        return int(length[1])


def fetch(port: int, asked: bytes) -> Answer:
    """Ask once."""
    connection = _Connection(port)
    connection.ask(asked)
    while not connection.is_answered():
        pass
    connection.socket.close()
    head, _, body = connection.received.partition(_END)
    return Answer(connection.status, head.decode("latin-1"), body)


def hammer(
    port: int,
    requests: Iterable[bytes],
    *,
    connections: int = 32,
    seconds: float = 60.0,
    count: int = 1_000_000,
) -> Load:
    """Ask until the time, the number or the requests are used up, then await what is under way."""
    load = Load()
    coming = itertools.islice(requests, count)
    readers = [_Connection(port) for _ in range(connections)]
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader.socket, selectors.EVENT_READ, reader)
        cpu, started = time.process_time(), time.perf_counter()
        _exchange(selector, readers, coming, load, until=started + seconds)
        load.seconds = time.perf_counter() - started
        load.client_seconds = time.process_time() - cpu
    for reader in readers:
        reader.socket.close()
    return load


def _exchange(
    selector: selectors.BaseSelector,
    readers: list[_Connection],
    coming: Iterator[bytes],
    load: Load,
    *,
    until: float,
) -> None:
    waiting = sum(_asks(reader, coming) for reader in readers)
    while waiting:
        for key, _events in selector.select():
            reader: _Connection = key.data
            if not reader.is_answered():
                continue
            now = time.perf_counter()
            load.latencies.append(now - reader.asked_at)
            load.statuses[reader.status] += 1
            if reader.is_last:
                selector.unregister(reader.socket)
                reader.socket.close()
                reader.connect()
                selector.register(reader.socket, selectors.EVENT_READ, reader)
            if now >= until or not _asks(reader, coming):
                waiting -= 1


def _asks(reader: _Connection, coming: Iterator[bytes]) -> bool:
    asked = next(coming, None)
    if asked is None:
        return False
    reader.ask(asked)
    return True
