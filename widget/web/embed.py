"""What the embed reads: a thread, counts."""

from typing import cast

from flask import Blueprint, Response, abort, jsonify, request

from widget.comments.threading import find_thread, page_identity
from widget.language import gettext as _
from widget.models import Site
from widget.publishing import counts as counting
from widget.publishing import fragments
from widget.publishing.fragments import View
from widget.web import edge, origin, views

bp = Blueprint("embed", __name__)
bp.after_request(origin.cross_origin_headers)

_MAX_COUNTS = 100


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
    try:
        return views.view_of(site.key, request.args)
    except views.Unclear as unclear:
        abort(400, _(str(unclear)))
