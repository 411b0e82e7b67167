"""Which site is this, may this origin speak to it, and from which network is it asked?"""

from urllib.parse import urlsplit

from flask import Response, abort, g, request
from sqlalchemy import select

from widget import config
from widget.comments import authorship
from widget.db import db, now
from widget.models import Site


def site_or_404(key: str) -> Site:
    """The site with this public key; remembered for cross_origin_headers()."""
    site = db.session.scalar(select(Site).where(Site.key == key))
    if site is None:
        abort(404, "There is no such site here.")
    g.site = site
    return site


def refuse_foreign_origin(site: Site) -> None:
    """A browser says which page posts. Only the site's own pages and ours may.

    No Origin at all is not a browser's cross-origin post; such a post is taken, and held.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not is_allowed(site, origin):
        abort(403, f"Comments for {site.name} cannot be posted from this website.")


def is_allowed(site: Site, origin: str) -> bool:
    """Is this one of the site's origins, or our own?"""
    return origin in site.origins or origin == origin_of(config.current().public_url)


def may_hold(site: Site, url: str) -> bool:
    """Is this the address of one of the site's pages?"""
    return origin_of(url) in site.origins


def origin_of(url: str) -> str:
    """`https://example.org:8443/a/b` is of the origin `https://example.org:8443`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def cross_origin_headers(response: Response) -> Response:
    """Let the site's own pages read the answer, and no one else's; never with credentials."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    site: Site | None = g.get("site")
    if origin and site is not None and origin in site.origins:
        response.access_control_allow_origin = origin
    return response


def network_key() -> str:
    """What rate limits count by: never the address itself, so that Redis does not hold it."""
    return (
        authorship.recognise(
            config.current().secret_key,
            site_id=0,
            key=None,
            address=request.remote_addr,
            at=now(),
        ).address_hash
        or "unknown"
    )
