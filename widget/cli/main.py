"""The `widget` command: all its subcommands, and how its errors are told.

A subcommand is imported when it is used. A health check that runs every minute, and every mistake
in a setting, would otherwise wait two seconds for parts that it does not need.
"""

import os
from collections.abc import Callable
from importlib import import_module

import click
from flask import Flask
from flask.cli import ScriptInfo

from widget.cli import folder, logs
from widget.config import ConfigError

# In the order of the help: a module of this package, and the command in it.
_COMMANDS = {
    "up": ("up", "up"),
    "web": ("serving", "web"),
    "worker": ("serving", "worker"),
    "cron": ("ringing", "cron"),
    "db": ("migrating", "migrations"),
    "site": ("sites", "site"),
    "moderator": ("moderators", "moderator"),
    "import": ("transferring", "import_"),
    "spam": ("spam", "spam"),
    "doctor": ("doctor", "doctor"),
    "alive": ("alive", "alive"),
}


class Commands(click.Group):
    """The group of them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, imported; None for a name that none has."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"widget.cli.{module}"), name)
        return command


def run(*, create_app: Callable[[], Flask], work: Callable[[], None]) -> None:
    """Run the command line. A user's mistake ends in one clear sentence, never in a traceback."""
    logs.of_a_command()

    def make() -> Flask:
        try:
            os.environ.update(folder.environment(folder.in_force()))
            return create_app()
        except ConfigError as error:
            raise click.ClickException(str(error)) from error

    group = Commands(
        "widget",
        help="An embeddable comment system: one script tag puts a discussion under an article.",
    )
    script = ScriptInfo(create_app=make)
    script.data["work"] = work
    try:
        group.main(prog_name="widget", obj=script)
    except Exception as error:  # which of them are told in words is asked only when there is one
        if told := _in_words(error):
            raise SystemExit(f"Error: {told}") from error
        raise


def _in_words(error: Exception) -> str:
    """What a user can do about the database; nothing where it is no matter of that."""
    from sqlalchemy.exc import ArgumentError, DBAPIError  # noqa: PLC0415 (a command may need none)

    if isinstance(error, ArgumentError):
        return f"WIDGET_DATABASE_URL is not an address ({error})."
    if isinstance(error, DBAPIError):
        return (
            f"the database does not answer as it should ({' '.join(str(error.orig).split())}). "
            "Is WIDGET_DATABASE_URL right, and has `widget db upgrade` run?"
        )
    return ""
