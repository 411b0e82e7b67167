"""Fragments: a page of a thread as HTML, kept as ready bytes until its thread changes.

What a fragment says depends only on the site, the page, the view and the versions of both, never
on who asks. So the bytes can be kept here, in nginx and in a CDN, and checked by one small query.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import brotli
from flask import Flask, current_app

from widget import addresses, config, language, sanitize
from widget.models import Order, Site, Thread
from widget.publishing import arrivals, form_token, pages, templates
from widget.publishing.closing import why_closed
from widget.publishing.versions import Versions

_CACHE_BYTES = 64 * 1024 * 1024
_TEMPLATES = Path(__file__).parents[1] / "templates" / "embed"


@dataclass(frozen=True)
class View:
    """What is asked for. `page` is a clean identity; an empty `sort` means the site's order."""

    site_key: str
    page: str
    sort: str = ""
    after: str = ""
    # A language of ours; the site's where it is empty.
    lang: str = ""
    # The page with this comment, or the next replies under that one (publishing.pages).
    at: int = 0
    under: int = 0
    # Only what was published after this stamp (publishing.arrivals).
    since: int | None = None


@dataclass(frozen=True)
class Fragment:
    """Ready bytes, by content coding, and what CORS must know."""

    etag: str
    origins: frozenset[str]
    identity: bytes
    gzip: bytes
    br: bytes

    @property
    def size(self) -> int:
        """Bytes this fragment occupies."""
        return len(self.identity) + len(self.gzip) + len(self.br)


class Cache:
    """The fragments used last, up to a number of bytes, for one process."""

    def __init__(self, limit: int = _CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[View, Fragment] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, view: View, etag: str) -> Fragment | None:
        """The fragment of a view, if it is still the one that `etag` names."""
        with self._lock:
            fragment = self._kept.get(view)
            if fragment is None or fragment.etag != etag:
                return None
            self._kept.move_to_end(view)
            return fragment

    def put(self, view: View, fragment: Fragment) -> None:
        """Keep a fragment; forgets the ones that were not used for longest."""
        with self._lock:
            earlier = self._kept.pop(view, None)
            self._size += fragment.size - (earlier.size if earlier else 0)
            self._kept[view] = fragment
            while self._size > self._limit:
                self._size -= self._kept.popitem(last=False)[1].size


def init_app(app: Flask) -> None:
    """Give the app its fragments, the hash of their look, and the filter `cleaned`."""
    app.extensions["fragments"] = Cache()
    app.extensions["look"] = look_of_templates(app.extensions["settings"].public_url)
    app.add_template_filter(sanitize.stored, "cleaned")


def cache() -> Cache:
    """This process's fragments."""
    return cast("Cache", current_app.extensions["fragments"])


def look_of_templates(public_url: str) -> str:
    """A short hash of all that shapes a fragment but is not in the database."""
    digest = hashlib.sha256(f"{sanitize.VERSION} {public_url} {language.digest()}".encode())
    for template in sorted(_TEMPLATES.rglob("*.html")):
        digest.update(template.read_bytes())
    return digest.hexdigest()[:8]


def etag(*, look: str, now: Versions) -> str:
    """The validator of all views of a thread as they are now.

    Weak, because the same one goes with the plain and the compressed bytes. The epoch is the form
    token's, and a thread that closes by age does so when one begins.
    """
    epoch = form_token.epoch()
    return f'W/"{look}.{epoch:x}.{now.site}.{now.thread_id or 0}.{now.thread or 0}"'


def look() -> str:
    """The hash of this app's templates, taken when it was made."""
    return cast("str", current_app.extensions["look"])


def build(site: Site, thread: Thread | None, view: View) -> Fragment:
    """Render a view and compress it. Raises pages.BadCursor."""
    now = Versions(site.version, thread.id, thread.version) if thread else Versions(site.version)
    validator = etag(look=look(), now=now)
    body = render(site, thread, view).encode()
    return Fragment(
        etag=validator,
        origins=frozenset(site.origins),
        identity=body,
        gzip=gzip.compress(body, 6, mtime=0),
        br=brotli.compress(body, quality=5),
    )


def render(
    site: Site,
    thread: Thread | None,
    view: View,
    *,
    template: str = "",
    **extra: object,
) -> str:
    """The HTML of a view; the standalone page is another `template` around the same one."""
    with language.speaking(view.lang or site.language, site.words):
        if view.since is not None and not template:
            found = arrivals.since(site, thread, view.since)
            return templates.render(
                "embed/arrived.html", **_common(site, thread, view), arrivals=found
            )
        order = Order(view.sort) if view.sort else site.order
        comments = pages.read(
            site, thread, order=order, after=view.after, at=view.at, under=view.under
        )
        common = _common(site, thread, view) | {
            "order": order,
            "comments": comments,
            # On our own page, a link leads to the part of a long thread that a comment is in; in
            # the article, the script finds it.
            "permalink": _permalink(site, view) if template else "",
        }
        return templates.render(template or "embed/thread.html", **(common | extra))


def _common(site: Site, thread: Thread | None, view: View) -> dict[str, object]:
    settings = config.current()
    return {
        "site": site,
        "thread": thread,
        "page": view.page,
        "under": view.under,
        "lang": view.lang,
        "closed": why_closed(site, thread),
        "home": _home(site, view),
        "feed": addresses.feed(site, view.page),
        "token": form_token.issue(
            settings.secret_key, site_id=site.id, at_epoch=form_token.epoch()
        ),
        "service": settings.public_url,
    }


def _home(site: Site, view: View) -> str:
    """Our own page of the thread, in the language that was asked for."""
    return addresses.own_page(site, view.page, **({"lang": view.lang} if view.lang else {}))


def _permalink(site: Site, view: View) -> str:
    sort = f"&sort={view.sort}" if view.sort else ""
    return f"{_home(site, view)}{sort}&at="
