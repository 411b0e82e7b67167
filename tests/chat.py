"""A chat's server: it keeps what was posted, and answers as it is told, however badly."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_CHUNK = b"x" * 65_536


@dataclass
class Chat:
    """What a room heard. `answer` is what the server says; a list of them, one after the other."""

    port: int
    scheme: str = "http"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes = b"ok"
    # Says nothing; or says a little now and then; or never stops talking.
    is_silent: bool = False
    is_dripping: bool = False
    is_endless: bool = False
    posted: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    written: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of a room."""
        return f"{self.scheme}://127.0.0.1:{self.port}/services/T0SECRET/B0SECRET"

    def says(self, status: int, text: str = "", **headers: str) -> None:
        """Answer so from now on."""
        self.status, self.text = status, text.encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class _Handler(BaseHTTPRequestHandler):
    chat: Chat

    def do_POST(self) -> None:
        chat = self.chat
        length = int(self.headers["Content-Length"])
        chat.posted.append(json.loads(self.rfile.read(length)))
        chat.paths.append(self.path)
        with suppress(OSError):
            if chat.is_silent:
                self.connection.recv(1)
            elif chat.is_dripping:
                self._drip()
            else:
                self._answer()
        chat.ended.set()

    do_GET = do_POST  # noqa: N815

    def _drip(self) -> None:
        while not self.chat.ended.wait(0.02):
            self.wfile.write(b"X")

    def _answer(self) -> None:
        chat = self.chat
        self.send_response(chat.status)
        for name, value in chat.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(chat.text)
        while chat.is_endless:
            chat.written += self.wfile.write(_CHUNK)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def chat(context: ssl.SSLContext | None = None) -> Iterator[Chat]:
    """A server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up is no fault
    found = Chat(port=server.server_port)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"chat": found})
    if context:
        found.scheme = "https"
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """A port that refuses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
