"""Starting what rings for regular work."""

import click
from flask.cli import with_appcontext

from widget import jobs, queue
from widget.cli import logs


@click.command()
@with_appcontext
def cron() -> None:
    """Ring for regular work: the sweep that repairs what a lost bell left behind."""
    logs.of_a_service()
    queue.run_cron(jobs.cron_table())
