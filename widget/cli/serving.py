"""Starting web and worker, as a process manager or a container does."""

import os

import click
from flask.cli import ScriptInfo
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from widget.cli import addresses, folder, logs
from widget.config import ConfigError, Settings

# A request waits for the database, not for the processor: a few threads keep both busy. Granian
# warns about more than twice the processors and one.
_THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
# Seconds that a web process may still answer in after it was told to stop.
_LAST_ANSWERS = 8


@click.command()
def web() -> None:
    """Serve readers and moderators (WIDGET_HOST, WIDGET_PORT, WIDGET_WEB_WORKERS)."""
    settings = load()
    if fault := addresses.fault(settings, "port"):
        raise click.ClickException(fault)
    # The app is made in each worker process: connections must not cross a fork.
    Granian(
        "widget.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        blocking_threads=_THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_LAST_ANSWERS,
        log_level=LogLevels.info,
        log_dictconfig=logs.CONFIG,
    ).serve()


@click.command()
@click.pass_context
def worker(context: click.Context) -> None:
    """Screen comments and send mail."""
    load()
    context.ensure_object(ScriptInfo).data["work"]()


def load() -> Settings:
    """The settings, also for the processes that this one starts; faults end it in words."""
    try:
        settings = folder.in_force()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    if not settings.secret_key:
        raise click.ClickException(
            "WIDGET_SECRET_KEY is not set: without it no token or session could be trusted. "
            "Set it to a long random text, the same for all parts."
        )
    os.environ.update(folder.environment(settings))
    return settings
