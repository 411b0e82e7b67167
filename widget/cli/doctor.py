"""What is in force, and what is wrong."""

import click
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from widget import queue
from widget.cli.serving import load
from widget.config import PREFIX, Settings
from widget.db import db

_SECRET = {"secret_key", "secret_key_fallbacks", "owner_password", "smtp_url"}


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Print every setting in force and what is wrong; exits with 1 if anything is."""
    settings = load()
    for name, field in Settings.model_fields.items():
        click.echo(f"{PREFIX}{name.upper()}={_shown(name, getattr(settings, name))}")
        click.echo(f"    {field.description}")
    faults = _faults(context.ensure_object(ScriptInfo).load_app(), settings)
    for fault in faults:
        click.echo(f"✗ {fault}")
    if not faults:
        click.echo("✓ Everything answers.")
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


def _faults(app: Flask, settings: Settings) -> list[str]:
    faults = []
    if not settings.secret_key:
        faults.append("WIDGET_SECRET_KEY is not set: tokens and sessions end with this process.")
    if not settings.smtp_url:
        faults.append(f"WIDGET_SMTP_URL is not set: mail is written to {settings.data / 'mail'}.")
    if settings.public_url.startswith("http://") and not settings.development:
        faults.append("WIDGET_PUBLIC_URL is not https: moderators' cookies can be overheard.")
    with app.app_context():
        try:
            db.session.execute(text("SELECT count(*) FROM site"))
        except SQLAlchemyError as error:
            faults.append(
                f"The database does not answer ({type(error).__name__}); try `widget db upgrade`."
            )
        if not queue.is_up():
            faults.append("Redis does not answer: comments wait unscreened until it does.")
    return faults
