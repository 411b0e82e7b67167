"""`widget up`."""

import click


@click.command()
def up() -> None:
    """All parts in one process tree, on embedded defaults."""
    raise click.ClickException("not yet")
