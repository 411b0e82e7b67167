"""Which version is a thread at? Asked before every read, so with as little machinery as there is.

A kept fragment is only as good as this answer: it comes from the database each time, so that a
decision shows to the very next reader of any process. The ORM takes forty times as long for it as
SQLite itself, so here is one prepared statement on connections of our own, each in autocommit: a
snapshot that outlived its question would hide what others commit.
"""

import sqlite3
from collections import deque
from typing import Any, NamedTuple, Protocol

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.exc import SQLAlchemyError

_QUERY = (
    "SELECT site.version, thread.id, thread.version FROM site"
    " LEFT JOIN thread named ON named.site_id = site.id AND named.page = $1"
    " LEFT JOIN thread ON thread.id = COALESCE(named.leads_to_id, named.id)"
    " AND thread.hidden_at IS NULL WHERE site.key = $2"
)
_NAME = b"versions"


class Versions(NamedTuple):
    """What a fragment depends on; no thread where nobody has written yet."""

    site: int
    thread_id: int | None = None
    thread: int | None = None


class Away(Exception):
    """The database does not answer."""


class _Asker(Protocol):
    """One connection."""

    def ask(self, page: str, site_key: str) -> tuple[Any, Any, Any] | None: ...

    def close(self) -> None: ...


class Probe:
    """Asks for versions, from any number of threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[_Asker] = deque()
        event.listen(engine, "engine_disposed", self._close)

    def versions(self, site_key: str, page: str) -> Versions | None:
        """The versions as they are now; None where there is no such site. Raises Away."""
        if "\0" in page or "\0" in site_key:
            return None  # the end of a text to PostgreSQL's protocol, and never part of a name
        try:
            try:
                found = self._ask(site_key, page)
            except (sqlite3.Error, psycopg.Error):
                # Most likely the server was restarted; then all idle connections are dead.
                self._close()
                found = self._ask(site_key, page)
        except (sqlite3.Error, psycopg.Error, SQLAlchemyError) as error:
            raise Away from error
        return Versions(*found) if found else None

    def _ask(self, site_key: str, page: str) -> tuple[Any, Any, Any] | None:
        try:
            asker = self._idle.pop()
        except IndexError:
            asker = self._connect()
        try:
            found = asker.ask(page, site_key)
        except BaseException:  # whatever it was: nobody knows what this connection would say next
            asker.close()
            raise
        self._idle.append(asker)
        return found

    def _connect(self) -> _Asker:
        connection = self._engine.raw_connection()
        # The pool's own care (a ping before, a rollback behind) costs more than the question.
        connection.detach()
        return (_Sqlite if self._engine.dialect.name == "sqlite" else _Postgres)(connection)

    def _close(self, _engine: Engine | None = None) -> None:
        while self._idle:
            self._idle.pop().close()


class _Sqlite:
    def __init__(self, connection: PoolProxiedConnection) -> None:
        self.close = connection.close
        self._execute = connection.dbapi_connection.execute  # type: ignore[union-attr]
        self._query = _QUERY.replace("$1", "?").replace("$2", "?")

    def ask(self, page: str, site_key: str) -> tuple[Any, Any, Any] | None:
        # All rows, though there is one: a statement that is not read to its end keeps its snapshot.
        rows: list[tuple[Any, Any, Any]] = self._execute(self._query, (page, site_key)).fetchall()
        return rows[0] if rows else None


class _Postgres:
    def __init__(self, connection: PoolProxiedConnection) -> None:
        self.close = connection.close
        driver: psycopg.Connection[Any] = connection.dbapi_connection  # type: ignore[assignment]
        driver.autocommit = True
        self._server = driver.pgconn
        _checked(self._server.prepare(_NAME, _QUERY.encode()), ExecStatus.COMMAND_OK)

    def ask(self, page: str, site_key: str) -> tuple[Any, Any, Any] | None:
        # psycopg's cursors take three times the processor time of the libpq call below them.
        values = [page.encode(), site_key.encode()]
        result = _checked(self._server.exec_prepared(_NAME, values), ExecStatus.TUPLES_OK)
        if not result.ntuples:
            return None
        version, thread_id, thread = (result.get_value(0, column) for column in range(3))
        return _number(version), _number(thread_id), _number(thread)


def _checked(result: psycopg.pq.abc.PGresult, wanted: ExecStatus) -> psycopg.pq.abc.PGresult:
    if result.status != wanted:
        raise psycopg.OperationalError(result.get_error_message())
    return result


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(value)
