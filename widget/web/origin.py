"""Which site is this, may this origin speak to it, and from which network is it asked?"""

from typing import cast

from flask import Response, abort, current_app, request
from sqlalchemy import select
from werkzeug.datastructures import HeaderSet

from widget import config, language
from widget.addresses import origin_of
from widget.comments import authorship
from widget.db import db, now
from widget.language import gettext as _
from widget.models import Site


def site_or_404(key: str) -> Site:
    """The site with this public key; its origins are remembered for cross_origin_headers().

    From here on, the request is answered in the language it asks for, or the site's.
    """
    # No key holds anything else; not every database could even be asked for it.
    is_key = key.isascii() and key.isprintable()
    language.speak(request.args.get("lang", ""))
    site = db.session.scalar(select(Site).where(Site.key == key)) if is_key else None
    if site is None:
        _origins().pop(key, None)
        abort(404, _("There is no such site here."))
    _origins()[key] = frozenset(site.origins)
    # Twice, because a form may be too large to be read; that too is said in the site's language.
    language.speak(language.known(request.args.get("lang", "")) or site.language, site.words)
    if asked := language.known(request.form.get("lang", "")):
        language.speak(asked, site.words)
    return site


def site_that_may_post(key: str) -> Site:
    """The site with this key, as site_or_404(); 403 where a page of another website posts.

    A browser says which page posts, and only the site's own pages and ours may. No Origin at all
    is not a browser's cross-origin post; such a post is taken, and held.
    """
    site = site_or_404(key)
    origin = request.headers.get("Origin")
    if origin is not None and not is_allowed(site, origin):
        abort(403, _("Comments for %(site)s cannot be posted from this website.", site=site.name))
    return site


def is_allowed(site: Site, origin: str) -> bool:
    """Is this one of the site's origins, or our own?"""
    return origin in site.origins or origin == origin_of(config.current().public_url)


def may_hold(site: Site, url: str) -> bool:
    """Is this the address of one of the site's pages?"""
    return origin_of(url) in site.origins


def may_open(site: Site, page: str) -> bool:
    """May a first comment open this page's thread? An address must be one of the site's own."""
    return not is_address(page) or may_hold(site, page)


def is_address(page: str) -> bool:
    """Is the page named by its address, and not by an id of the publisher's?"""
    return page.lower().startswith(("http://", "https://"))


def cross_origin_headers(response: Response) -> Response:
    """Let the site's own pages read the answer, and no one else's; never with credentials.

    From memory, so that even the answer that the database is away can be read.
    """
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin and origin in _origins().get((request.view_args or {}).get("key", ""), ()):
        response.access_control_allow_origin = origin
        response.access_control_expose_headers = HeaderSet(["Retry-After"])
    return response


def _origins() -> dict[str, frozenset[str]]:
    """The origins of the sites that this process was last asked for, by their keys."""
    return cast("dict[str, frozenset[str]]", current_app.extensions.setdefault("origins", {}))


def connection() -> str:
    """What limits are counted by: never the address itself, so that Redis does not hold it."""
    found = authorship.hash_connection(
        config.current().secret_key, address=request.remote_addr, at=now()
    )
    return found or "unknown"
