"""What would become of a site's latest comments if its house rules were others.

The policy is asked twice about each: as the site is set, and as it would be. What a site's own
lists and limits find is looked for anew; what can be found but once (how the form came in, what
was sent before it, which rules matched) is what screening found at the time. Reports come after
that: they can hold what was public. Nothing is written.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from widget.db import db
from widget.models import Badge, Comment, Effect, Hold, Match, Report, Site, Status, Thread
from widget.moderation import policy, reports, rules
from widget.moderation.screening import candidate
from widget.spam import Assessment, History, Signal, assess
from widget.spam.checks import hold_words, links, spam_words

LATEST = 500
_LOCAL = (links, hold_words, spam_words)
_FOUND_ANEW = {"links", "hold-words", "spam-words", reports.RULE}
# Ahead of all that a site can set here.
_DECIDED = "banned"
_LISTS = ("hold_links", "hold_words", "spam_words")
_TRIED = ("hold", *_LISTS, "hold_reports", "require_email")
_NO_EMAIL = "It has no e-mail address"


@dataclass(frozen=True)
class Change:
    """A comment that would go elsewhere, and why; nowhere (None) if it would have been refused."""

    comment: Comment
    before: Status
    after: Status | None
    why: str


@dataclass(frozen=True)
class Result:
    """What would change among so many comments.

    `untried` names the settings that differ, and about which no earlier comment can tell.
    """

    looked_at: int
    changes: Sequence[Change]
    untried: Sequence[str] = ()
    is_tried: bool = True

    @property
    def ways(self) -> list[tuple[Status, Status | None, int]]:
        """From where to where, and how many, the most first."""
        counted = Counter((change.before, change.after) for change in self.changes)
        return [(before, after, number) for (before, after), number in counted.most_common()]

    @property
    def against_people(self) -> int:
        """How many would not be published at once, though they are public now."""
        return sum(
            change.comment.status is Status.approved and change.after is not Status.approved
            for change in self.changes
        )


@dataclass(frozen=True)
class _Known:
    """What the database knows of the commenters."""

    first_approved: Mapping[str, int]
    trusted: frozenset[str]
    reported: Mapping[int, list[Report]]

    def is_known(self, comment: Comment) -> bool:
        """Had this browser an approved comment before this one?"""
        return self.first_approved.get(comment.key_hash or "", comment.id) < comment.id

    def rules(self, comment: Comment) -> list[policy.Applied]:
        """The rule that trusts it, if one does. All others are signals."""
        if comment.key_hash not in self.trusted:
            return []
        return [policy.Applied(Effect.trust, "This browser is trusted")]


def simulate(site: Site, changed: Mapping[str, Any]) -> Result:
    """Which of the site's latest comments would go elsewhere with these settings?"""
    now_set = {name: getattr(site, name) for name in _TRIED}
    differing = {name for name, value in changed.items() if value != getattr(site, name)}
    untried = differing - set(_TRIED)
    if not changed.get("require_email"):  # whom it turned away, it has not kept
        untried |= differing & {"require_email"}
    would_be = now_set | {name: changed[name] for name in differing - untried}
    comments = _latest(site)
    return Result(
        len(comments),
        _compared(site, comments, now_set, would_be),
        [name for name in changed if name in untried],
        is_tried=not untried or bool(differing - untried),
    )


def simulate_thread(thread: Thread, hold: Hold | None) -> Result:
    """Which of a thread's latest comments would go elsewhere with this choice of who waits?"""
    site = thread.site
    now_set = {name: getattr(site, name) for name in _TRIED} | {"own": thread.hold}
    comments = _latest(site, thread)
    return Result(len(comments), _compared(site, comments, now_set, now_set | {"own": hold}))


def _compared(
    site: Site, comments: Sequence[Comment], now_set: Mapping[str, Any], would_be: Mapping[str, Any]
) -> list[Change]:
    known = _known(site, comments)
    changes = []
    for comment in filter(_was_judged, comments):
        before, after = _verdict(comment, known, now_set), _verdict(comment, known, would_be)
        held = [_held_by_readers(comment, known, set_to) for set_to in (now_set, would_be)]
        if would_be["require_email"] and not now_set["require_email"] and not comment.email:
            changes.append(Change(comment, before.to, None, _NO_EMAIL))
        elif held[0] is not held[1]:
            was, is_ = (Status.pending if each else Status.approved for each in held)
            why = reports.told(known.reported[comment.id])
            changes.append(Change(comment, was, is_, why))
        elif before.to is not after.to:
            changes.append(Change(comment, before.to, after.to, after.why))
    return changes


def _was_judged(comment: Comment) -> bool:
    """Not banned ahead of all this, not a moderator's reply, and not erased since?"""
    by_moderator = comment.badge is Badge.moderator and comment.key_hash is None
    is_banned = any(signal["rule"] == _DECIDED for signal in comment.signals)
    return bool(comment.body) and not by_moderator and not is_banned


def _held_by_readers(comment: Comment, known: _Known, set_to: Mapping[str, Any]) -> bool:
    """Was it public, and did enough readers report it since?"""
    enough = set_to["hold_reports"]
    return bool(enough) and len(known.reported.get(comment.id, [])) >= enough


def _verdict(comment: Comment, known: _Known, set_to: Mapping[str, Any]) -> policy.Verdict:
    lists = {name: set_to[name] for name in _LISTS}
    anew = assess(replace(candidate(comment), **lists), History(), _LOCAL)
    kept = [
        Signal.from_dict(signal) for signal in comment.signals if signal["rule"] not in _FOUND_ANEW
    ]
    return policy.judge(
        Site(hold=Hold(set_to["hold"]), filter_decides=comment.site.filter_decides),
        Assessment((*kept, *anew.signals)),
        is_known=known.is_known(comment),
        rules=known.rules(comment),
        own=set_to.get("own", comment.thread.hold),
    )


def _latest(site: Site, thread: Thread | None = None) -> list[Comment]:
    """The latest that were screened, by one short range of an index for each status."""
    among = [Comment.site_id == site.id]
    if thread:
        among.append(Comment.thread_id == thread.id)
    ids: list[tuple[Any, int]] = []
    for status in Status:
        rows = db.session.execute(
            select(Comment.created_at, Comment.id)
            .where(*among, Comment.status == status)
            .order_by(Comment.created_at.desc(), Comment.id.desc())
            .limit(LATEST)
        )
        ids += [(created_at, comment_id) for created_at, comment_id in rows]
    latest = [comment_id for _, comment_id in sorted(ids, reverse=True)[:LATEST]]
    rows_ = db.session.scalars(
        select(Comment)
        .join(Comment.thread)
        .options(contains_eager(Comment.thread))
        .where(Comment.site_id == site.id, Comment.id.in_(latest), Comment.screened_at.is_not(None))
        .order_by(Comment.created_at.desc(), Comment.id.desc())
    )
    return list(rows_)


def _known(site: Site, comments: Sequence[Comment]) -> _Known:
    keys = {comment.key_hash for comment in comments if comment.key_hash}
    first = db.session.execute(
        select(Comment.key_hash, func.min(Comment.id))
        .where(
            Comment.site_id == site.id,
            Comment.key_hash.in_(keys),
            Comment.status == Status.approved,
        )
        .group_by(Comment.key_hash)
    )
    trusted = frozenset(
        rule.pattern
        for rule in rules.in_force(site.id)
        if rule.effect is Effect.trust and rule.match is Match.key
    )
    reported = {
        comment_id: reports.one_a_network(found)
        for comment_id, found in reports.open_reports(comments).items()
    }
    return _Known({str(key): comment_id for key, comment_id in first}, trusted, reported)
