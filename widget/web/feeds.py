"""What goes out beside a thread: Atom feeds, and the newest comments for a front page."""

from typing import cast

from flask import Blueprint, Response, request

from widget.comments.threading import find_thread
from widget.publishing import feeds, recent, templates
from widget.web import edge, origin
from widget.web.embed import asked_view

bp = Blueprint("feeds", __name__)
bp.after_request(origin.cross_origin_headers)

_ATOM = "application/atom+xml"
_USUAL, _MOST = 5, 20


@bp.get("/feeds/<key>.atom")
def site_feed(key: str) -> Response:
    """What was published last at a site."""
    return _answer(feeds.of_site(origin.site_or_404(key)), _ATOM)


@bp.get("/feeds/<key>/thread.atom")
def thread_feed(key: str) -> Response:
    """What was published last in one thread."""
    site = origin.site_or_404(key)
    page = asked_view(site).page
    return _answer(feeds.of_thread(site, page, find_thread(site, page)), _ATOM)


@bp.get("/embed/<key>/recent")
def newest(key: str) -> Response:
    """The newest comments as a fragment, to replace what stands in a `data-comments-recent`."""
    site = origin.site_or_404(key)
    limit = min(max(request.args.get("limit", _USUAL, type=int), 1), _MOST)
    entries = recent.newest(site, limit=limit)
    return _answer(templates.render("embed/recent.html", site=site, entries=entries), "text/html")


def _answer(text: str, kind: str) -> Response:
    """As cacheable as a thread, and the same for everyone who asks at this address."""
    response = Response(text, mimetype=kind)
    response.headers["Cache-Control"] = edge.CACHE_CONTROL
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag(weak=True)
    return cast("Response", response.make_conditional(request))
