"""Figures: what came in and what became of it, how long that took, who worked when, and why.

Databases count; what they return has the size of the time that is asked for, not of the tables.
Days are those of a site's time zone, which no SQLite knows: it counts by quarters of an hour, of
which every zone's days are made.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, extract, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from widget.db import db
from widget.models import CannedKind, Comment, Decision, Moderator, Move, Site, Status, Via
from widget.moderation import canned, policy, rules

DAYS_OF_A_WEEK = 7
HOURS_OF_A_DAY = 24
_QUARTER = 15 * 60
_NO_FINDING = policy.HELD - {policy.HELD_BY_SHIELDS}
_IN_SQL: ColumnElement[int] = literal_column(str(_QUARTER))  # the same wherever it is grouped by


@dataclass(frozen=True)
class Span:
    """Some days in a row, in a time zone."""

    first: date
    days: int
    zone: tzinfo

    @classmethod
    def until(cls, moment: datetime, days: int, zone: tzinfo) -> "Span":
        """So many days, of which a moment is in the last."""
        last = moment.astimezone(zone).date()
        return cls(last - timedelta(days=days - 1), days, zone)

    def __iter__(self) -> Iterator[date]:
        """Its days."""
        return (self.first + timedelta(days=number) for number in range(self.days))

    def begins(self, number: int = 0) -> datetime:
        """When the day with this number begins; the one after the last is where the span ends."""
        day = self.first + timedelta(days=number)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def holds(self, column: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        """Is a moment in it?"""
        return (column >= self.begins()) & (column < self.begins(self.days))

    def in_parts(self, days: int) -> list["Span"]:
        """The same in parts of so many days, of which the first may be shorter."""
        cuts = [0, *range(self.days % days or days, self.days + 1, days)]
        return [
            Span(self.first + timedelta(days=since), until - since, self.zone)
            for since, until in pairwise(cuts)
        ]


@dataclass(frozen=True)
class Waits:
    """For how long the comments that people decided on first had waited, in seconds."""

    span: Span
    count: float = 0
    median: float = 0
    p90: float = 0


@dataclass
class Work:
    """How much each person decided, by weekday (Monday is 0) and hour."""

    cells: Counter[tuple[int, int, int]] = field(default_factory=Counter)

    @property
    def people(self) -> Counter[int]:
        """How much each of them decided."""
        found: Counter[int] = Counter()
        for (person, _day, _hour), count in self.cells.items():
            found[person] += count
        return found

    def grid(self, who: int | None = None) -> list[list[int]]:
        """The hours of each weekday: of one person, or of all together."""
        found = [[0] * HOURS_OF_A_DAY for _ in range(DAYS_OF_A_WEEK)]
        for (person, day, hour), count in self.cells.items():
            found[day][hour] += count if who in {None, person} else 0
        return found


def received(site: Site, span: Span) -> dict[date, Counter[Status]]:
    """What came in on each day, by what has become of it.

    What was purged since is counted on the day of the decision that led there.
    """
    came = _by_quarter(Comment.created_at, Comment.status).where(
        Comment.site_id == site.id, Comment.status.in_(list(Status)), span.holds(Comment.created_at)
    )
    gone = _by_quarter(Decision.created_at, Decision.status_to).where(
        Decision.site_id == site.id,
        span.holds(Decision.created_at),
        Decision.status_to.in_([Status.spam, Status.trash]),
        ~exists().where(Comment.site_id == site.id, Comment.id == Decision.comment_id),
        ~_other(lambda other: other.id > Decision.id),
    )
    found: dict[date, Counter[Status]] = {day: Counter() for day in span}
    for query in (came, gone):
        for quarter, status, count in db.session.execute(query):
            found[_local(quarter, span.zone).date()][status] += count
    return found


def waits(site: Site, parts: Sequence[Span]) -> list[Waits]:
    """How long comments waited for people, in each part of a time, by when they were decided.

    Only a comment's first decision counts, and no import: there, nobody waited.
    """
    decided_in = case(
        *((Decision.created_at < part.begins(part.days), n) for n, part in enumerate(parts)),
        else_=len(parts),
    )
    wait = _epoch(Decision.created_at) - _epoch(Comment.created_at)
    one = (
        select(decided_in.label("part"), wait.label("wait"))
        .join(Comment, Comment.id == Decision.comment_id)
        .where(
            Decision.site_id == site.id,
            Comment.site_id == site.id,
            Decision.created_at >= parts[0].begins(),
            Decision.created_at < parts[-1].begins(parts[-1].days),
            Decision.moderator_id.is_not(None),
            Decision.status_from == Status.pending,
            Comment.source.is_(None),
            ~_other(lambda other: other.id < Decision.id),
        )
        .subquery()
    )
    found = {part: numbers for part, *numbers in db.session.execute(_percentiles(one.c))}
    nothing = (0, 0, 0)
    return [
        Waits(part, *(float(number) for number in found.get(n, nothing)))
        for n, part in enumerate(parts)
    ]


def _percentiles(one: Any) -> Select[Any]:
    """The median and the ninth decile of each part: no SQLite has a function for that."""
    ranked = select(
        one.part,
        one.wait,
        func.row_number().over(partition_by=one.part, order_by=one.wait).label("place"),
        func.count().over(partition_by=one.part).label("total"),
    ).subquery()
    row = ranked.c
    return select(
        row.part,
        func.max(row.total),
        func.max(case((row.place == (row.total + 1) // 2, row.wait))),
        func.max(case((row.place == (row.total * 9 + 9) // 10, row.wait))),
    ).group_by(row.part)


def work(site: Site, span: Span) -> Work:
    """When people decided, and who they were; what they took back counts as work, too."""
    found = Work()
    query = _by_quarter(Decision.created_at, Decision.moderator_id).where(
        Decision.site_id == site.id,
        span.holds(Decision.created_at),
        Decision.moderator_id.is_not(None),
    )
    for quarter, moderator_id, count in db.session.execute(query):
        at = _local(quarter, span.zone)
        found.cells[moderator_id, at.weekday(), at.hour] += count
    return found


def named(people: Counter[int]) -> list[tuple[Moderator, int]]:
    """Who they are, the busiest first."""
    found = db.session.scalars(select(Moderator).where(Moderator.id.in_(people)))
    moderators = {moderator.id: moderator for moderator in found}
    return [(moderators[number], count) for number, count in people.most_common()]


def reasons(site: Site, span: Span, told: Callable[[str], str] = str) -> Counter[str]:
    """How many comments each check found something in; “” for those held without a finding.

    Checks that are `told` by the same words are one: a comment counts once for them.
    The rules of people (models.rule) count by what they do: as they are named, too, each would
    count twice, and trust is nothing that holds. That a site holds all, or first comments, is no
    finding (policy.HELD); that shields were up is one, for that is no rule of every day.
    """
    is_held = Comment.held_for != ""
    named = (
        select(Comment.rules, is_held, func.count())
        .where(
            Comment.site_id == site.id,
            Comment.status.in_(list(Status)),
            span.holds(Comment.created_at),
            (Comment.rules != " ") | is_held,
        )
        .group_by(Comment.rules, is_held)
    )
    found: Counter[str] = Counter()
    for names, held_for, count in db.session.execute(named):
        checks = [
            name
            for name in names.split()
            if not name.startswith(rules.TOKEN) and name not in _NO_FINDING
        ]
        for name in {told(name) for name in checks or [""] * held_for}:
            found[name] += count
    return found


def rejections(site: Site, span: Span) -> Counter[str]:
    """How many comments people rejected for which reason, by its title among the site's texts.

    “” stands for reasons in other words. What was taken back, or done without a word, is not told.
    """
    titles = {
        canned.as_reason(text.text): text.title for text in canned.of(site.id, CannedKind.reason)
    }
    undoing = aliased(Decision)
    counted = (
        select(Decision.reason, func.count())
        .where(
            Decision.site_id == site.id,
            span.holds(Decision.created_at),
            Decision.move == Move.reject,
            Decision.moderator_id.is_not(None),
            Decision.reason != "",
            ~exists().where(undoing.undoes_id == Decision.id),
        )
        .group_by(Decision.reason)
    )
    found: Counter[str] = Counter()
    for reason, count in db.session.execute(counted):
        found[titles.get(reason, "")] += count
    return found


def held(site: Site, span: Span) -> int:
    """How many of the comments that came in had to wait for a person."""
    query = select(func.count()).where(
        Comment.site_id == site.id,
        Comment.status.in_(list(Status)),
        span.holds(Comment.created_at),
        Comment.held_for != "",
    )
    return db.session.scalar(query) or 0


def deciders(site: Site, span: Span) -> tuple[int, int]:
    """How many decisions people took, and how many the site's rules; none that took one back."""
    counted = db.session.execute(
        select(
            func.count(Decision.moderator_id),
            func.count(case((Decision.via.in_([Via.policy, Via.reports]), 1))),
        ).where(
            Decision.site_id == site.id,
            span.holds(Decision.created_at),
            Decision.move != Move.undo,
        )
    ).one()
    return counted[0], counted[1]


def _by_quarter(
    moment: InstrumentedAttribute[datetime], beside: InstrumentedAttribute[Any]
) -> Select[Any]:
    quarter = func.floor(_epoch(moment) / _IN_SQL)
    return select(quarter, beside, func.count()).group_by(quarter, beside)


def _epoch(moment: InstrumentedAttribute[datetime]) -> ColumnElement[Any]:
    return extract("epoch", moment)


def _local(quarter: Any, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(int(quarter) * _QUARTER, zone)


def _other(condition: Callable[[type[Decision]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Is there another decision on the same comment of which this is true?"""
    other = aliased(Decision)
    return exists().where(
        other.site_id == Decision.site_id,
        other.comment_id == Decision.comment_id,
        condition(other),
    )
