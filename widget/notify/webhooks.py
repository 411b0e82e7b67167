"""Posting to a chat room: to the address that its owner gave, and to nowhere else.

Whoever may add a room chooses where this machine connects to. So it connects only to addresses of
the public network, and looks at the very address that it connects to: a name that leads elsewhere
the second time it is asked leads nowhere.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from widget.config import Settings
from widget.db import now
from widget.models.webhook import MAX_WEBHOOK
from widget.notify.mail import NotSent

# For all of it: a server that says one byte now and then is no better than a silent one.
TIMEOUT = 10.0
MAX_ANSWER = 64 * 1024
_MAX_TOLD = 120
# A part of an address that is as long may be what makes it a secret.
_SECRET = 8
# How long a room may ask us to wait.
_LONGEST_PAUSE = timedelta(days=1)
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
# Networks whose IPv6 addresses stand for an IPv4 address (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class RoomIsGone(NotSent):
    """The room's address leads nowhere any more, so nothing needs to be sent there again."""

    def __init__(self, why: str) -> None:
        super().__init__(why, for_good=True)


class _NotPublic(OSError):
    """The address is none of the public network."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a room's server said."""

    status: int
    text: str
    retry_after: str


def fault_of(settings: Settings, url: str) -> str:
    """What is wrong with a room's address, in words; nothing if it may be tried."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        _ = parts.port
    except ValueError:
        return "This is not a complete address."
    schemes = {"https", "http"} if settings.webhooks_to_private else {"https"}
    if parts.scheme not in schemes or not host or re.search(r"[^\x21-\x7e]", url):
        return "Please enter the whole address that the chat gave you; it begins with https://."
    if parts.username is not None or parts.fragment:
        return "An address with a user’s name or a “#” in it is none of a chat."
    if len(url) > MAX_WEBHOOK:
        return f"This can have {MAX_WEBHOOK:,} characters; it has {len(url):,}."
    return ""


def post(settings: Settings, url: str, message: dict[str, Any]) -> None:
    """Post a message. Raises NotSent, in words that never tell the address."""
    try:
        answer = _exchange(url, json.dumps(message), may_be_private=settings.webhooks_to_private)
    except _NotPublic as error:
        raise NotSent(str(error), for_good=True) from None
    except UnicodeError:  # a part of the name is empty, or longer than any
        raise NotSent("there can be no server of this name", for_good=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(_in_words(error), for_good=False) from None
    _judge(answer, url)


def _in_words(error: Exception) -> str:
    match error:
        case TimeoutError():
            return f"no answer within {TIMEOUT:g} seconds"
        case ssl.SSLCertVerificationError():
            return f"the server’s certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"no secure connection ({error.reason or 'no TLS'})"
        case socket.gaierror():
            return "the name of the server is not known"
        case http.client.HTTPException():
            return "the answer was none of a web server"
    return f"no connection ({type(error).__name__})"


def _judge(answer: Answer, url: str) -> None:
    """Raises NotSent unless the message was taken."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    said = " ".join(answer.text.split())[:_MAX_TOLD]
    secrets = [part for part in re.split("[/?&=]", url) if len(part) >= _SECRET]
    if not said.isprintable() or any(part in answer.text for part in secrets):
        said = ""
    why = f"the server answered {answer.status}{': ' if said else ''}{said}"
    if answer.status in _GONE:
        raise RoomIsGone(why)
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise NotSent(f"{why}; redirects are not followed", for_good=True)
    is_passing = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _PASSING
    raise NotSent(why, for_good=not is_passing, pause=_pause(answer.retry_after))


def _pause(asked: str) -> timedelta | None:
    """For how long the server wants to be left alone: seconds, with a point or not, or a date."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", asked):
        return min(timedelta(seconds=float(asked)), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    pause = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now()
    return min(max(pause, timedelta()), _LONGEST_PAUSE)


def _exchange(url: str, body: str, *, may_be_private: bool) -> Answer:
    """Post and hear the answer; of a long one the beginning, of a good one nothing."""
    parts = urlsplit(url)
    is_secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (http.client.HTTPS_PORT if is_secure else http.client.HTTP_PORT)
    deadline = time.monotonic() + TIMEOUT
    sock = _connected(host, port, deadline, may_be_private=may_be_private)
    try:
        with _ended_at(deadline, sock):
            if is_secure:
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            connection = http.client.HTTPConnection(host, port)
            connection.sock = sock
            target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            connection.request("POST", target, body.encode(), {**_HEADERS, "Host": parts.netloc})
            return _heard(connection.getresponse())
    except (OSError, http.client.HTTPException) as error:
        raise (TimeoutError() if time.monotonic() >= deadline else error) from None
    finally:
        sock.close()


_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "widget comments",
    "Connection": "close",
}


def _heard(response: http.client.HTTPResponse) -> Answer:
    text = b""
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        # The status is what counts, even if the rest does not come.
        with suppress(OSError, http.client.HTTPException):
            text = response.read(MAX_ANSWER)
    return Answer(
        status=response.status,
        text=text.decode(errors="replace"),
        retry_after=response.getheader("Retry-After", ""),
    )


def _connected(host: str, port: int, deadline: float, *, may_be_private: bool) -> socket.socket:
    """Connect to the first address of a host that lets us, of those that may be connected to."""
    fault: OSError = _NotPublic("the address is one of a private network, not of a chat’s server")
    for family, kind, protocol, _name, where in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        if not may_be_private and not is_public(str(where[0])):
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
    raise fault


# Never 0, which would mean not to wait at all and look like another fault.
_LEAST = 0.1


def is_public(text: str) -> bool:
    """Is this an address of the public network, and not one of a machine or a network near us?"""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast and not address.is_reserved


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
