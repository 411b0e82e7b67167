"""A service and host pages on another origin, in one process, for a real browser.

What a browser does depends on no database, so these tests run on SQLite alone.
"""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler, make_server

from tests import parts
from tests.conftest import PASSWORD, Backstage, Reader
from tests.long_threads import grow
from widget.db import db, now, writing
from widget.models import Comment, Status, Thread
from widget.spam.checks import form

Visit = Callable[..., Page]
Enter = Callable[..., Page]
PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 667}, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
on_phone_and_desktop = pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture
def database(_migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of an empty, migrated database."""
    file = tmp_path / "widget.sqlite3"
    shutil.copy(_migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """Where the service will listen; held from the start, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held


@pytest.fixture
def settings(settings: dict[str, Any], door: socket.socket) -> dict[str, Any]:
    """Settings of a service that a browser can reach."""
    port = door.getsockname()[1]
    return {**settings, "port": port, "public_url": f"http://127.0.0.1:{port}"}


@dataclass
class Scene:
    """The service at `service`, and host pages of the site `news` at `origin`."""

    service: str
    origin: str
    app: Flask
    backstage: Backstage
    pages: dict[str, tuple[dict[str, str], str]]
    # What the service was asked, as "GET /embed.js".
    asked: list[str] = field(default_factory=list)
    # Those of them that were answered by "not modified".
    unchanged: list[str] = field(default_factory=list)
    _written: int = 0

    def tag(self, attributes: str = "") -> str:
        """What a publisher pastes."""
        return (
            f'<script async src="{self.service}/embed.js" data-site="news" {attributes}></script>'
        )

    def host_page(
        self, path: str = "/story", *, body: str = "", head: str = "", csp: str = ""
    ) -> str:
        """Put a page on the host, by default with nothing but the tag; returns its address."""
        html = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>The story</title>'
            '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
            f"{head}<body>{body or self.tag()}"
        )
        self.pages[path] = ({"Content-Security-Policy": csp} if csp else {}, html)
        return self.origin + path

    def say(self, page: str, body: str, author: str = "Bea", parent: int | None = None) -> int:
        """Have someone write and a moderator approve; returns the comment's id."""
        self._written += 1
        someone = Reader(
            self.app.test_client(),
            name=author,
            page=page,
            origin=self.origin,
            key=f"another browser, number {self._written}",
        )
        comment_id = someone.say(body, parent=parent, nonce=f"said-{self._written}")
        self.backstage.approve(comment_id)
        return comment_id

    def close(self, comment_id: int) -> None:
        """Take no more comments where this one stands."""
        with self.app.app_context(), writing():
            thread = db.session.get_one(Comment, comment_id).thread
            thread.closed_at = now()
            thread.version += 1
            db.session.commit()

    def threads_asked(self) -> list[str]:
        """The requests for a thread, of all that the service was asked."""
        return [line for line in self.asked if "/thread?" in line]


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write faster than people; nobody shall be suspected for it."""
    monkeypatch.setattr(form, "_FAST", 0)


@pytest.fixture
def scene(
    app: Flask, settings: dict[str, Any], door: socket.socket, backstage: Backstage, _patient: None
) -> Iterator[Scene]:
    """Both servers, running."""
    pages: dict[str, tuple[dict[str, str], str]] = {}
    asked: list[str] = []
    unchanged: list[str] = []
    host = ThreadingHTTPServer(("127.0.0.1", 0), _host(pages))
    door.listen(128)
    service = make_server(
        "127.0.0.1",
        settings["port"],
        _whole(app),
        threaded=True,
        request_handler=_noting(asked, unchanged),
        fd=door.fileno(),
    )
    servers = (host, service)
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in servers]
    for thread in threads:
        thread.start()
    origin = f"http://127.0.0.1:{host.server_port}"
    backstage.set(origins=[origin])
    yield Scene(settings["public_url"], origin, app, backstage, pages, asked, unchanged)
    for server in servers:
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


def _whole(app: WSGIApplication) -> WSGIApplication:
    """Answers in one piece: Werkzeug's server leaves a file open when the browser has just gone."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        pieces = app(environ, start_response)
        try:
            return list(pieces)
        finally:
            if close := getattr(pieces, "close", None):
                close()

    return answer


def _host(pages: dict[str, tuple[dict[str, str], str]]) -> type[BaseHTTPRequestHandler]:
    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers, html = pages.get(self.path.partition("?")[0], ({}, ""))
            self.send_response(200 if html else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_args: object) -> None: ...

    return Host


def _noting(asked: list[str], unchanged: list[str]) -> type[WSGIRequestHandler]:
    class Noting(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
            asked.append(f"{self.command} {self.path}")
            if str(code) == "304":
                unchanged.append(asked[-1])

        def log(self, *_args: object) -> None: ...

    return Noting


@pytest.fixture
def screen() -> dict[str, Any]:
    """What `visit` looks through, where a test does not say it (`on_phone_and_desktop`)."""
    return {"viewport": {"width": 900, "height": 900}}


@pytest.fixture
def visit(browser: Browser, scene: Scene, screen: dict[str, Any]) -> Iterator[Visit]:
    """Open a page in a browser of one's own: `visit(url, java_script_enabled=False)`.

    `before` is done with the page before it goes anywhere.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        url: str, *, before: Callable[[Page], None] | None = None, **options: Any
    ) -> Page:
        context = browser.new_context(**{**screen, **options})
        contexts.append(context)
        page = context.new_page()
        if before:
            before(page)
        page.goto(url)
        return page

    expect.set_options(timeout=parts.PATIENCE * 1000)
    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def enter(scene: Scene, visit: Visit) -> Iterator[Enter]:
    """Sign someone in, in a browser of their own: `enter("Max", color_scheme="dark")`.

    Every fault that a console tells fails the test: what the policy of the page forbids, too. No
    fault are answers that refuse, or never come: both are told on the page.
    """
    told = ("status of 400", "status of 401", "status of 409", "net::ERR_FAILED")
    faults: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error" and not any(each in said.text for each in told):
            faults.append(said.text)

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", note)

    def open_desk(name: str = "Olga", **options: Any) -> Page:
        page = visit(f"{scene.service}/desk/", before=listen, base_url=scene.service, **options)
        page.get_by_label("Email").fill(f"{name.lower()}@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    yield open_desk
    assert not faults


@pytest.fixture
def line(app: Flask) -> Callable[[int], list[int]]:
    """So many comments that wait, oldest first: `line(100)`."""

    def queue_up(number: int) -> list[int]:
        ids = grow(app, "the-line", [None] * number)
        with app.app_context(), writing():
            waits = {"status": Status.pending, "shown": False, "published_at": None}
            since = {"priority_at": Comment.created_at}
            db.session.execute(update(Comment).where(Comment.id.in_(ids)).values(waits | since))
            db.session.execute(update(Thread).values(approved_count=0))
            db.session.commit()
        return ids

    return queue_up
