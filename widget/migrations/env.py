"""Alembic's entry: runs migrations on the app's own engine."""

from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from widget import models  # noqa: F401 (the metadata must know every table)
from widget.db import Base, db, writing

# On PostgreSQL a migration must not wait long behind others' locks: everyone would wait behind it.
_LOCK_TIMEOUT = "5s"


def let_tables_be_copied(connection: Connection) -> None:
    """SQLite alters a table by copying it, and would not let go of the old one while rows of others
    refer to it.
    """
    # For this connection alone, which nobody gets after us.
    connection.detach()
    # To the driver itself: within a transaction, SQLite does not listen.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys = OFF")


def look_after(ctx: MigrationContext, *_known: object, **_named: object) -> None:
    """Undo a migration after which rows of SQLite refer to what is not there."""
    if ctx.connection is not None and ctx.dialect.name == "sqlite":
        lost = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(10)
        if lost:
            raise RuntimeError(f"rows refer to what is not there (table, row, …): {lost}")


def run() -> None:
    """Upgrade or compare, in one transaction for each migration."""
    with writing(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
            connection.commit()
        else:
            let_tables_be_copied(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            on_version_apply=look_after,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
