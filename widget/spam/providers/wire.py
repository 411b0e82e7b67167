"""One request to a provider, within a time that no server can stretch, to nowhere it should not go.

A server that says one byte now and then is no better than a silent one; an address that leads into
a private network is none of a public service; redirects are not followed; of a long answer only
the beginning is read.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from threading import Thread, Timer
from typing import Any
from urllib.parse import urlsplit

from widget.db import now
from widget.spam.providers.base import Unavailable

MAX_ANSWER = 256 * 1024
USER_AGENT = "widget comments/1"
LONGEST_PAUSE = timedelta(days=1)
# Never 0, which would mean not to wait at all and look like another fault.
_LEAST = 0.05
_NO_CONNECTION: Mapping[type[Exception], str] = {
    ConnectionRefusedError: "nobody takes it at its address",
    ConnectionResetError: "the server ended it",
    BrokenPipeError: "the server ended it",
}
_TOO_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_BRIEF = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
# Networks whose IPv6 addresses stand for an IPv4 address (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server said; its status is one of success."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Its words."""
        return self.body.decode(errors="replace").strip()

    def must_be(self, *kinds: str) -> None:
        """Raises Unavailable if the answer is of another content type."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in kinds:
            # Its own words stay unsaid: whoever sends the wrong kind may send anything.
            said = kind if re.fullmatch(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}", kind) else "nothing"
            raise Unavailable(f"the answer was of the wrong type ({said}, not {kinds[0]})")

    def json(self) -> dict[str, Any]:
        """The object it holds; raises Unavailable if there is none."""
        self.must_be("application/json", "text/json")
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unavailable("the answer was not JSON") from None
        if not isinstance(found, dict):
            raise Unavailable("the answer was not a JSON object")
        return found


def post(
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    within: float,
    may_be_private: bool = False,
) -> Reply:
    """Post, and return the answer of a request that succeeded; raises Unavailable, in words."""
    deadline = time.monotonic() + within
    was_sent = False
    try:
        with _line(url, deadline, may_be_private=may_be_private) as line:
            was_sent = True
            reply = _exchange(line, url, body, headers or {})
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            why = f"no answer within {within:.2g} seconds"
            raise Unavailable(why, was_sent=was_sent) from None
        raise replace(_in_words(error), was_sent=was_sent) from None
    _judge(reply)
    return reply


def _in_words(error: Exception) -> Unavailable:
    match error:
        case ssl.SSLCertVerificationError():
            why = f"the server’s certificate is not trusted: {error.verify_message}"
            return Unavailable(why, needs_people=True)
        case ssl.SSLError():
            return Unavailable("no secure connection", is_brief=True)
        case socket.gaierror():
            return Unavailable("the name of the server is not known")
        case ValueError():  # of what was set: a port that is none, a password no header can hold
            return Unavailable("its address or password cannot be used", needs_people=True)
        case http.client.HTTPException():
            return Unavailable("the answer was none of a web server", is_brief=True)
    why = _NO_CONNECTION.get(type(error), type(error).__name__)
    return Unavailable(f"no connection ({why})", is_brief=True)


def _judge(reply: Reply) -> None:
    status = reply.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if len(reply.body) > MAX_ANSWER:
            raise Unavailable("the answer was too long")
        return
    why = f"the server answered {status}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise Unavailable(f"{why}; redirects are not followed", needs_people=True)
    if status in _TOO_BUSY and (pause := _pause(reply.headers.get("retry-after", ""))):
        raise Unavailable(f"{why}: it asks us to wait", pause=pause)
    is_brief = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BRIEF
    raise Unavailable(why, is_brief=is_brief, needs_people=status in _REFUSED)


def _pause(asked: str) -> timedelta | None:
    """For how long the server wants to be left alone: seconds or a date."""
    if re.fullmatch(r"\d{1,9}", asked):
        return min(timedelta(seconds=int(asked)), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    pause = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now()
    return min(max(pause, timedelta()), LONGEST_PAUSE)


@contextmanager
def _line(url: str, deadline: float, *, may_be_private: bool) -> Iterator[socket.socket]:
    """A line to the server that has said nothing yet; it ends at the deadline."""
    parts = urlsplit(url)
    is_secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (http.client.HTTPS_PORT if is_secure else http.client.HTTP_PORT)
    sock = _connected(host, port, deadline, may_be_private=may_be_private)
    try:
        with _ended_at(deadline, sock):
            if is_secure:
                sock = _trust().wrap_socket(sock, server_hostname=host)
            yield sock
    finally:
        sock.close()


def _exchange(line: socket.socket, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "")
    connection.sock = line
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    ours = {"User-Agent": USER_AGENT, "Host": parts.netloc, "Connection": "close"}
    connection.request("POST", target, body, {**headers, **ours})
    with connection.getresponse() as response:
        return _heard(response)


def _heard(response: http.client.HTTPResponse) -> Reply:
    is_good = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
    return Reply(
        status=response.status,
        headers={name.lower(): value for name, value in response.getheaders()},
        body=response.read(MAX_ANSWER + 1) if is_good else b"",
    )


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _connected(host: str, port: int, deadline: float, *, may_be_private: bool) -> socket.socket:
    """Connect to the first address of a host that lets us, of those that may be connected to.

    The very address that was looked at: a name that leads elsewhere the next time leads nowhere.
    """
    fault: OSError | None = None
    for family, kind, protocol, _name, where in _looked_up(host, port, deadline):
        if not (may_be_own if may_be_private else is_public)(str(where[0])):
            continue
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(deadline - time.monotonic(), _LEAST))
            sock.connect(where)
        except OSError as error:
            sock.close()
            fault = error
        else:
            return sock
    if fault is None:
        why = "its name leads into a private network"
        raise Unavailable(why, needs_people=True, was_sent=False)
    raise fault


def _looked_up(host: str, port: int, deadline: float) -> list[Any]:
    """The addresses of a name. A resolver has its own ideas of how long one can wait: not we."""
    found: list[Any] = []
    faults: list[OSError | ValueError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:  # raised below, where somebody waits for it
            faults.append(error)

    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(deadline - time.monotonic(), _LEAST))
    if thread.is_alive():
        raise TimeoutError
    if faults:
        raise faults[0]
    return found


def is_public(text: str) -> bool:
    """Is this an address of the public network, and not one of a machine or a network near us?"""
    address = _meant(text)
    return address.is_global and not address.is_multicast and not address.is_reserved


def may_be_own(text: str) -> bool:
    """May the operator's own service be there? Not where machines in a cloud find their secrets."""
    return not _meant(text).is_link_local


def _meant(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address, or the one within it."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (0, address))[1]


@contextmanager
def _ended_at(deadline: float, sock: socket.socket) -> Iterator[None]:
    """Ends a connection at the deadline, however busy the server keeps it."""
    handle = sock.dup()

    def end() -> None:
        with suppress(OSError):  # the server was quicker
            handle.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(deadline - time.monotonic(), 0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()
