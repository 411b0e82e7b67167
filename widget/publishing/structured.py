"""What a page of a thread says to search engines: schema.org's words for a discussion."""

from typing import Any

from widget import addresses, language
from widget.models import Site, Thread, Votes
from widget.publishing import prose
from widget.publishing.nodes import Node
from widget.publishing.pages import Page


def discussion(site: Site, thread: Thread, comments: Page, *, url: str, title: str) -> Any:
    """A `DiscussionForumPosting` with the comments of the page; `url` is the article's."""
    here = addresses.own_page(site, thread.page)
    publisher = {"@type": "Organization", "name": prose.on_one_line(site.name)}
    if site.origins:
        publisher["url"] = site.origins[0]
    found = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "url": url or here,
        "headline": prose.on_one_line(title) or publisher["name"],
        "inLanguage": language.voice().language,
        "author": publisher,
        "datePublished": thread.created_at.isoformat(timespec="seconds"),
        "commentCount": thread.approved_count,
        "comment": [
            _comment(node, url or here, site.votes) for node in [*comments.pinned, *comments.nodes]
        ],
    }
    if url:
        # What is discussed is elsewhere.
        found["sharedContent"] = {"@type": "WebPage", "url": url, "headline": found["headline"]}
    return found


def _comment(node: Node, page: str, votes: Votes) -> dict[str, Any]:
    found = {"@type": "Comment", **(_gone() if node.is_removed else _said(node, votes))}
    found["url"] = _address(node, page)
    if node.in_reply_to is not None:
        # It stands beside what it answers, because the display ends at a depth.
        found["parentItem"] = {"@type": "Comment", "url": _address(node.in_reply_to, page)}
    if node.replies:
        found["comment"] = [_comment(reply, page, votes) for reply in node.replies]
    return found


def _said(node: Node, votes: Votes) -> dict[str, Any]:
    said: dict[str, Any] = {
        "author": {"@type": "Person", "name": prose.on_one_line(node.author)},
        "datePublished": node.created_at.isoformat(timespec="seconds"),
        "text": prose.words_of(node.body_html),
    }
    if node.edited_at:
        said["dateModified"] = node.edited_at.isoformat(timespec="seconds")
    if votes is not Votes.none:
        said["upvoteCount"] = node.votes_up
    if votes is Votes.both:
        said["downvoteCount"] = node.votes_down
    return said


def _gone() -> dict[str, Any]:
    return {"creativeWorkStatus": "Deleted"}


def _address(node: Node, page: str) -> str:
    return f"{page.partition('#')[0]}#comment-{node.id}"
