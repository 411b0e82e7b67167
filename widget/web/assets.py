"""The scripts and their style, for any page on the web, each kept for as long as is right.

Under its plain name a file is good for five minutes, so that a new version reaches every page soon.
Under the name that carries its hash (`?v=…`) it never changes.
"""

from typing import cast

from flask import Blueprint, Response, abort, request

from widget import config
from widget.publishing import assets
from widget.publishing.assets import Asset

bp = Blueprint("assets", __name__)

_KINDS = {"js": "text/javascript", "css": "text/css"}
_SOON = 300
_YEAR = 31_536_000


def asset() -> Response:
    """One of the files, in the coding that is accepted."""
    name = request.path.removeprefix("/")
    found = assets.read(name)
    if found is None:
        abort(404)
    coding = request.accept_encodings.best_match(["br", "gzip"]) or ""
    response = Response(found.bodies[coding], mimetype=_KINDS[name.rpartition(".")[2]])
    if coding:
        response.content_encoding = coding
    response.vary.add("Accept-Encoding")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = _cache_control(found)
    response.set_etag(f"{found.version}{coding and '-'}{coding}")
    return cast("Response", response.make_conditional(request))


def _cache_control(found: Asset) -> str:
    if config.current().development:
        return "no-cache"
    if request.args.get("v") == found.version:
        return f"public, max-age={_YEAR}, immutable"
    # Under another version's name as well: what it names is not here any more.
    return f"public, max-age={_SOON}"


for _name in assets.NAMES:
    bp.add_url_rule(f"/{_name}", _name.replace(".", "-"), asset)
