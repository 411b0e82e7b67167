"""Moderators: add, remove, list; a new password, a lost phone."""

import secrets

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from widget import config
from widget.cli.finding import site_or_fail
from widget.db import db, writing
from widget.models import Membership, Moderator, Role
from widget.moderation import log, people


@click.group()
def moderator() -> None:
    """Add and remove moderators, see who there is, help whoever cannot sign in."""


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
            known = people.find(email)
            place = people.place_at(site.id, known) if known else None
            account, is_new = people.add(
                site, email=email, password=made, role=Role(role), name=name
            )
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        if place is None:
            log.write(site.id, None, "person added", people.called(account), after={"role": role})
        db.session.commit()
    click.echo(f"{email} is {role} of {site.key}.")
    if is_new and not password:
        click.echo(f"Password (shown only now): {made}")


@moderator.command()
@click.argument("email")
@click.option("--site", "site_key", required=True, help="The site's key.")
@with_appcontext
def remove(email: str, site_key: str) -> None:
    """Take EMAIL's place at a site away; the account stays."""
    with writing():
        site = site_or_fail(site_key)
        account = _account_or_fail(email)
        place = people.place_at(site.id, account)
        if place is None:
            raise click.ClickException(f"{account.email} has no place at {site.key}.")
        try:
            people.remove(place, None)
        except people.LastOwner as error:
            raise click.ClickException(str(error)) from error
        db.session.commit()
    click.echo(f"{email} has no place at {site_key} any more.")


@moderator.command()
@click.argument("email")
@with_appcontext
def password(email: str) -> None:
    """Make a new password for EMAIL and show it; whoever is signed in there is signed out."""
    _require_key()
    made = secrets.token_urlsafe(12)
    with writing():
        row = _account_or_fail(email)
        people.set_password(row, made)
        db.session.commit()
    click.echo(f"New password of {row.email} (shown only now): {made}")


@moderator.command("reset-second-factor")
@click.argument("email")
@with_appcontext
def reset_second_factor(email: str) -> None:
    """For a lost phone: only the password of EMAIL counts again; all its browsers sign in anew."""
    with writing():
        row = _account_or_fail(email)
        people.reset_second_factor(row)
        db.session.commit()
    click.echo(f"{row.email} signs in with the password alone; passkeys and codes are gone.")


@moderator.command("list")
@with_appcontext
def list_() -> None:
    """Everyone, and their role at each site."""
    rows = db.session.scalars(
        select(Membership).options(joinedload(Membership.moderator), joinedload(Membership.site))
    )
    for row in rows:
        click.echo(f"{row.moderator.email}\t{row.site.key}\t{row.role.value}")


def _account_or_fail(email: str) -> Moderator:
    row = people.find(email)
    if row is None:
        raise click.ClickException(
            f"There is no moderator “{email}”. `widget moderator list` shows all."
        )
    return row


def _require_key() -> None:
    # Passwords are hashed with it: under another key nobody could sign in.
    if not config.current().secret_key:
        raise click.ClickException("WIDGET_SECRET_KEY is not set; the running service has it.")
