"""Sites: add, list, change the house rules."""

import re
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from widget import config
from widget.cli import words
from widget.cli.finding import site_or_fail
from widget.db import db, writing
from widget.models import Site
from widget.models.site import MAX_KEY
from widget.moderation import settings
from widget.moderation.kinds import Choice, Language, Listing, Number, Origins, Switch, Unfit
from widget.moderation.settings import SETTINGS, Setting
from widget.publishing import assets

_KEY = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_KEY - 1}}}")


@click.group()
def site() -> None:
    """Add sites and set their rules."""


site.add_command(words.words)


@site.command()
@click.argument("key")
@click.option("--name", required=True, help="The site's name, as readers know it.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    required=True,
    help="Where its pages live, such as https://news.example.org. May be given again.",
)
@with_appcontext
def add(key: str, name: str, origins: tuple[str, ...]) -> None:
    """Add a site. KEY is its public name in the script tag, such as norwalk-news."""
    if not _KEY.fullmatch(key):
        raise click.BadParameter("use small letters, digits and hyphens", param_hint="KEY")
    where = _value(SETTINGS["origins"], origins)
    with writing():
        if db.session.scalar(select(Site).where(Site.key == key)):
            raise click.ClickException(f"There is a site “{key}” already.")
        db.session.add(Site(key=key, name=name, origins=where))
        db.session.commit()
    click.echo(f"Added {key}. Its tag:")
    click.echo(snippet(key))
    click.echo(f"Who moderates it: widget moderator add EMAIL --site {key} --role owner")


@site.command("list")
@with_appcontext
def list_() -> None:
    """Every site and its origins."""
    for row in db.session.scalars(select(Site).order_by(Site.key)):
        click.echo(f"{row.key}\t{row.name}\t{' '.join(row.origins)}")


@site.command()
@click.argument("key")
@click.option("--pinned", is_flag=True, help="For exactly this version of the script.")
@with_appcontext
def tag(key: str, *, pinned: bool) -> None:
    """The tag that a publisher pastes."""
    click.echo(snippet(site_or_fail(key).key, pinned=pinned))


def _option(setting: Setting) -> click.Option:
    """A setting as an option: named like its column, in the shell's way."""
    name, kind = setting.name, setting.kind
    flag = f"--{name.replace('_', '-')}"
    said = f"{setting.label}. {setting.hint}".rstrip()
    match kind:
        case Switch():
            flags = f"{flag}/--no-{flag.removeprefix('--')}"
            return click.Option([flags], default=None, help=said)
        case Choice() | Language():
            return click.Option([flag], type=click.Choice(list(kind.words)), help=said)
        case Number():
            said = f"{setting.label} N {kind.unit}. {setting.hint}".rstrip()
            return click.Option([flag], type=click.IntRange(kind.low, kind.high), help=said)
        case Listing():
            return click.Option([flag], type=click.File(), help=f"A file. {said}")
        case Origins():
            said = "Where its pages live; replaces all. May be given again."
            return click.Option(["--origin", "origins"], multiple=True, help=said)
        case _:
            return click.Option([flag], help=said)


@site.command("set", params=[*map(_option, SETTINGS.values())])
@click.argument("key")
@with_appcontext
def set_(key: str, **changes: Any) -> None:
    """Change a site's rules; only what is named changes."""
    with writing():
        row = site_or_fail(key)
        settings.change(row, _checked(changes), moderator=None)
        db.session.commit()
    click.echo(f"{row.key} is set.")


def snippet(key: str, *, pinned: bool = False) -> str:
    """The tag that a publisher pastes; a pinned one loads this version of the script or none."""
    source = f"{config.current().public_url}/embed.js"
    script = assets.read("embed.js") if pinned else None
    if script is None:
        return f'<script async src="{source}" data-site="{key}"></script>'
    return (
        f'<script async src="{source}?v={script.version}" integrity="{script.integrity}"'
        f' crossorigin="anonymous" data-site="{key}"></script>'
    )


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    """The values of what was named. All that cannot be is refused before anything changes."""
    known = {name: value for name, value in changes.items() if value not in {None, ()}}
    return {name: _value(SETTINGS[name], given) for name, given in known.items()}


def _value(setting: Setting, given: Any) -> Any:
    match setting.kind:
        case Switch() | Number():
            return given
        case Listing():
            typed = given.read()
        case Origins():
            typed = "\n".join(given)
        case _:
            typed = given
    try:
        return setting.kind.read(typed)
    except Unfit as error:
        option = "--origin" if setting.name == "origins" else f"--{setting.name.replace('_', '-')}"
        raise click.BadParameter(str(error), param_hint=option) from error
