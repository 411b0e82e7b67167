"""Starting the parts one by one, as a process manager or a container does."""

import os
import sys
from collections.abc import Callable

import click
from flask.cli import with_appcontext

from widget import config, jobs, queue
from widget.config import ConfigError

# A request waits for the database, not for the processor: a few threads keep both busy.
_THREADS = 8


@click.command()
def web() -> None:
    """Serve readers and moderators (WIDGET_HOST, WIDGET_PORT, WIDGET_WEB_WORKERS)."""
    settings = load()
    os.execv(  # noqa: S606 (our own interpreter, no shell)
        sys.executable,
        [
            sys.executable,
            *("-m", "granian", "--interface", "wsgi", "--factory", "widget.app:create_app"),
            *("--host", settings.host, "--port", str(settings.port)),
            *("--workers", str(settings.web_workers), "--blocking-threads", str(_THREADS)),
            *("--log-level", "warning", "--respawn-failed-workers", "--no-ws"),
        ],
    )


@click.command()
@with_appcontext
def cron() -> None:
    """Ring for regular work: the sweep that repairs what a lost bell left behind."""
    queue.run_cron(jobs.cron_table())


def worker_command(work: Callable[[], None]) -> click.Command:
    """`widget worker`; what it runs is built above this layer."""

    @click.command("worker")
    def worker() -> None:
        """Screen comments and send mail."""
        load()
        work()

    return worker


def load() -> config.Settings:
    """The settings; faults end the command in words."""
    try:
        return config.load()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
