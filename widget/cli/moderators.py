"""Moderators: add, list, a new password."""

import secrets

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from widget import config
from widget.cli.sites import site_or_fail
from widget.db import db, writing
from widget.models import Membership, Moderator, Role
from widget.moderation import people


@click.group()
def moderator() -> None:
    """Add moderators, see who there is, give a new password."""


@moderator.command()
@click.argument("email")
@click.option("--site", "site_key", required=True, help="The site's key.")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.moderator.value
)
@click.option("--name", default="", help="Shown in the log of decisions.")
@click.option("--password", help="Made and shown once if it is not given.")
@with_appcontext
def add(email: str, site_key: str, role: str, name: str, password: str | None) -> None:
    """Give someone a place at a site."""
    _require_key()
    made = password or secrets.token_urlsafe(12)
    with writing():
        site = site_or_fail(site_key)
        try:
            _row, is_new = people.add(site, email=email, password=made, role=Role(role), name=name)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        db.session.commit()
    click.echo(f"{email} is {role} of {site.key}.")
    if is_new and not password:
        click.echo(f"Password (shown only now): {made}")


@moderator.command()
@click.argument("email")
@with_appcontext
def password(email: str) -> None:
    """Make a new password for EMAIL and show it; whoever is signed in there is signed out."""
    _require_key()
    made = secrets.token_urlsafe(12)
    with writing():
        row = db.session.scalar(select(Moderator).where(Moderator.email == email.lower()))
        if row is None:
            raise click.ClickException(
                f"There is no moderator “{email}”. `widget moderator list` shows all."
            )
        people.set_password(row, made)
        db.session.commit()
    click.echo(f"New password of {row.email} (shown only now): {made}")


@moderator.command("list")
@with_appcontext
def list_() -> None:
    """Everyone, and their role at each site."""
    rows = db.session.scalars(
        select(Membership).options(joinedload(Membership.moderator), joinedload(Membership.site))
    )
    for row in rows:
        click.echo(f"{row.moderator.email}\t{row.site.key}\t{row.role.value}")


def _require_key() -> None:
    # Passwords are hashed with it: under another key nobody could sign in.
    if not config.current().secret_key:
        raise click.ClickException("WIDGET_SECRET_KEY is not set; the running service has it.")
