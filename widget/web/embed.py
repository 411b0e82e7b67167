"""What the embed reads: the script, a thread, counts."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import cast

import brotli
from flask import Blueprint, Response, abort, current_app, jsonify, request

from widget import language
from widget.comments.threading import find_thread, page_identity
from widget.language import gettext as _
from widget.models import Order, Site
from widget.models.thread import MAX_PAGE
from widget.publishing import counts as counting
from widget.publishing import fragments
from widget.publishing.fragments import View
from widget.web import edge, origin

bp = Blueprint("embed", __name__)
bp.after_request(origin.cross_origin_headers)

_MAX_COUNTS = 100
_KINDS = {".js": "text/javascript", ".css": "text/css"}


@bp.get("/embed.js", endpoint="script")
@bp.get("/embed.css", endpoint="style")
def asset() -> Response:
    """The script and its style, for any page."""
    path = Path(cast("str", current_app.static_folder), request.path.removeprefix("/"))
    coding = request.accept_encodings.best_match(["br", "gzip"]) or ""
    response = Response(_coded(path, path.stat().st_mtime_ns, coding), mimetype=_KINDS[path.suffix])
    if coding:
        response.content_encoding = coding
    response.vary.add("Accept-Encoding")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.cache_control.public = True
    response.cache_control.max_age = 300
    response.add_etag()
    return cast("Response", response.make_conditional(request))


@lru_cache(maxsize=12)
def _coded(path: Path, _changed_at: int, coding: str) -> bytes:
    """A file's bytes, in a content coding; read anew when it has changed."""
    plain = path.read_bytes()
    if coding == "br":
        return cast("bytes", brotli.compress(plain))
    return gzip.compress(plain, mtime=0) if coding == "gzip" else plain


@bp.get("/embed/<key>/thread")
def thread(key: str) -> Response:
    """A page of a thread. Builds and keeps it; the edge answers whoever asks next."""
    site = origin.site_or_404(key)
    view = asked_view(site)
    fragment = fragments.build(site, find_thread(site, view.page), view)
    fragments.cache().put(view, fragment)
    status, headers, body = edge.answer(fragment, request.environ)
    return Response(body, status=status, headers=headers)


@bp.get("/embed/<key>/counts")
def counts(key: str) -> Response:
    """Approved comments of up to 100 pages, under the names they were asked by."""
    site = origin.site_or_404(key)
    asked = request.args.getlist("page")
    if len(asked) > _MAX_COUNTS:
        abort(400, f"Please ask for at most {_MAX_COUNTS} pages at once.")
    identities = {page: page_identity(page) for page in asked}
    found = counting.counts(site, list(set(identities.values())))
    response = jsonify({page: found[identity] for page, identity in identities.items()})
    response.headers["Cache-Control"] = edge.CACHE_CONTROL
    response.add_etag()
    return cast("Response", response.make_conditional(request))


def asked_view(site: Site) -> View:
    """Which view the query names; 400 in words where it names none."""
    page = page_identity(request.args.get("page", ""))
    if not page or len(page) > MAX_PAGE:
        abort(400, _("Please say which page’s comments you want: ?page=…"))
    sort = request.args.get("sort", "")
    if sort not in {"", *Order}:
        abort(400, _("Comments can be sorted by “oldest” or “newest”."))
    return View(
        site_key=site.key,
        page=page,
        sort=sort,
        after=request.args.get("after", ""),
        lang=language.known(request.args.get("lang", "")),
    )
