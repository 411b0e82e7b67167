"""The health check of a part that speaks no HTTP."""

import click
from flask.cli import with_appcontext

from widget import queue
from widget.queue import Part


@click.command()
@click.argument("part", type=click.Choice([part.value for part in Part]))
@with_appcontext
def alive(part: str) -> None:
    """Exit with 0 if PART of this host told Redis lately that it works."""
    if not queue.beats(Part(part)):
        raise click.ClickException(f"No {part} of this host has told Redis lately that it works.")
