"""The log: who decided what, and who changed what beside comments. Nothing in it ever changes.

Two tables make one stream: decisions (models.decision), which moves leave, and entries
(models.log), which everything else leaves that moderators do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    exists,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import joinedload

from widget.db import UTCDateTime, db
from widget.models import Comment, Decision, Entry, Membership, Moderator, Move, Site, Status, Via

PAGE_SIZE = 50
# A filter that few lines match would have a page look through everything that was ever written:
# it looks through so many lines of each kind and site, and then offers to go on.
LOOKED_THROUGH = 10_000
_ACTIONS_AMONG = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_ID = 2**63 - 1

Line = Entry | Decision
# In the order in which lines of one moment stand.
_KINDS: tuple[type[Line], ...] = (Entry, Decision)
_INDEXES = {Entry: "ix_log_site", Decision: "ix_decision_site"}


def write(
    site_id: int,
    moderator: Moderator | None,
    action: str,
    subject: str = "",
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> Entry:
    """Add a line, in the transaction of the change itself.

    `action` is a noun and a verb (“rule added”); of `before` and `after`, only what differs is
    kept. Neither may hold a reader's words or address.
    """
    old, new = before or {}, after or {}
    differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    entry = Entry(
        site_id=site_id,
        moderator=moderator,
        action=action,
        subject=subject[:255],
        before={name: old[name] for name in differing if name in old},
        after={name: new[name] for name in differing if name in new},
        reason=reason,
    )
    db.session.add(entry)
    return entry


@dataclass(frozen=True, order=True)
class Position:
    """Where a line stands in the stream: its moment, its kind, its number."""

    at: datetime
    kind: int
    id: int

    @classmethod
    def of(cls, line: Line) -> "Position":
        """Where this line stands."""
        return cls(line.created_at, _KINDS.index(type(line)), line.id)

    @classmethod
    def read(cls, text: str) -> "Position":
        """The position that str() wrote. Raises ValueError for anything else."""
        moment, kind, number = (int(part) for part in text.split("-"))
        if kind not in range(len(_KINDS)) or not 0 <= number <= _MAX_ID:
            raise ValueError(text)
        try:
            return cls(_EPOCH + timedelta(microseconds=moment), kind, number)
        except OverflowError as error:
            raise ValueError(text) from error

    def __str__(self) -> str:
        """For an address."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.kind}-{self.id}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines; what is empty does not matter. `by_machine`: what no person did."""

    sites: Sequence[Site]
    moderator_id: int | None = None
    by_machine: bool = False
    kind: type[Line] | None = None
    move: Move | None = None
    action: str = ""
    status_from: Status | None = None
    status_to: Status | None = None
    via: Via | None = None
    since: datetime | None = None
    until: datetime | None = None
    comment_id: int | None = None

    def kinds(self) -> list[int]:
        """The kinds of lines that can be wanted at all."""
        asked: set[type[Line]] = {self.kind} if self.kind else {Entry, Decision}
        if self.action:
            asked &= {Entry}
        if self.move or self.status_from or self.status_to or self.via or self.comment_id:
            asked &= {Decision}
        return [number for number, kind in enumerate(_KINDS) if kind in asked]

    def conditions(self, kind: type[Line]) -> list[ColumnElement[bool]]:
        """What a line must be, beside its site and time."""
        found: list[ColumnElement[bool]] = []
        if self.moderator_id:
            found.append(kind.moderator_id == self.moderator_id)
        if self.by_machine:
            found.append(kind.moderator_id.is_(None))
        if kind is Entry:
            return [*found, Entry.action == self.action] if self.action else found
        for column, value in (
            (Decision.move, self.move),
            (Decision.status_from, self.status_from),
            (Decision.status_to, self.status_to),
            (Decision.via, self.via),
            (Decision.comment_id, self.comment_id),
        ):
            if value is not None:
                found.append(column == value)
        return found


@dataclass(frozen=True)
class Page:
    """Some lines, newest first; `after` is where to go on.

    `looked_back_to`: up to there it was looked, and not further; there may be more.
    """

    lines: list[Line] = field(default_factory=list)
    after: Position | None = None
    looked_back_to: datetime | None = None


def read(wanted: Wanted, after: Position | None = None, limit: int = PAGE_SIZE) -> Page:
    """The next lines after a position, newest first."""
    branches = [(site, kind) for site in wanted.sites for kind in wanted.kinds()]
    if not branches:
        return Page()
    horizon = _horizon(wanted, branches, after)
    found = union_all(
        *(
            select(_branch(wanted, site, kind, after, horizon).limit(limit + 1).subquery())
            for site, kind in branches
        )
    ).subquery()
    rows = db.session.execute(
        select(found).order_by(*(column.desc() for column in found.c)).limit(limit + 1)
    ).all()
    lines = _lines([(kind, number) for _at, kind, number in rows[:limit]])
    if len(rows) > limit:
        return Page(lines, Position.of(lines[-1]))
    return Page(lines, horizon, horizon.at if horizon else None)


def _branch(
    wanted: Wanted, site: Site, kind: int, after: Position | None, horizon: Position | None
) -> Select[datetime, int, int]:
    """One site's lines of one kind, in the order in which their index holds them."""
    model = _KINDS[kind]
    query: Select[datetime, int, int] = (
        select(model.created_at, literal_column(str(kind)).label("kind"), model.id)
        .where(model.site_id == site.id, *wanted.conditions(model))
        .order_by(model.created_at.desc(), model.id.desc())
    )
    # Those of one comment are few.
    index = _INDEXES[model] if wanted.comment_id is None else "ix_decision_comment"
    query = query.with_hint(model, f"INDEXED BY {index}", "sqlite")
    if wanted.since:
        query = query.where(model.created_at >= wanted.since)
    if wanted.until:
        query = query.where(model.created_at < wanted.until)
    if after:
        query = query.where(_is_before(kind, after))
    if horizon:
        query = query.where(~_is_before(kind, horizon))
    return query


def _is_before(kind: int, position: Position) -> ColumnElement[bool]:
    """Is a line older than a position, or of the same moment and to stand after it?"""
    model = _KINDS[kind]
    at = literal(position.at, UTCDateTime)
    if kind == position.kind:
        return tuple_(model.created_at, model.id) < tuple_(at, literal(position.id))
    return model.created_at <= at if kind < position.kind else model.created_at < at


def _horizon(
    wanted: Wanted, branches: Sequence[tuple[Site, int]], after: Position | None
) -> Position | None:
    """How far back to look this time; no limit where every line of the index is wanted anyway."""
    if wanted.comment_id or not any(wanted.conditions(_KINDS[kind]) for _, kind in branches):
        return None
    every = Wanted(sites=wanted.sites, since=wanted.since, until=wanted.until)
    last = union_all(
        *(
            select(
                _branch(every, site, kind, after, None)
                .offset(LOOKED_THROUGH - 1)
                .limit(1)
                .subquery()
            )
            for site, kind in branches
        )
    )
    return max((Position(*row) for row in db.session.execute(last)), default=None)


def _lines(chosen: Sequence[tuple[int, int]]) -> list[Line]:
    found: dict[tuple[int, int], Line] = {}
    for kind, model in enumerate(_KINDS):
        ids = [number for of, number in chosen if of == kind]
        query = select(model).options(joinedload(model.moderator)).where(model.id.in_(ids))
        rows: Iterable[Any] = db.session.scalars(query) if ids else ()
        found |= {(kind, line.id): line for line in rows}
    return [found[key] for key in chosen]


def actions(sites: Sequence[Site]) -> list[str]:
    """What was done lately beside deciding, to choose from."""
    lately = [
        select(
            select(Entry.action)
            .where(Entry.site_id == site.id)
            .order_by(Entry.created_at.desc(), Entry.id.desc())
            .limit(_ACTIONS_AMONG)
            .subquery()
        )
        for site in sites
    ]
    if not lately:
        return []
    found = union_all(*lately).subquery()
    return list(db.session.scalars(select(found.c.action).distinct().order_by(found.c.action)))


def people(sites: Sequence[Site]) -> list[Moderator]:
    """Who may have a hand in these sites, and who has decided there."""
    ids = [site.id for site in sites]
    return list(
        db.session.scalars(
            select(Moderator)
            .where(
                Moderator.memberships.any(Membership.site_id.in_(ids))
                | exists().where(Decision.site_id.in_(ids), Decision.moderator_id == Moderator.id)
            )
            .order_by(Moderator.name, Moderator.id)
        )
    )


def commented(lines: Sequence[Line]) -> dict[int, Comment]:
    """The comments that lines are about, by their ids, as far as they still exist."""
    decisions = [line for line in lines if isinstance(line, Decision)]
    found = db.session.scalars(
        select(Comment)
        .options(joinedload(Comment.thread))
        .where(
            Comment.site_id.in_({line.site_id for line in decisions}),
            Comment.id.in_({line.comment_id for line in decisions}),
        )
    )
    return {comment.id: comment for comment in found}
