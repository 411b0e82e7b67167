"""Rules: whom or what a site trusts, holds or bans; which of them a comment matches."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import joinedload

from widget.db import db, now
from widget.models import Comment, Effect, Match, Moderator, Rule, Site
from widget.moderation import log, mailboxes
from widget.moderation.subjects import Subject
from widget.spam import Signal, likeness

MAX_NOTE = 500
# For how long a rule can be meant to count.
PERIODS: dict[str, timedelta | None] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "ever": None,
}
BANS = frozenset({Effect.spam, Effect.trash})
# Comment.rules names a rule of people by this and its number.
TOKEN = "rule-"  # noqa: S105 (no secret)
_MAX_RULES = 500
# Of the rules that a comment matches, so many are told: Comment.rules has room for them.
_MAX_MATCHING = 20
_STRENGTH = (Effect.trash, Effect.spam, Effect.hold, Effect.trust)
# A comment can have thousands of links, and no database takes that many values in one query.
_ASKED_AT_ONCE = 1000

# The signals that rules make (a chip on the card, a name in Comment.rules), and their weight.
_SIGNALS: dict[Effect, tuple[str, float]] = {
    Effect.hold: ("held-rule", 0.5),
    Effect.spam: ("banned", 1.0),
    Effect.trash: ("banned", 1.0),
}
SIGNALS = frozenset(name for name, _ in _SIGNALS.values())
# What they say of a comment. No name stands there: it would stay with other people's comments.
_WHO = {
    Match.key: "This browser",
    Match.email: "This e-mail address",
    Match.domain: "The domain of this e-mail address",
    Match.network: "This network",
    Match.link: "A link to {host}",
}
_WHAT = {
    Effect.trust: "is trusted",
    Effect.hold: "is held by a rule",
    Effect.spam: "is banned",
    Effect.trash: "is banned",
}


class Faulty(Exception):
    """A rule that cannot be; says why."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a moderator asks for: `period` is one of PERIODS."""

    subject: Subject
    effect: Effect
    period: str
    note: str = ""


def matching(comment: Comment) -> list[Rule]:
    """The rules in force that a comment matches, the strongest first and no more than say enough.

    One query, whatever their number; more only where a comment has very many links.
    """
    return matching_each([comment])[comment.id]


def matching_each(comments: Sequence[Comment]) -> dict[int, list[Rule]]:
    """Likewise of each of a site's comments, by their ids, all with one query."""
    theirs = {comment.id: _patterns(comment) for comment in comments}
    found = _on(comments[0].site_id, {each for asked in theirs.values() for each in asked})
    return {
        comment_id: sorted(
            (rule for each in asked for rule in found.get(each, ())),
            key=lambda rule: (_STRENGTH.index(rule.effect), rule.id),
        )[:_MAX_MATCHING]
        for comment_id, asked in theirs.items()
    }


def _on(
    site_id: int, subjects: Collection[tuple[Match, str]]
) -> dict[tuple[Match, str], list[Rule]]:
    """The rules in force on any of these, by what each is on."""
    asked = sorted(subjects)
    found: dict[tuple[Match, str], list[Rule]] = {}
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        some = [
            and_(Rule.match == match, Rule.pattern.in_([pattern for _, pattern in group]))
            for match, group in groupby(asked[start : start + _ASKED_AT_ONCE], key=itemgetter(0))
        ]
        for rule in db.session.scalars(
            select(Rule).where(Rule.site_id == site_id, or_(*some), _in_force())
        ):
            found.setdefault((rule.match, rule.pattern), []).append(rule)
    return found


def words(rule: Rule) -> str:
    """Why a comment that matches goes where it goes."""
    return f"{_WHO[rule.match].format(host=rule.pattern)} {_WHAT[rule.effect]}"


def signal(rule: Rule) -> Signal | None:
    """What a rule finds in a comment that matches; trust finds nothing."""
    if rule.effect not in _SIGNALS:
        return None
    name, score = _SIGNALS[rule.effect]
    span = rule.pattern.removeprefix("*") if rule.match is Match.link else ""
    return Signal(rule=name, reason=words(rule), span=span, score=score)


def _patterns(comment: Comment) -> set[tuple[Match, str]]:
    """All that a rule could be on of a comment."""
    site_id, email = comment.site_id, comment.email
    patterns: dict[Match, Iterable[str | None]] = {
        Match.key: [comment.key_hash],
        Match.network: [comment.network_hash],
        Match.email: mailboxes.digests(site_id, email) if email else [],
        Match.domain: likeness.domains(mailboxes.domain(email)) if email else [],
        Match.link: (each for host in likeness.hosts(comment) for each in likeness.places(host)),
    }
    return {(match, each) for match, some in patterns.items() for each in some if each}


def in_force(site_id: int) -> list[Rule]:
    """A site's rules that count now, the latest first."""
    rows = db.session.scalars(
        select(Rule)
        .options(joinedload(Rule.created_by))
        .where(Rule.site_id == site_id, _in_force())
        .order_by(Rule.id.desc())
        .limit(_MAX_RULES)
    )
    return list(rows)


def about(site_id: int, subject: Subject) -> list[Rule]:
    """The rules in force on exactly this."""
    rows = db.session.scalars(
        select(Rule).where(
            Rule.site_id == site_id,
            Rule.match == subject.match,
            Rule.pattern == subject.pattern,
            _in_force(),
        )
    )
    return list(rows)


def find(site_id: int, rule_id: int) -> Rule | None:
    """One rule of this site; none of any other."""
    return db.session.scalar(select(Rule).where(Rule.site_id == site_id, Rule.id == rule_id))


def until(subject: Subject, period: str) -> datetime | None:
    """When a rule ends that is made now; None for never.

    No rule on a network outlives the month: then its hash is another one.
    """
    span = PERIODS[period]
    end = now() + span if span else None
    if subject.match is not Match.network:
        return end
    return min(end, networks_change()) if end else networks_change()


def networks_change() -> datetime:
    """When the hashes of networks are the next month's (comments.authorship)."""
    today = now()
    year, month = (today.year, today.month + 1) if today.month < 12 else (today.year + 1, 1)  # noqa: PLR2004
    return datetime(year, month, 1, tzinfo=UTC)


def add(site: Site, moderator: Moderator, draft: Draft) -> Rule:
    """Make a rule, in place of any on the same. Raises Faulty."""
    subject = draft.subject
    note = " ".join(draft.note.split())
    if "\0" in note or len(note) > MAX_NOTE:
        raise Faulty(f"A reason is plain text of up to {MAX_NOTE:,} characters.")
    if draft.effect is Effect.trust and subject.match is not Match.key:
        raise Faulty(
            "Only an author’s browser can be trusted: anyone can type anyone’s address, "
            "write from the same network or link to the same place."
        )
    if subject.match is Match.link and _is_own(site, subject.pattern):
        raise Faulty(f"{subject.pattern} takes in the site’s own address: its readers link there.")
    for earlier in about(site.id, subject):
        end(earlier, moderator)
    rule = Rule(
        site_id=site.id,
        match=subject.match,
        pattern=subject.pattern,
        about=subject.about,
        effect=draft.effect,
        note=note,
        created_by=moderator,
        until=until(subject, draft.period),
    )
    db.session.add(rule)
    db.session.flush()
    log.write(site.id, moderator, "rule added", _subject(rule), after=_as_logged(rule), reason=note)
    return rule


def end(rule: Rule, moderator: Moderator) -> None:
    """From now on it counts no more. What it did stays done."""
    if rule.ended_at is not None:
        return
    before = _as_logged(rule)
    rule.ended_at = now()
    db.session.flush()
    log.write(rule.site_id, moderator, "rule ended", _subject(rule), before=before)


def token(rule: Rule) -> str:
    """What Comment.rules says of a rule, so that the queue can be asked for what it caught."""
    return f"{TOKEN}{rule.id}"


def follow(site_id: int, hashes: Mapping[str, str]) -> None:
    """The secret key was changed: what was hashed with an earlier one has these hashes now.

    Nobody can tell that of a hash, so a rule follows when whom it is about comes again.
    """
    for old, new in hashes.items():
        db.session.execute(
            update(Rule)
            .where(
                Rule.site_id == site_id,
                Rule.match.in_([Match.key, Match.network]),
                Rule.pattern == old,
                _in_force(),
            )
            .values(pattern=new)
        )


def forget(comment: Comment) -> None:
    """A comment is being erased: no rule made from it says any more who wrote it."""
    own = {comment.key_hash, comment.network_hash} - {None}
    if comment.email:
        own |= set(mailboxes.digests(comment.site_id, comment.email))
    db.session.execute(
        update(Rule)
        .where(
            Rule.site_id == comment.site_id,
            Rule.match.in_([Match.key, Match.network, Match.email]),
            Rule.pattern.in_(own),
        )
        .values(about="")
    )


def _is_own(site: Site, host: str) -> bool:
    own = map(likeness.host_of, site.origins)
    return any(host in likeness.places(each) for each in own if each)


def _in_force() -> ColumnElement[bool]:
    return and_(Rule.ended_at.is_(None), or_(Rule.until.is_(None), Rule.until > now()))


def _subject(rule: Rule) -> str:
    # Not what it is about: the log never forgets, and that may be a reader's name.
    return f"rule {rule.id}: {rule.effect.value}, by {rule.match.value}"


def _as_logged(rule: Rule) -> dict[str, str]:
    said = {
        "effect": rule.effect.value,
        "until": f"{rule.until:%Y-%m-%d %H:%M}" if rule.until else "",
    }
    if rule.match is Match.link:
        said["link"] = rule.pattern
    return said
