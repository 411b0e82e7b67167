"""How many approved comments each page has."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from widget.db import db
from widget.models import Site, Thread


def counts(site: Site, pages: Sequence[str]) -> dict[str, int]:
    """Approved comments by page identity; 0 for a page where nobody wrote."""
    named = aliased(Thread)
    rows = db.session.execute(
        select(named.page, Thread.approved_count)
        .join(named, Thread.id == func.coalesce(named.leads_to_id, named.id))
        .where(named.site_id == site.id, named.page.in_(pages), Thread.hidden_at.is_(None))
    )
    found = {row.page: row.approved_count for row in rows}
    return {page: found.get(page, 0) for page in pages}
