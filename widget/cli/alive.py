"""The health check of a part that speaks no HTTP."""

import click

from widget import queue
from widget.cli import folder
from widget.config import ConfigError
from widget.queue import Part


@click.command()
@click.argument("part", type=click.Choice([part.value for part in Part]))
def alive(part: str) -> None:
    """Exit with 0 if PART of this host told Redis lately that it works."""
    try:
        settings = folder.in_force()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    if not queue.beats(Part(part), settings.redis_url):
        raise click.ClickException(f"No {part} of this host has told Redis lately that it works.")
