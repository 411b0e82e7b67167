"""Bringing comments in."""

import click


@click.command("import")
def import_() -> None:
    """Import comments."""
    raise click.ClickException("nothing can be imported yet")
