"""The demo of `widget up`: a site, its first owner, and a host page on an origin of its own."""

import secrets
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

import click
from sqlalchemy import select

from widget.cli import addresses
from widget.config import Settings
from widget.db import db, writing
from widget.models import Membership, Moderator, Role, Site
from widget.moderation import people

KEY = "demo"
_NAME = "The Pellmere Courier"
# How often, in seconds, the page's thread looks whether it shall stop.
_POLL = 0.1
# Never anyone's address (RFC 2606).
_EMAIL = "owner@example.test"


@dataclass(frozen=True)
class Owner:
    """Whoever signs in first; `password` is there only while it may be shown."""

    email: str
    is_new: bool = False
    password: str | None = None


def prepare(settings: Settings, *, port_before: int | None) -> Owner:
    """Make the demo site and its owner where they are missing, and commit."""
    with writing():
        site = db.session.scalar(select(Site).where(Site.key == KEY))
        if site is None:
            site = Site(key=KEY, name=_NAME, origins=[])
            db.session.add(site)
            db.session.flush()
        _follow_port(site, settings, port_before)
        owner = _owner(site) or _first_owner(site, settings)
        db.session.commit()
    return owner


def _follow_port(site: Site, settings: Settings, port_before: int | None) -> None:
    ours = addresses.origins(settings.host, settings.demo_port)
    before = addresses.origins(settings.host, port_before) if port_before else []
    others = [origin for origin in site.origins if origin not in before and origin not in ours]
    if site.origins != [*ours, *others]:
        site.origins = [*ours, *others]
        site.version += 1


def _owner(site: Site) -> Owner | None:
    email = db.session.scalar(
        select(Moderator.email)
        .join(Membership)
        .where(Membership.site_id == site.id, Membership.role == Role.owner, Moderator.active)
        .order_by(Membership.id)
        .limit(1)
    )
    return Owner(email) if email else None


def _first_owner(site: Site, settings: Settings) -> Owner:
    password = settings.owner_password or secrets.token_urlsafe(12)
    try:
        row, is_new = people.add(
            site,
            email=settings.owner_email or _EMAIL,
            password=password,
            role=Role.owner,
            name="Owner",
        )
    except ValueError as error:
        raise click.ClickException(
            f"The first owner cannot be made (WIDGET_OWNER_EMAIL, WIDGET_OWNER_PASSWORD): {error}"
        ) from error
    shown = password if is_new and not settings.owner_password else None
    return Owner(row.email, is_new=is_new, password=shown)


@contextmanager
def host_page(settings: Settings, article: str) -> Iterator[None]:
    """Serve the article on the demo port, in a thread. Raises OSError if the port is taken."""
    page = article.encode()

    class Page(_Page):
        body = page

    with _Server((settings.host, settings.demo_port), Page) as server:
        threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    # Not http.server's, which asks the name service who we are, and may wait for it.
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], page: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = addresses.family(address[0])
        super().__init__(address, page)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser may go away while it is answered; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Page(BaseHTTPRequestHandler):
    body: bytes
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """The article, at the root alone."""
        found = self.path.partition("?")[0] == "/"
        body = self.body if found else b"There is only one article here.\n"
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", f"text/{'html' if found else 'plain'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def version_string(self) -> str:
        """Nobody's business."""
        return "demo"

    def log_message(self, *_args: object) -> None:
        """Who reads what is nobody's business either."""
