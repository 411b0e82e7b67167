"""Alembic's entry: runs migrations on the app's own engine."""

from alembic import context
from sqlalchemy import text

from widget import models  # noqa: F401 (the metadata must know every table)
from widget.db import Base, db, writing

# On PostgreSQL a migration must not wait long behind others' locks: everyone would wait behind it.
_LOCK_TIMEOUT = "5s"


def run() -> None:
    """Upgrade or compare, in one transaction for each migration."""
    with writing(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            # SQLite alters a table by copying it.
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
