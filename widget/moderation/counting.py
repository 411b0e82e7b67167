"""Many look-ups in one statement: for each of some values a short range of an index."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from widget.db import db
from widget.models import Comment, Status
from widget.spam import MAX_COUNTED
from widget.spam.checks import Record

LATELY = timedelta(days=30)
_TIMES = {"lately": LATELY, "hour": timedelta(hours=1), "moment": timedelta(minutes=10)}
_NEVER = 2**62


class Since(NamedTuple):
    """The number of the first comment that came within a time."""

    lately: int
    hour: int
    moment: int


def first_since(site_id: int, moment: datetime) -> Since:
    """A range of numbers needs no look at the rows, as one of times would."""
    times = {name: moment - time for name, time in _TIMES.items()}
    found = db.session.execute(_FIRSTS, {"site_id": site_id, **times}).one()
    size = len(Status)
    parts = (found[at : at + size] for at in range(0, len(found), size))
    return Since(*(min((each for each in part if each), default=_NEVER) for part in parts))


def rows(values: Sequence[str]) -> TableValuedAlias:
    """Values as the rows of a table, so that their number does not change the statement."""
    if db.engine.dialect.name == "postgresql":
        return func.unnest(cast(values, ARRAY(Text))).table_valued("value").render_derived()
    return func.json_each(json.dumps(values)).table_valued("value")


def known(values: Iterable[str | None]) -> list[str]:
    """Those that are there, in an order."""
    return sorted(filter(None, values))


def one(looked_up: Select[Any]) -> ScalarSelect[Any]:
    """The first that is found."""
    return looked_up.limit(1).scalar_subquery()


def newer(since: int) -> ColumnElement[bool]:
    """Comments from this number on.

    PostgreSQL is not told the number: the newest rows are in none of its statistics, so it would
    think that there are none and read all of them by their numbers.
    """
    return Comment.id >= select(literal(since)).scalar_subquery()


def count(
    asked: FromClause, index: str, *where: ColumnElement[bool], after: datetime | None = None
) -> ScalarSelect[int]:
    """How many comments there are, with the one in hand; of those, the ones that came after.

    SQLite would rather read all of the last hour: it is told the index.
    """
    some = select(Comment.id, Comment.created_at) if after else select(Comment.id)
    some = some.where(*where).with_hint(Comment, f"INDEXED BY {index}", "sqlite")
    if after:
        some = some.order_by(Comment.id.desc())
    counted = some.limit(MAX_COUNTED + 1).correlate(asked).subquery()
    number = select(func.count()).select_from(counted)
    if after:
        number = number.where(counted.c.created_at > after)
    return number.scalar_subquery()


def joined(latest: Select[Any], *asked: FromClause) -> ScalarSelect[str]:
    """One text of all that is found (labelled `value`), parted by blanks."""
    some = latest.correlate(*asked).subquery()
    return select(func.aggregate_strings(some.c.value, " ")).scalar_subquery()


def record(statuses: str | None, age: timedelta = timedelta()) -> Record:
    """What became of comments, by their statuses, parted by blanks."""
    counted = Counter((statuses or "").split())
    return Record(approved=counted[Status.approved], spam=counted[Status.spam], age=age)


def age(first: datetime | None, moment: datetime) -> timedelta:
    """Since the first, if there is one."""
    return max(moment - first, timedelta()) if first else timedelta()


# Made once: of so many parts, that takes longer than asking.
_FIRSTS = select(
    *(
        one(
            select(Comment.id)
            .where(
                Comment.site_id == bindparam("site_id"),
                Comment.status == status,
                Comment.created_at > bindparam(name),
            )
            .order_by(Comment.created_at, Comment.id)
        )
        for name in _TIMES
        for status in Status
    )
)
