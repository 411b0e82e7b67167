"""How the filter of a site does, in figures: what the machine did, and what people said to that.

Nothing here trains anything. What the filter thought of a comment when it came is kept with the
comment; where that is missing, the model in use is asked now.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from statistics import fmean

from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from widget.db import db
from widget.models import Badge, Comment, Decision, Move, Site, Status, Via
from widget.spam.measuring import interval

# A page looks at so many of the latest decisions.
DECIDED = 1000
# So many that the filter had not learned from are enough to judge it by these alone.
ENOUGH = 50
BINS = 10
# How many decisions a comment can be expected to have.
_EACH = 4
# What a moderator says of spam that is none: “Not spam” puts it back to where it came from.
_NOT_SPAM = frozenset({Status.approved, Status.pending})
_SPAM = frozenset({Status.spam})


@dataclass(frozen=True)
class Course:
    """What the machine did with a comment first, and what a moderator said of it last."""

    comment_id: int
    first: Status
    said: Status | None = None


@dataclass(frozen=True)
class Share:
    """So many of so many, and between what its rate is, with 95 % certainty."""

    times: int
    of: int

    @property
    def rate(self) -> float:
        """What was seen."""
        return self.times / self.of if self.of else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Wilson's interval."""
        return interval(self.times, self.of)


@dataclass(frozen=True)
class Record:
    """The latest comments of a site, by what the machine did with them."""

    courses: Sequence[Course]

    def of(self, first: Status) -> list[Course]:
        """Those that it published, held (pending), called spam or put into the trash."""
        return [course for course in self.courses if course.first is first]

    def said(self, first: Status) -> Counter[Status | None]:
        """What moderators made of those; None: nothing so far."""
        return Counter(course.said for course in self.of(first))

    def turned(self, first: Status) -> list[int]:
        """Those of which a moderator said the contrary, the latest first."""
        contrary = _NOT_SPAM if first is Status.spam else _SPAM
        return [course.comment_id for course in self.of(first) if course.said in contrary]

    @property
    def false_positives(self) -> Share:
        """Of what the machine called spam, what a moderator said is none."""
        return self._share(Status.spam)

    @property
    def false_negatives(self) -> Share:
        """Of what the machine published, what a moderator called spam."""
        return self._share(Status.approved)

    def _share(self, first: Status) -> Share:
        return Share(len(self.turned(first)), len(self.of(first)))


@dataclass(frozen=True)
class Tried:
    """A comment that a moderator decided on, and how likely the filter finds it spam.

    `is_held`: the checks alone hold it.
    """

    comment: Comment
    is_spam: bool
    probability: float
    publish_at: float
    is_held: bool = False

    def outcome(self, spam_at: float) -> Status:
        """Where it would go; the checks hold what the filter has nothing against."""
        if self.probability >= spam_at:
            return Status.spam
        is_clear = self.probability <= self.publish_at and not self.is_held
        return Status.approved if is_clear else Status.pending


@dataclass(frozen=True)
class Bin:
    """Comments of about the same probability: what was said of them, and what came true."""

    low: float
    high: float
    count: int
    spam: int
    mean: float

    @property
    def share(self) -> Share:
        """How many were spam."""
        return Share(self.spam, self.count)


@dataclass(frozen=True)
class Evidence:
    """Decisions to try a threshold on, the latest first; `is_fair`: it has learned from none."""

    tried: Sequence[Tried] = ()
    is_fair: bool = True

    @cached_property
    def spam(self) -> int:
        """How many a moderator called spam."""
        return sum(one.is_spam for one in self.tried)

    @property
    def ham(self) -> int:
        """How many a moderator let pass."""
        return len(self.tried) - self.spam

    def at(self, spam_at: float) -> "Consequence":
        """What would have become of them if spam began there."""
        return Consequence(self, spam_at)

    def bins(self) -> Iterator[Bin]:
        """In ten steps, those that there are."""
        parts: dict[int, list[Tried]] = {}
        for one in self.tried:
            parts.setdefault(min(int(one.probability * BINS), BINS - 1), []).append(one)
        for step, part in sorted(parts.items()):
            mean = fmean(one.probability for one in part)
            spam = sum(one.is_spam for one in part)
            yield Bin(step / BINS, (step + 1) / BINS, len(part), spam, mean)


@dataclass(frozen=True)
class Consequence:
    """Past decisions under a threshold."""

    evidence: Evidence
    spam_at: float
    _found: dict[tuple[bool, Status], list[Tried]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Sort them once."""
        for one in self.evidence.tried:
            self._found.setdefault((one.is_spam, one.outcome(self.spam_at)), []).append(one)

    def which(self, to: Status, *, is_spam: bool) -> list[Tried]:
        """Those of a label that would have gone there."""
        return self._found.get((is_spam, to), [])

    @property
    def wrongly(self) -> list[Tried]:
        """Called spam, though a moderator let it pass; the most certain first."""
        wrong = self.which(Status.spam, is_spam=False)
        return sorted(wrong, key=lambda one: -one.probability)

    @property
    def missed(self) -> list[Tried]:
        """Not called spam, though a moderator did; the least suspicious first."""
        passed = (Status.pending, Status.approved)
        left = [one for to in passed for one in self.which(to, is_spam=True)]
        return sorted(left, key=lambda one: one.probability)

    @property
    def caught(self) -> Share:
        """Of the spam, what would have been called so."""
        return Share(len(self.which(Status.spam, is_spam=True)), self.evidence.spam)

    @property
    def mistaken(self) -> Share:
        """Of the ham, what would have been called spam."""
        return Share(len(self.wrongly), self.evidence.ham)

    @property
    def held(self) -> Share:
        """Of all, what would have waited for a moderator."""
        both = (self.which(Status.pending, is_spam=label) for label in (True, False))
        return Share(sum(map(len, both)), len(self.evidence.tried))


# ---------------------------------------------------------------------------- reading the database


def record(site: Site, latest: int) -> Record:
    """What became of the site's latest comments that were screened here, the latest first."""
    moments = _standing(site, latest)
    since = min(moments.values()) if len(moments) >= latest else None
    moments |= _purged(site, since, latest)
    ids = sorted(moments, key=lambda number: (moments[number], number), reverse=True)[:latest]
    first: dict[int, Status] = {}
    said: dict[int, Status] = {}
    rows = db.session.execute(
        select(Decision.comment_id, Decision.via, Decision.moderator_id, Decision.move,
               Decision.status_to)
        .where(Decision.site_id == site.id, Decision.comment_id.in_(ids))
        .order_by(Decision.id)
    )  # fmt: skip
    for number, via, moderator_id, move, to in rows:
        if via is Via.policy:
            # Whatever a person did before it, the machine had not been heard.
            first.setdefault(number, to)
        elif moderator_id is not None and move is not Move.edit:
            said[number] = to
    return Record([Course(each, first.get(each, Status.pending), said.get(each)) for each in ids])


def _standing(site: Site, latest: int) -> dict[int, datetime]:
    """Comments that are there, by one short range of an index for each status."""
    found: list[tuple[datetime, int]] = []
    for status in Status:
        rows = db.session.execute(
            select(Comment.created_at, Comment.id, Comment.screened_at, Comment.source,
                   Comment.badge, Comment.key_hash)
            .where(Comment.site_id == site.id, Comment.status == status)
            .order_by(Comment.created_at.desc(), Comment.id.desc())
            .limit(latest)
        )  # fmt: skip
        for at, number, screened_at, source, badge, key_hash in rows:
            by_moderator = badge is Badge.moderator and key_hash is None
            if screened_at is not None and source is None and not by_moderator:
                found.append((at, number))
    return {number: at for at, number in sorted(found)[-latest:]}


def _purged(site: Site, since: datetime | None, latest: int) -> dict[int, datetime]:
    """Comments of which only the decisions are left, by the moment of the first that is known."""
    query = (
        select(Decision.comment_id, Decision.created_at)
        .outerjoin(
            Comment, and_(Comment.site_id == Decision.site_id, Comment.id == Decision.comment_id)
        )
        .where(Decision.site_id == site.id, Decision.via != Via.transfer, Comment.id.is_(None))
        .order_by(Decision.created_at.desc(), Decision.id.desc())
        .limit(_EACH * latest)
    )
    if since is not None:
        query = query.where(Decision.created_at >= since)
    return dict(iter(db.session.execute(query)))


def comments(site: Site, ids: Iterable[int]) -> list[Comment]:
    """Those that are still there, the latest first."""
    found = db.session.scalars(
        select(Comment)
        .options(joinedload(Comment.thread))
        .where(Comment.site_id == site.id, Comment.id.in_(list(ids)))
        .order_by(Comment.created_at.desc(), Comment.id.desc())
    )
    return list(found)
