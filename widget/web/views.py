"""Which view of a thread an address names."""

from collections.abc import Mapping

from widget import language
from widget.comments.threading import page_identity
from widget.language import N_
from widget.models import Order
from widget.models.thread import MAX_PAGE
from widget.publishing.fragments import View

_MAX_DIGITS = 18  # of a row's number, and of a stamp


class Unclear(ValueError):
    """An address that names no view; the message is for whoever asked, to be translated."""


def view_of(site_key: str, query: Mapping[str, str]) -> View:
    """The view that a query names. Raises Unclear."""
    page = page_identity(query.get("page", ""))
    if not page or len(page) > MAX_PAGE:
        raise Unclear(N_("Please say which page’s comments you want: ?page=…"))
    sort = query.get("sort", "")
    if sort not in {"", *Order}:
        raise Unclear(N_("Comments can be sorted by “oldest” or “newest”."))
    after, at, under = query.get("after", ""), query.get("at", ""), query.get("under", "")
    since = query.get("since", "")
    if bool(at) + bool(since) + bool(under or after) > 1:
        raise Unclear(N_("Please ask for one thing at a time: “after”, “at”, “under” or “since”."))
    if any(comment and not _is_number(comment) for comment in (at, under)):
        raise Unclear(N_("A comment is named by its number: ?at=… or ?under=…"))
    if since and not _is_number(since):
        raise Unclear(N_("New comments are asked for by the number that came with the last ones."))
    return View(
        site_key=site_key,
        page=page,
        sort=sort,
        after=after,
        lang=language.known(query.get("lang", "")),
        at=int(at or 0),
        under=int(under or 0),
        since=int(since) if since else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
