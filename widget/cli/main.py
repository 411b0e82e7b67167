"""The `widget` command: all its subcommands, and how its errors are told."""

import os
from collections.abc import Callable

import click
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate.cli import db as migrations
from sqlalchemy.exc import ArgumentError, DBAPIError

from widget.cli import (
    alive,
    doctor,
    folder,
    logs,
    moderators,
    serving,
    sites,
    transferring,
    up,
    words,
)
from widget.config import ConfigError

sites.site.add_command(words.words)
_COMMANDS: tuple[click.Command, ...] = (
    up.up,
    serving.web,
    serving.cron,
    migrations,
    sites.site,
    moderators.moderator,
    transferring.import_,
    doctor.doctor,
    alive.alive,
)


def run(*, create_app: Callable[[], Flask], work: Callable[[], None]) -> None:
    """Run the command line. A user's mistake ends in one clear sentence, never in a traceback."""
    logs.of_a_command()

    def make() -> Flask:
        try:
            os.environ.update(folder.environment(folder.in_force()))
            return create_app()
        except ConfigError as error:
            raise click.ClickException(str(error)) from error

    group = click.Group(
        "widget",
        help="An embeddable comment system: one script tag puts a discussion under an article.",
        commands=[*_COMMANDS, serving.worker_command(work)],
    )
    try:
        group.main(prog_name="widget", obj=ScriptInfo(create_app=make))
    except DBAPIError as error:
        why = " ".join(str(error.orig).split())
        raise SystemExit(
            f"Error: the database does not answer as it should ({why}). "
            "Is WIDGET_DATABASE_URL right, and has `widget db upgrade` run?"
        ) from error
    except ArgumentError as error:
        raise SystemExit(f"Error: WIDGET_DATABASE_URL is not an address ({error}).") from error
