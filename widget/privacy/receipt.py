"""The receipt: what is stored of a comment's author, line by line, and until when.

Each column of a comment is in exactly one of the kinds below, so a new column cannot be stored
without a word about it (tests/test_receipts.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from widget.config import Settings
from widget.db import db
from widget.language import gettext as _
from widget.language import ngettext
from widget.models import Comment, Revision, Status
from widget.moderation import notes
from widget.notify import links, subscriptions
from widget.spam import providers


class Kept(StrEnum):
    """The kinds of what is kept."""

    name = "name"
    email = "email"
    website = "website"
    words = "words"
    times = "times"
    place = "place"
    state = "state"
    checks = "checks"
    votes = "votes"
    browser = "browser"
    network = "network"
    origin = "origin"


COLUMNS: dict[Kept, frozenset[str]] = {
    Kept.name: frozenset({"author", "badge"}),
    Kept.email: frozenset({"email", "tell_author", "language"}),
    Kept.website: frozenset({"website"}),
    Kept.words: frozenset({"body", "body_html", "body_hash", "sanitizer_version"}),
    Kept.times: frozenset({"created_at", "published_at", "edited_at", "edited_by_moderator"}),
    Kept.place: frozenset(
        {"id", "site_id", "thread_id", "parent_id", "path", "depth", "shown", "reply_count"}
        | {"pinned_at"}
    ),
    Kept.state: frozenset({"status", "status_before", "kind", "held_for"}),
    Kept.checks: frozenset(
        {"arrival", "signals", "screened_at", "rules", "risk", "priority_at", "cluster_id"}
        | {"written_in", "probability", "judged_by", "ask_at", "asked", "providers"}
    ),
    Kept.votes: frozenset({"votes_up", "votes_down"}),
    Kept.browser: frozenset({"key_hash", "nonce"}),
    Kept.network: frozenset({"address_hash", "network_hash"}),
    Kept.origin: frozenset({"source", "source_id"}),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is stored (its name and, where that says more, the very words), and what of it."""

    kept: Kept | None
    name: str
    stored: str = ""
    says: str = ""
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """All lines, who else was asked, and the address where its holder can erase all of it."""

    lines: list[Line]
    others: str
    erase: str


def receipt(settings: Settings, comment: Comment) -> Receipt:
    """What is stored of a comment's author now."""
    return Receipt(
        lines=[
            *_typed(comment),
            *_noted(settings, comment),
            *_said_of(comment),
            *_asked_for(comment),
        ],
        others=_others(settings, comment),
        erase=links.for_erasing(settings, site_id=comment.site_id, comment_id=comment.id),
    )


def _others(settings: Settings, comment: Comment) -> str:
    """Which other services were asked about a comment, and which may be."""
    said = []
    if comment.providers:
        names = _named(comment.providers)
        said.append(
            _(
                "Other services were asked about your comment, and what they said is kept with it: "
                "%(names)s.",
                names=names,
            )
        )
    if comment.status is Status.pending and (comment.ask_at or not comment.screened_at):
        question = providers.about(comment, public_url=settings.public_url)
        on = [one.name for one in providers.switched_on(settings) if one.has_to_do_with(question)]
        if names := _named(name for name in on if name not in comment.providers):
            said.append(
                _("Other services may be asked about your comment: %(names)s.", names=names)
            )
    if not said:
        return _("No other service was asked about you or your comment. There is no cookie.")
    return " ".join([*said, _("There is no cookie.")])


def _named(names: Iterable[str]) -> str:
    own = {providers.Hook.name: _("a service of this website")}
    return ", ".join(own.get(name, providers.TITLES.get(name, name)) for name in names)


def _typed(comment: Comment) -> list[Line]:
    lines = [Line(kept=Kept.name, name=_("Name"), stored=comment.author, says=_("Published."))]
    if comment.email:
        says = _("Never published; only this website’s moderators can see it.")
        if comment.tell_author:
            says = _(
                "Never published; only this website’s moderators can see it. You asked for a mail "
                "about the decision."
            )
        lines.append(Line(kept=Kept.email, name=_("Email"), stored=comment.email, says=says))
    if comment.website:
        lines.append(
            Line(kept=Kept.website, name=_("Website"), stored=comment.website, says=_("Published."))
        )
    lines.append(Line(kept=Kept.words, name=_("Comment"), says=_words(comment)))
    return lines


def _words(comment: Comment) -> str:
    earlier = db.session.scalar(
        select(func.count()).where(
            Revision.site_id == comment.site_id, Revision.comment_id == comment.id
        )
    )
    if not earlier:
        return _("Your words as you typed them, and as they are published.")
    return ngettext(
        "Your words as you typed them, and as they are published; and %(num)s earlier version, "
        "which only moderators can see.",
        "Your words as you typed them, and as they are published; and %(num)s earlier versions, "
        "which only moderators can see.",
        earlier,
    )


def _noted(settings: Settings, comment: Comment) -> list[Line]:
    when = _(
        "When you wrote it, when it was edited and whether by a moderator, and when it was "
        "published."
    )
    where = _("On which page, and under which comment, it stands.")
    decided = _("What moderators or the automatic checks decided about it, when and why.")
    found = _(
        "How the form came in and what our own checks found: how risky it seems, how soon it "
        "should be looked at, its language, the websites it links to, and which comments are like "
        "it."
    )
    lines = [
        Line(kept=Kept.times, name=_("Times"), says=when),
        Line(kept=Kept.place, name=_("Place"), says=where),
        Line(kept=Kept.state, name=_("Decisions"), says=decided),
        Line(kept=Kept.checks, name=_("Spam checks"), says=found),
        Line(kept=Kept.votes, name=_("Votes"), says=_("How many votes it got.")),
    ]
    if comment.key_hash:
        says = _("A code made from a secret that only your browser keeps: it makes this yours.")
        lines.append(Line(kept=Kept.browser, name=_("Browser"), says=says))
    if comment.address_hash or comment.network_hash:
        says = _("A code made from your network address. The address itself is not stored.")
        until = comment.created_at + timedelta(days=settings.hash_days)
        lines.append(Line(kept=Kept.network, name=_("Network"), says=says, until=until))
    if comment.source:
        says = _("From which system it was imported, and its number there.")
        lines.append(Line(kept=Kept.origin, name=_("Origin"), stored=comment.source, says=says))
    return lines


def _said_of(comment: Comment) -> list[Line]:
    """What moderators noted; not in their words, which are for each other."""
    if not notes.are_there(comment):
        return []
    says = _("What moderators wrote down about you for each other. Only they can see it.")
    return [Line(kept=None, name=_("Notes"), says=says)]


def _asked_for(comment: Comment) -> list[Line]:
    return [
        Line(
            kept=None,
            name=_("Subscription"),
            stored=row.email,
            says=_("To the whole discussion, by mail.")
            if row.comment_id == 0
            else _("To replies to your comment, by mail."),
            until=None if row.confirmed_at else row.created_at + subscriptions.CONFIRM_WITHIN,
        )
        for row in subscriptions.asked_with(comment)
    ]
