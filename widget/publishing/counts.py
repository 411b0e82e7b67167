"""How many approved comments each page has."""

from collections.abc import Sequence

from sqlalchemy import select

from widget.db import db
from widget.models import Site, Thread


def counts(site: Site, pages: Sequence[str]) -> dict[str, int]:
    """Approved comments by page identity; 0 for a page where nobody wrote."""
    rows = db.session.execute(
        select(Thread.page, Thread.approved_count).where(
            Thread.site_id == site.id, Thread.page.in_(pages), Thread.hidden_at.is_(None)
        )
    )
    found = {row.page: row.approved_count for row in rows}
    return {page: found.get(page, 0) for page in pages}
