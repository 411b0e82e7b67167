"""Sites: add, list, change the house rules."""

import re
from typing import Any
from zoneinfo import available_timezones

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from widget import config
from widget.comments.threading import origin_of
from widget.db import db, writing
from widget.language import LANGUAGES
from widget.models import Hold, Order, Site, Votes
from widget.models.site import MAX_DEPTH, MAX_KEY
from widget.publishing import assets

_KEY = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MAX_KEY - 1}}}")
_MAX_PAGE_SIZE = 200
_MAX_REPORTS = 1_000
_MAX_MINUTES = 60 * 24 * 365
_MAX_DAYS = 36_500


@click.group()
def site() -> None:
    """Add sites and set their rules."""


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
    with writing():
        if db.session.scalar(select(Site).where(Site.key == key)):
            raise click.ClickException(f"There is a site “{key}” already.")
        db.session.add(Site(key=key, name=name, origins=[_origin(origin) for origin in origins]))
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


@site.command("set")
@click.argument("key")
@click.option("--name", help="The site's name.")
@click.option("--origin", "origins", multiple=True, help="Replaces all origins.")
@click.option(
    "--hold",
    type=click.Choice([choice.value for choice in Hold]),
    help="Hold all comments, first ones of a browser, or none.",
)
@click.option("--hold-links", type=click.IntRange(min=0), help="Hold from N links on; 0: never.")
@click.option("--hold-words", type=click.File(), help="A file with words to hold, one a line.")
@click.option("--require-email/--no-require-email", default=None, help="Ask for an e-mail.")
@click.option("--depth", type=click.IntRange(1, MAX_DEPTH), help="Levels of replies.")
@click.option("--page-size", type=click.IntRange(1, _MAX_PAGE_SIZE), help="Threads on a page.")
@click.option("--order", type=click.Choice([choice.value for choice in Order]))
@click.option("--timezone", help="Such as America/New_York.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), help="What readers are told in.")
@click.option(
    "--votes",
    type=click.Choice([choice.value for choice in Votes]),
    help="Readers may vote up, both ways or not at all.",
)
@click.option(
    "--hold-reports",
    type=click.IntRange(0, _MAX_REPORTS),
    help="Hold again what N readers reported; 0: never.",
)
@click.option(
    "--edit-minutes",
    type=click.IntRange(0, _MAX_MINUTES),
    help="How long authors may change or take back their comments; 0: never.",
)
@click.option(
    "--close-after-days",
    type=click.IntRange(0, _MAX_DAYS),
    help="Close a thread N days after its first comment; 0: never.",
)
@click.option("--markdown/--no-markdown", default=None, help="Understand *emphasis* and the like.")
@click.option(
    "--infinite-scroll/--no-infinite-scroll",
    default=None,
    help="Show more while readers scroll, instead of at a link.",
)
@with_appcontext
def set_(key: str, **changes: Any) -> None:
    """Change a site's rules; only what is named changes."""
    with writing():
        row = site_or_fail(key)
        for name, value in _checked(changes).items():
            setattr(row, name, value)
        row.version += 1
        db.session.commit()
    click.echo(f"{row.key} is set.")


def site_or_fail(key: str) -> Site:
    """The site with this key, or one sentence."""
    row = db.session.scalar(select(Site).where(Site.key == key))
    if row is None:
        raise click.ClickException(f"There is no site “{key}”. `widget site list` shows all.")
    return row


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
    known = {name: value for name, value in changes.items() if value not in {None, ()}}
    if origins := known.pop("origins", None):
        known["origins"] = [_origin(origin) for origin in origins]
    if "hold" in known:
        known["hold"] = Hold(known["hold"])
    if "order" in known:
        known["order"] = Order(known["order"])
    if "votes" in known:
        known["votes"] = Votes(known["votes"])
    if words := known.get("hold_words"):
        known["hold_words"] = words.read()
    if "timezone" in known and known["timezone"] not in available_timezones():
        raise click.BadParameter("there is no such time zone", param_hint="--timezone")
    return known


def _origin(value: str) -> str:
    origin = origin_of(value)
    scheme, _, host = origin.partition("://")
    try:  # as browsers name it
        origin = f"{scheme}://{host.encode('idna').decode()}"
    except UnicodeError:
        origin = ""
    if not re.fullmatch(r"https?://[^/\s@]+", origin):
        raise click.BadParameter(
            f"“{value}” should look like https://news.example.org", param_hint="--origin"
        )
    return origin
