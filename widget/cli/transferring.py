"""Bringing comments in."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import IntegrityError

from widget.cli.finding import site_or_fail
from widget.db import db, writing
from widget.transfer import IMPORTERS, Importer, Intake, Unreadable


@click.command("import")
@click.argument("system")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", "site_key", required=True, help="The site's key.")
@click.option("--dry-run", is_flag=True, help="Report what would come in, and write nothing.")
@click.option("--with-spam", is_flag=True, help="Bring in what was marked as spam, as spam.")
@click.option(
    "--with-protected",
    is_flag=True,
    help="Show threads of pages that not everyone could see (password, private, draft).",
)
@with_appcontext
def import_(
    system: str, file: Path, site_key: str, *, dry_run: bool, with_spam: bool, with_protected: bool
) -> None:
    """Import comments: `widget import wordpress export.xml --site norwalk-news`.

    What is here already stays as it is, so running it twice changes nothing.
    """
    importer = IMPORTERS.get(system)
    if importer is None:
        known = ", ".join(sorted(IMPORTERS))
        raise click.ClickException(
            f"There is no importer for “{system}”; there is one for: {known}."
        )
    site = site_or_fail(site_key)
    intake = Intake(
        site=site,
        source=system,
        system=importer.NAME,
        is_rehearsal=dry_run,
        with_spam=with_spam,
        with_protected=with_protected,
    )
    db.session.rollback()  # checking a large file takes a while
    try:
        found = _check(importer, file)
        if found:
            _bring_in(importer, file, intake)
    except IntegrityError as error:
        raise click.ClickException(
            "Another import of the same comments is under way: run this again when it has ended."
        ) from error
    except Unreadable as error:
        raise click.ClickException(f"{error} Nothing was imported.") from error
    click.echo(f"{importer.NAME}, {file.name}, for {site_key}:")
    click.echo("\n".join(intake.report.lines()) if found else "There are no comments in it.")
    if dry_run:
        click.echo("Nothing was written.")


def _check(importer: Importer, file: Path) -> int:
    """Count the comments of the whole file: a malformed one is refused before any is written."""
    with _progress("Checking", file) as progress:
        return sum(len(page.contributions) for page in importer.read(file, Counter(), progress))


def _bring_in(importer: Importer, file: Path, intake: Intake) -> None:
    with (
        nullcontext() if intake.is_rehearsal else writing(),
        _progress("Importing", file) as progress,
    ):
        for page in importer.read(file, intake.report.repaired, progress):
            for _ in intake.take(page):
                _keep(intake)
        _keep(intake)


def _keep(intake: Intake) -> None:
    if intake.is_rehearsal:
        db.session.rollback()
    else:
        db.session.commit()


@contextmanager
def _progress(label: str, file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal, if there is one, that counts the bytes read."""
    size = file.stat().st_size if file.is_file() else 0
    with click.progressbar(
        length=size, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        yield bar.update
