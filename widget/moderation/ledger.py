"""How providers do, kept in the database: all workers leave alone whoever does not answer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from widget.db import db, reading, writing
from widget.models import ProviderState
from widget.spam.providers import Condition


@dataclass(frozen=True)
class Ledger:
    """Each entry is a transaction of its own, which `end` ends: nobody waits while we are asking.

    It commits; so no transaction may be open when a provider is asked.
    """

    end: Callable[[], None]

    def load(self, site_id: int, provider: str) -> Condition:
        """A provider's condition; the default one where none was kept."""
        with reading():
            row = db.session.execute(
                select(
                    ProviderState.failures,
                    ProviderState.since,
                    ProviderState.until,
                    ProviderState.reason,
                    ProviderState.remark,
                ).where(ProviderState.site_id == site_id, ProviderState.provider == provider)
            ).one_or_none()
            self.end()
        return Condition(**row._mapping) if row else Condition()  # noqa: SLF001 (its public name)

    def keep(self, site_id: int, provider: str, condition: Condition) -> None:
        """Keep it, in one statement: two workers may come with the same news."""
        insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
        known = asdict(condition)
        with writing():
            db.session.execute(
                insert(ProviderState)
                .values(site_id=site_id, provider=provider, **known)
                .on_conflict_do_update(index_elements=["site_id", "provider"], set_=known)
            )
            self.end()


def notable() -> list[ProviderState]:
    """Which providers fail just now, and which want something to be told, on all sites."""
    return list(
        db.session.scalars(
            select(ProviderState)
            .where((ProviderState.failures > 0) | (ProviderState.remark != ""))
            .order_by(ProviderState.provider, ProviderState.site_id)
        )
    )
