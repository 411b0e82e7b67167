"""Finding what a command names."""

import click
from sqlalchemy import select

from widget.db import db
from widget.models import Site


def site_or_fail(key: str) -> Site:
    """The site with this key, or one sentence."""
    row = db.session.scalar(select(Site).where(Site.key == key))
    if row is None:
        raise click.ClickException(f"There is no site “{key}”. `widget site list` shows all.")
    return row
