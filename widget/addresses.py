"""Where something can be read: the article, and one comment under it; and whose an address is."""

from urllib.parse import urlencode, urlsplit

from widget import config
from widget.models import Site, Thread

DEFAULT_PORT = {"http": ":80", "https": ":443"}


def article(site: Site, page: str, url: str = "") -> str:
    """The article's address, if we know one that is surely the site's or was imported.

    `url` is what its own page said, once a moderator has seen it; `page` a clean identity.
    """
    if url.startswith(("https://", "http://")):
        return url
    return page if page.startswith(tuple(f"{origin}/" for origin in site.origins)) else ""


def thread(site: Site, thread: Thread) -> str:
    """The article, or else our own page of the thread."""
    return article(site, thread.page, thread.url) or own_page(site, thread.page)


def comment(site: Site, thread: Thread, comment_id: int) -> str:
    """One comment: under its article, or else on our own page of the thread.

    Wherever in a long thread it stands, both show the part that it is in.
    """
    found = article(site, thread.page, thread.url)
    own = found or own_page(site, thread.page, at=comment_id)
    return f"{own.partition('#')[0]}#comment-{comment_id}"


def own_page(site: Site, page: str, **view: object) -> str:
    """Our own page of a thread."""
    query = urlencode({"page": page, **view})
    return f"{config.current().public_url}/t/{site.key}?{query}"


def feed(site: Site, page: str = "") -> str:
    """The feed of a thread, or of the whole site."""
    feeds = f"{config.current().public_url}/feeds/{site.key}"
    return f"{feeds}/thread.atom?{urlencode({'page': page})}" if page else f"{feeds}.atom"


def origin_of(url: str) -> str:
    """`https://example.org:8443/a/b` is of the origin `https://example.org:8443`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    return f"{scheme}://{parts.netloc.lower().removesuffix(DEFAULT_PORT.get(scheme, '/'))}"
