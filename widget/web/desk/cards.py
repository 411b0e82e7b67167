"""The cards of the queue: what each says beside the comment, asked for all of a page at once."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, current_app, render_template, url_for

from widget import addresses
from widget.comments import editing
from widget.models import Badge, Comment, Move, Role, Status
from widget.moderation import (
    authors,
    clusters,
    filtering,
    marking,
    priority,
    queue,
    reports,
    subjects,
)
from widget.moderation.mine import Mine
from widget.web.desk import gate

# Public comments that readers reported are a view of their own, and so is what I decided.
REPORTED, MINE = "reported", "mine"
VIEWS: tuple[str, ...] = (
    Status.pending, REPORTED, Status.approved, Status.spam, Status.rejected, Status.trash, MINE,
)  # fmt: skip
# The buttons of a card, by the status of its comment, most wanted first.
BUTTONS: dict[Status, tuple[Move, ...]] = {
    Status.pending: (Move.approve, Move.spam, Move.trash, Move.reject),
    Status.approved: (Move.unapprove, Move.spam, Move.trash, Move.reject),
    Status.spam: (Move.restore, Move.approve, Move.trash),
    Status.trash: (Move.restore, Move.spam),
    Status.rejected: (Move.restore, Move.approve, Move.trash),
}
_FILTER = {filtering.SPAM, filtering.UNSURE}
# Signals whose span stands in the text.
_MARKED = {"hold-words", "spam-words", "banned", "held-rule"}
# Where a signal's rule is set: the column of the site that the house rules have an anchor for.
_SET_BY = {
    "links": "hold_links",
    "hold-words": "hold_words",
    "spam-words": "spam_words",
    "reported": "hold_reports",
}
_MAX_HOSTS = 5
# What a comment without a signal is held for (moderation.policy), by how it begins.
_HELD_BY_SITE = ("Every comment is held", "First comment from this browser")


def init_app(app: Flask) -> None:
    """Give the cards' templates what they ask for."""
    app.add_template_filter(marked)
    app.add_template_filter(authors.reference, "reference")
    app.add_template_filter(article)
    app.add_template_filter(hosts)
    app.add_template_filter(weighed)
    app.add_template_global(rule_of, "rule_of")
    app.add_template_global(holder_of, "holder_of")
    app.add_template_global(priority.words, "priority_words")


def card_html(comment: Comment, view: str, back: str) -> str:
    """One comment's `<li>`; what I decided is listed by decisions, so there it has none."""
    return "" if view == MINE else cards_html([comment], view, back)


def cards_html(comments: Sequence[Comment], view: str, back: str) -> str:
    """The `<li>`s of some comments of a view; `back` is the address of that page."""
    return render_template("desk/cards.html", **context(comments, view, back))


def mine_html(mine: Sequence[Mine], back: str) -> str:
    """The `<li>`s of what I decided."""
    return render_template("desk/mine.html", **context([], MINE, back), mine=mine)


def context(comments: Sequence[Comment], view: str, back: str) -> dict[str, Any]:
    """What the cards' templates need, by a number of questions that does not grow with the page."""
    places = gate.memberships()
    return {
        "comments": comments,
        "view": view,
        "here": back,
        "several": len(places) > 1,
        "decisions": queue.last_decisions(comments),
        "reports": reports.open_reports(comments),
        "revisions": editing.revisions(comments),
        "records": authors.records(comments),
        "near": clusters.near(comments),
        "buttons": BUTTONS,
        "badges": Badge,
        "deciding": {place.site_id for place in places if place.role is not Role.viewer},
        "ruling": {place.site_id for place in places if place.role in {Role.owner, Role.admin}},
        "emails": gate.sees_emails(),
    }


def marked(comment: Comment) -> str:
    """Its text with what the signals matched marked in it; HTML that differs by that alone."""
    spans = [signal.get("span", "") for signal in comment.signals if signal["rule"] in _MARKED]
    return marking.mark(comment.body_html, spans) if any(spans) else comment.body_html


def article(comment: Comment) -> str:
    """Where the article itself is, if that is known."""
    return addresses.article(comment.site, comment.thread.page, comment.thread.url)


def hosts(comment: Comment) -> list[str]:
    """What it links to, as far as a card has room to lead to others that do."""
    return subjects.hosts(comment)[:_MAX_HOSTS]


def rule_of(comment: Comment, signal: dict[str, Any], *, is_admin: bool) -> str:
    """Where the rule behind a signal is changed; empty where it cannot be, or not by me."""
    if signal["rule"] in _FILTER:
        return _page("filter.page", comment, "threshold")
    if number := signal.get("rule_id"):
        return _page("bans.page", comment, f"rule-{number}")
    column = _SET_BY.get(signal["rule"])
    return _page("rules.page", comment, column) if column and is_admin else ""


def weighed(signal: dict[str, Any]) -> str:
    """The words that weighed most for the filter, after what it thinks."""
    words = signal.get("span", "") if signal["rule"] in _FILTER else ""
    return f": {words}" if words else ""


def holder_of(comment: Comment, *, is_admin: bool) -> str:
    """Where it is changed that such comments are held: at the thread, or else at the site."""
    if not comment.held_for.startswith(_HELD_BY_SITE):
        return ""
    if comment.thread.hold is not None:
        return url_for("curating.thread", thread_id=comment.thread_id)
    return _page("rules.page", comment, "hold") if is_admin else ""


def _page(endpoint: str, comment: Comment, anchor: str) -> str:
    if endpoint not in current_app.view_functions:
        return ""
    return url_for(endpoint, key=comment.site.key, _anchor=anchor)
