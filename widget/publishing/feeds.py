"""Atom feeds: what was published last, at a site or in one thread."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from feedgenerator import Atom1Feed

from widget import addresses, language
from widget.language import gettext as _
from widget.models import Site, Thread
from widget.publishing import prose, recent
from widget.publishing.recent import Recent

_ENTRIES = 50


class _Feed(Atom1Feed):  # type: ignore[misc]
    """With what a comment answers (RFC 4685), and without a clock of its own."""

    def root_attributes(self) -> dict[str, str]:
        threading = {"xmlns:thr": "http://purl.org/syndication/thread/1.0"}
        return {**super().root_attributes(), **threading}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["answered_id"]:
            answered = {"ref": item["answered_id"], "href": item["answered"], "type": "text/html"}
            handler.addQuickElement("thr:in-reply-to", "", answered)

    def latest_post_date(self) -> datetime:
        """An empty feed is as old as what it tells of, not always new."""
        latest: datetime = max(
            (item["updateddate"] for item in self.items), default=self.feed["begun"]
        )
        return latest


def of_site(site: Site) -> str:
    """The feed of a site."""
    feed = _Feed(
        title=_("Comments at %(site)s", site=prose.on_one_line(site.name)),
        link=site.origins[0] if site.origins else addresses.feed(site),
        feed_url=addresses.feed(site),
        feed_guid=_name(site, "feed"),
        begun=site.created_at,
        **_common(site),
    )
    return _filled(feed, site, recent.newest(site, limit=_ENTRIES))


def of_thread(site: Site, page: str, thread: Thread | None) -> str:
    """The feed of a page's thread; nothing is in it while nobody has written."""
    # Until a comment was approved, no one but its sender has seen the title and the address.
    seen = thread if thread and thread.approved_count else None
    title = prose.on_one_line((seen.title if seen else "") or page)
    feed = _Feed(
        title=_("Comments on “%(title)s”", title=title),
        link=addresses.article(site, page, seen.url if seen else "")
        or addresses.own_page(site, page),
        feed_url=addresses.feed(site, page),
        feed_guid=_name(site, f"feed of {page}"),
        begun=thread.created_at if thread else site.created_at,
        **_common(site),
    )
    entries = recent.newest(site, limit=_ENTRIES, thread=thread) if thread else []
    return _filled(feed, site, entries)


def _common(site: Site) -> dict[str, Any]:
    return {
        "description": None,
        "language": language.voice().language,
        "author_name": prose.on_one_line(site.name),
    }


def _filled(feed: _Feed, site: Site, entries: list[Recent]) -> str:
    for entry in entries:
        feed.add_item(
            title=_title(entry),
            link=entry.address,
            description=None,
            content=prose.for_xml(entry.body_html),
            # A name and no more: an address is nobody's business.
            author_name=_author(entry),
            unique_id=_name(site, f"comment {entry.id}"),
            pubdate=entry.created_at,
            updateddate=max(entry.published_at, entry.edited_at or entry.published_at),
            answered_id=_name(site, f"comment {entry.parent_id}") if entry.parent_id else "",
            answered=entry.answered,
        )
    return str(feed.writeString("utf-8"))


def _title(entry: Recent) -> str:
    if entry.title:
        return _("%(name)s on “%(title)s”", name=_author(entry), title=entry.title)
    return _("Comment by %(name)s", name=_author(entry))


def _author(entry: Recent) -> str:
    return entry.author or _("Anonymous")


def _name(site: Site, of: str) -> str:
    """A name for good: the same wherever the service or the article moves."""
    return uuid5(NAMESPACE_URL, f"{site.created_at.isoformat()} {site.key} {of}").urn
