"""The database: typed base class, UTC times, SQLite's manners, migrations."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    FromClause,
    Integer,
    MetaData,
    Result,
    event,
    func,
    insert,
    select,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteDialect
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import JSON, TypeDecorator

# How long a SQLite writer waits for another one before it gives up, in milliseconds.
_SQLITE_BUSY_MS = 15_000


class UTCDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC. SQLite drops the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only in an INTEGER primary key.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of all models. Own class, not `db.Model`, so that type checkers can read the models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own declarative form)
        datetime: UTCDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


db = SQLAlchemy(metadata=Base.metadata)


def init_app(app: Flask) -> None:
    """Bind the database to the app; requests that may write say so (see writing())."""
    db.init_app(app)

    @app.before_request
    def begin() -> None:
        _writing.set(request.method not in _READING)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        _writing.set(False)


_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_writing: ContextVar[bool] = ContextVar("writing", default=False)


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun in this block are going to write.

    SQLite gives a transaction its snapshot at the first read and refuses to turn it into a writer
    if anyone wrote in between (SQLITE_BUSY_SNAPSHOT, at once, whatever the busy timeout). So a
    transaction that will write must say so when it begins. PostgreSQL needs no such hint.
    """
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun in this block only read, although the request is a POST."""
    token = _writing.set(False)
    try:
        yield
    finally:
        _writing.reset(token)


@contextmanager
def writing_at_last(*kept: Base) -> Iterator[None]:
    """End what was read so far; in this block, a transaction writes. `kept` stay as they were read.

    SQLite has one writer at a time: only with all else done does a request get in line for it.
    """
    for each in kept:
        db.session.expunge(each)
    db.session.rollback()
    with writing():
        yield


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # The driver's own implicit BEGIN comes too late and is never IMMEDIATE: see writing().
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL, not NORMAL: a comment we have said "yes" to survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_MS}")


class _SQLiteCompiler(SQLiteCompiler):
    """Lets a statement name the index it needs (`with_hint(…, "INDEXED BY …", "sqlite")`)."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


SQLiteDialect.statement_compiler = _SQLiteCompiler


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


@event.listens_for(Engine, "handle_error")
def _forget_values(context: ExceptionContext) -> None:
    """PostgreSQL tells the whole row that it refuses; no log may hold a reader's words."""
    error = context.original_exception
    told = getattr(getattr(error, "diag", None), "message_primary", None)
    if told:
        error.args = (told,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(error).__name__}) {told}",)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def insert_if_absent(model: type[Base], **values: Any) -> bool:
    """Insert a row unless a unique constraint already holds one like it; tells which it was.

    One statement, so that two processes with the same row in hand never collide.
    """
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    stored = (
        dialect.insert(model)
        .values(**values)
        .on_conflict_do_nothing()
        # psycopg's count of rows says nothing about a statement that returns some.
        .returning(model.__table__.c.id)
    )
    return db.session.execute(stored).first() is not None


def insert_many(model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that have the same columns, in one statement.

    PostgreSQL is given a list for each column: its driver takes three times as long for a statement
    for each row, or for one with a value for each.
    """
    if not rows:
        return
    if db.engine.dialect.name != "postgresql":
        db.session.execute(insert(model), rows)
        return
    names = list(rows[0])
    lists = [
        sql_cast([row[name] for row in rows], ARRAY(model.__table__.c[name].type)) for name in names
    ]
    table = func.unnest(*lists).table_valued(*names).render_derived()
    db.session.execute(insert(model).from_select(names, select(table)))


def next_id(model: type[Base]) -> ColumnElement[int]:
    """The number of a table's next row, to be asked for by a transaction that will write it.

    On SQLite there is no other such transaction (see writing()).
    """
    if db.engine.dialect.name == "postgresql":
        return func.nextval(func.pg_get_serial_sequence(model.__tablename__, "id"))
    return select(func.coalesce(func.max(model.__table__.c.id), 0) + 1).scalar_subquery()


def affected(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE changed: the outcome of a compare-and-set."""
    return cast("CursorResult[Any]", result).rowcount
