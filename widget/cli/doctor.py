"""What is in force, and what is wrong."""

import os
from collections.abc import Iterator
from datetime import timedelta

import click
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask.cli import ScriptInfo
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from widget import queue
from widget.cli import folder, migrating
from widget.config import PREFIX, ConfigError, Settings
from widget.db import db
from widget.models import Site
from widget.moderation import ledger
from widget.notify import deliveries
from widget.notify.mail import mail_folder
from widget.queue import Part
from widget.spam import providers

_SECRET = {
    *("secret_key", "secret_key_fallbacks", "owner_password", "smtp_url"),
    *("akismet_key", "rspamd_password", "verdict_secret"),
}
_LATELY = timedelta(days=7)


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Print every setting in force and what is wrong; exits with 1 if anything is."""
    try:
        settings = folder.in_force()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    for name, field in Settings.model_fields.items():
        origin = "" if name in settings.model_fields_set else "  (default)"
        click.echo(f"{PREFIX}{name.upper()}={_shown(name, getattr(settings, name))}{origin}")
        click.echo(f"    {field.description}")
    click.echo()
    for remark in _remarks(settings):
        click.echo(f"• {remark}")
    with context.ensure_object(ScriptInfo).load_app().app_context():
        faults = [
            *_faults_of_settings(settings),
            *_faults_of_parts(settings),
            *_faults_of_providers(settings),
        ]
    for fault in faults:
        click.echo(f"✗ {fault}")
    if not faults:
        click.echo("✓ Nothing is wrong.")
    raise SystemExit(1 if faults else 0)


def _shown(name: str, value: object) -> str:
    if name in _SECRET:
        return "(set)" if value else ""
    if name in {"database_url", "redis_url"} and value:
        try:
            return make_url(str(value)).render_as_string(hide_password=True)
        except ArgumentError:
            return "(not an address)"
    return str(value)


def _remarks(settings: Settings) -> Iterator[str]:
    """What is no fault, but good to know."""
    if folder.decided(settings.data):
        holder = folder.running(settings.data)
        state = f"is running on it (process {holder})" if holder else "is not running on it"
        yield f"{settings.data.resolve()} was made by `widget up`, which {state}."
    if not settings.smtp_url and settings.development:
        yield f"Mail is written to {mail_folder(settings)}, as WIDGET_SMTP_URL is not set."
    for provider in providers.switched_on(settings):
        yield provider.sends


def _faults_of_settings(settings: Settings) -> Iterator[str]:
    if not settings.secret_key:
        yield "WIDGET_SECRET_KEY is not set: nothing that is signed could be trusted."
    if settings.development:
        return
    if not settings.smtp_url:
        yield f"WIDGET_SMTP_URL is not set: nobody gets mail, it goes to {mail_folder(settings)}."
    if settings.public_url.startswith("http://"):
        yield "WIDGET_PUBLIC_URL is not https: moderators’ cookies can be overheard."


def _faults_of_providers(settings: Settings) -> Iterator[str]:
    for provider in providers.switched_on(settings):
        try:
            provider.check(settings.public_url, within=settings.provider_seconds)
        except providers.Unavailable as fault:
            yield f"{provider.title} cannot be asked: {fault.reason}. Comments are held meanwhile."


def _faults_of_parts(settings: Settings) -> Iterator[str]:
    yield from _faults_of_database(settings)
    if not queue.is_up():
        yield "Redis does not answer: comments wait unscreened until it does."
    elif folder.running(settings.data):
        for part in Part:
            if not queue.beats(part, settings.redis_url):
                yield f"The {part} has not told Redis lately that it works; see the log folder."
    if settings.data.exists() and not os.access(settings.data, os.W_OK):
        yield f"The data folder {settings.data} cannot be written to."


def _faults_of_database(settings: Settings) -> Iterator[str]:
    wanted = set(ScriptDirectory(str(migrating.FOLDER)).get_heads())
    try:
        with db.engine.connect() as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
    except SQLAlchemyError as error:
        yield f"The database does not answer ({type(error).__name__})."
        return
    if found != wanted:
        yield "The database is not at this version: run `widget db upgrade`."
        return
    if failed := deliveries.given_up(_LATELY):
        yield f"{failed} messages of the last week were given up; the outbox table says why."
    yield from _told_by_workers(settings)


def _told_by_workers(settings: Settings) -> Iterator[str]:
    """How the providers did that workers have asked."""
    titles = {provider.name: provider.title for provider in providers.switched_on(settings)}
    for state in ledger.notable():
        title, site = titles.get(state.provider), db.session.get_one(Site, state.site_id).key
        if title and state.since:
            since = f"{state.since:%Y-%m-%d %H:%M} UTC"
            yield f"{title} has not answered for the site “{site}” since {since}: {state.reason}."
        if title and state.remark:
            yield f"For the site “{site}”: {state.remark}."
