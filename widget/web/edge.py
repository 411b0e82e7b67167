"""Ahead of Flask: answers a fragment that is ready, in a few dozen microseconds.

Flask's own machinery costs about five times what such an answer costs. All else, the first request
for a view included, goes on to Flask, whose view builds the fragment and keeps it.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from flask import Flask

from widget.db import db
from widget.publishing import fragments
from widget.publishing.fragments import Fragment, View
from widget.publishing.versions import Away, Probe
from widget.web import views

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The origin is asked each time (a validator makes that cheap), so a decision shows at once; a CDN
# may answer for half a minute by itself, and while it asks.
CACHE_CONTROL = "public, max-age=0, s-maxage=30, stale-while-revalidate=300"
_PREFIX, _SUFFIX = "/embed/", "/thread"


class Edge:
    """A WSGI application around Flask's."""

    def __init__(self, app: Flask) -> None:
        self._flask: WSGIApplication = app.wsgi_app
        self._cache: fragments.Cache = app.extensions["fragments"]
        self._look: str = app.extensions["look"]
        with app.app_context():
            self._probe = Probe(db.engine)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        view = _asked(environ)
        fragment = self._ready(view) if view else None
        if fragment is None:
            return self._flask(environ, start_response)
        status, headers, body = answer(fragment, environ)
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _ready(self, view: View) -> Fragment | None:
        try:
            now = self._probe.versions(view.site_key, view.page)
        except Away:
            return None  # Flask's error handlers say what is wrong
        if now is None:
            return None
        return self._cache.get(view, fragments.etag(look=self._look, now=now))


def answer(
    fragment: Fragment, environ: "WSGIEnvironment"
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of a fragment: 304 where the asker has it already."""
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("ETag", fragment.etag),
        ("Cache-Control", CACHE_CONTROL),
        ("Vary", "Accept-Encoding, Origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Robots-Tag", "noindex"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ]
    origin = environ.get("HTTP_ORIGIN")
    if origin in fragment.origins:
        headers.append(("Access-Control-Allow-Origin", origin))
    if _has(environ, fragment.etag):
        return "304 Not Modified", headers, b""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    body = fragment.identity
    for coding, coded in (("br", fragment.br), ("gzip", fragment.gzip)):
        if _accepts(accepted, coding):
            headers.append(("Content-Encoding", coding))
            body = coded
            break
    headers.append(("Content-Length", str(len(body))))
    return "200 OK", headers, body


def _asked(environ: "WSGIEnvironment") -> View | None:
    path: str = environ.get("PATH_INFO", "")
    if (
        environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
        or not path.startswith(_PREFIX)
        or not path.endswith(_SUFFIX)
    ):
        return None
    return _view(path[len(_PREFIX) : -len(_SUFFIX)], environ.get("QUERY_STRING", ""))


@lru_cache(maxsize=1024)
def _view(site_key: str, query_string: str) -> View | None:
    """What is asked for; remembered, because cleaning an address takes longer than the rest."""
    try:
        query = parse_qs(query_string, errors="strict", max_num_fields=16)
    except ValueError:
        return None
    try:
        return views.view_of(site_key, {name: values[0] for name, values in query.items()})
    except views.Unclear:
        return None  # Flask's view says what is wrong


def _has(environ: "WSGIEnvironment", etag: str) -> bool:
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    # A proxy may turn a weak validator into a strong one or back (RFC 9110, 13.1.2: compare
    # weakly).
    return known == "*" or etag.removeprefix("W/") in known


def _accepts(accepted: str, coding: str) -> bool:
    for offer in accepted.split(","):
        name, _, parameters = offer.strip().partition(";")
        if name.lower() == coding:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def init_app(app: Flask) -> None:
    """Put the edge in front of Flask's own WSGI application."""
    app.wsgi_app = Edge(app)  # type: ignore[method-assign]
