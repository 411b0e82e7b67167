"""The `widget` command: all its subcommands, and how its errors are told."""

import logging
from collections.abc import Callable

import click
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate.cli import db as migrations
from sqlalchemy.exc import OperationalError, ProgrammingError

from widget.cli import doctor, moderators, serving, sites, transferring, up
from widget.config import ConfigError

_COMMANDS: tuple[click.Command, ...] = (
    up.up,
    serving.web,
    serving.cron,
    migrations,
    sites.site,
    moderators.moderator,
    transferring.import_,
    doctor.doctor,
)


def run(*, create_app: Callable[[], Flask], work: Callable[[], None]) -> None:
    """Run the command line. A user's mistake ends in one clear sentence, never in a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")

    def make() -> Flask:
        try:
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
    except (OperationalError, ProgrammingError) as error:
        raise SystemExit(
            f"Error: the database does not answer as it should ({error.orig}).\n"
            "Is WIDGET_DATABASE_URL right, and has `widget db upgrade` run?"
        ) from error
