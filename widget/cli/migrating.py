"""Migrations: `widget db`, as Flask-Migrate has it, for an app that does without otherwise."""

from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate.cli import db as as_it_comes

import widget
from widget.db import db

FOLDER = Path(widget.__file__).parent / "migrations"


def bind(app: Flask) -> None:
    """Let Flask-Migrate work on this app."""
    flask_migrate.Migrate(app, db, directory=str(FOLDER), render_as_batch=True)


def upgrade(app: Flask) -> None:
    """Bring the app's database to this version."""
    bind(app)
    with app.app_context():
        flask_migrate.upgrade()


@click.pass_context
def _begin(context: click.Context, /, **given: Any) -> None:
    bind(context.ensure_object(ScriptInfo).load_app())
    if as_it_comes.callback:
        context.invoke(as_it_comes.callback, **given)


migrations = click.Group(
    "db",
    commands=as_it_comes.commands,
    params=as_it_comes.params,
    callback=_begin,
    help=as_it_comes.help,
)
