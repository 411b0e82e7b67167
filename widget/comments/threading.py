"""Which page a thread belongs to, and where in it a comment stands."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from widget.addresses import DEFAULT_PORT
from widget.db import db, insert_if_absent
from widget.models import Comment, Site, Thread, paths
from widget.models.site import MAX_DEPTH
from widget.models.thread import MAX_PAGE, MAX_TITLE, of_page

# Parameters that say where a reader came from, never what they read.
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|twclid|igshid|mc_[ce]id|yclid|_ga|_gl"
    r"|ref_src|replytocom",
    re.IGNORECASE,
)
# Not all databases can store these, and no address holds them.
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def page_identity(page: str) -> str:
    """The name a page goes by: an id stays as it is, an address is cleaned.

    Scheme and host are lower-cased, a default port, the fragment, tracking parameters and a
    trailing slash are dropped. Cleaning twice changes nothing.
    """
    page = without_control(page).strip()
    if not page.lower().startswith(("http://", "https://")):
        return page
    try:
        parts = urlsplit(page)
    except ValueError:  # e.g. an unclosed [ of an IPv6 address
        return page
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    ]
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit(
        (scheme, host.removesuffix(DEFAULT_PORT[scheme]), path or "/", urlencode(query), "")
    )


def without_control(text: str) -> str:
    """A text that came with the page, not from a reader's hand, without what no one meant."""
    return _UNSTORABLE.sub("", text)


def find_thread(site: Site, page: str) -> Thread | None:
    """The thread of a page, if anyone has written there and readers may see it."""
    return db.session.scalar(
        of_page(site.id, page_identity(page)).where(Thread.hidden_at.is_(None))
    )


def open_thread(site: Site, *, page: str, url: str, title: str) -> Thread:
    """The thread of a page, made now if this is its first comment.

    What a stranger says its title and address are, the next one may correct, until a moderator has
    seen them beside a comment and approved it.

    Raises ValueError where `page` is empty or longer than 1,000 characters.
    """
    page = page_identity(page)
    if not page or len(page) > MAX_PAGE:
        raise ValueError("the page's name must have 1 to 1,000 characters")
    known = of_page(site.id, page)
    if thread := db.session.scalar(known):
        if not thread.approved_count and (url or title):
            thread.url, thread.title = url, title[:MAX_TITLE]
        return thread
    # Two readers may write the first comment at the same moment.
    insert_if_absent(Thread, site_id=site.id, page=page, url=url, title=title[:MAX_TITLE])
    return db.session.scalars(known).one()


def place(comment: Comment, parent: Comment | None) -> None:
    """Give a flushed comment its place under `parent`. At the deepest level it stands beside it."""
    comment.parent_id = parent.id if parent else None
    above = parent.path if parent else b""
    comment.path = above[: (MAX_DEPTH - 1) * paths.SEGMENT] + paths.segment(
        comment.created_at, comment.id
    )
    comment.depth = len(comment.path) // paths.SEGMENT - 1
