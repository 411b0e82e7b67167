"""A site's own words: what its readers see instead of ours, in each language."""

import io
import re
import unicodedata
from collections.abc import Mapping
from typing import BinaryIO

import click
from babel.messages import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po
from flask.cli import with_appcontext

from widget import language
from widget.cli.finding import site_or_fail
from widget.db import db, writing
from widget.models import Site

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plurals}\\n"

"""
_ENOUGH = 200  # by so many numbers, every plural form shows itself
_lang = click.option(
    "--language",
    "lang",
    type=click.Choice(list(language.LANGUAGES)),
    help="In which language; the site's own without it.",
)


@click.group()
def words() -> None:
    """See and replace the words that a site's readers see."""


@words.command("list")
@click.argument("key")
@click.option("--own", is_flag=True, help="Only the words that are the site's own.")
@_lang
@with_appcontext
def list_(key: str, lang: str | None, *, own: bool) -> None:
    """Every message in English, what readers see of it, and whether that is the site's own."""
    site = site_or_fail(key)
    spoken = lang or site.language
    replaced = site.words.get(spoken, {})
    for message in messages(language.catalogue(spoken)).values():
        ours = forms(message.string) if spoken != language.SOURCE else forms(message.id)
        theirs = replaced.get(first(message))
        if theirs or not own:
            seen = " | ".join(forms(theirs) if theirs else ours)
            whose = ("own",) if theirs else ()
            click.echo("\t".join((" | ".join(forms(message.id)), seen, *whose)))


@words.command("set")
@click.argument("key")
@click.argument("message")
@click.argument("said", metavar="WORDS...", nargs=-1, required=True)
@_lang
@with_appcontext
def set_(key: str, message: str, said: tuple[str, ...], lang: str | None) -> None:
    """Say WORDS where MESSAGE is said; for a number of things, WORDS for each plural form."""
    with writing():
        site = site_or_fail(key)
        spoken = lang or site.language
        meant = _meant(message, spoken)
        if faults := wrong(meant, said, spoken):
            raise click.ClickException(" ".join(faults))
        kept = list(said) if meant.pluralizable else said[0]
        _keep(site, spoken, {**site.words.get(spoken, {}), first(meant): kept})
    click.echo(f"Readers of {key} now see: {' | '.join(said)}")


@words.command()
@click.argument("key")
@click.argument("message")
@_lang
@with_appcontext
def unset(key: str, message: str, lang: str | None) -> None:
    """Say MESSAGE in our words again."""
    with writing():
        site = site_or_fail(key)
        spoken = lang or site.language
        left = dict(site.words.get(spoken, {}))
        # Not _meant(): a message that is no more can be cleared away, too.
        if (
            left.pop(message, None) is None
            and left.pop(first(_meant(message, spoken)), None) is None
        ):
            raise click.ClickException(f"{key} has no words of its own for “{message}”.")
        _keep(site, spoken, left)
    click.echo(f"Readers of {key} see our words for “{message}” again.")


@words.command("export")
@click.argument("key")
@click.argument("file", type=click.File("wb"))
@_lang
@with_appcontext
def export_(key: str, file: BinaryIO, lang: str | None) -> None:
    """Write a .po file with all messages and the site's own words for them; `-` prints it."""
    site = site_or_fail(key)
    spoken = lang or site.language
    catalogue = language.catalogue(spoken)
    header = _HEADER.format(language=spoken, plurals=catalogue.plural_forms)
    replaced = site.words.get(spoken, {})
    for message in messages(catalogue).values():
        own = replaced.get(first(message), "")
        # Beside each message, what we say; in the source language, that is the message itself.
        message.auto_comments = [f"Ours: {form}" for form in forms(message.string) if form]
        message.string = tuple(own) if isinstance(own, list) else own
    text = io.BytesIO()
    write_po(text, catalogue, width=100, omit_header=True, no_location=True, sort_output=True)
    file.write(header.encode() + text.getvalue())


@words.command("import")
@click.argument("key")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def import_(key: str, file: BinaryIO) -> None:
    """Take a site's own words in one language from a .po file, and no others in that language."""
    try:
        catalogue = read_po(file, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise click.ClickException(f"This is no .po file: {error}.") from error
    spoken = language.known(str(catalogue.locale_identifier or ""))
    if not spoken:
        raise click.ClickException(
            "The file's header does not say “Language:”, or not one of ours."
        )
    taken: dict[str, str | list[str]] = {}
    faults = []
    known = messages(language.catalogue(spoken))
    for message in catalogue:
        said = forms(message.string)
        if not message.id or not any(said):
            continue
        if first(message) not in known:
            faults.append(f"No reader is ever told “{first(message)}”.")
        faults += wrong(known.get(first(message), message), said, spoken)
        taken[first(message)] = list(said) if message.pluralizable else said[0]
    if faults:
        raise click.ClickException("\n".join([*faults, "Nothing was changed."]))
    with writing():
        _keep(site_or_fail(key), spoken, taken)
    click.echo(f"{key} has {len(taken)} messages of its own in {language.LANGUAGES[spoken]}.")


def messages(catalogue: Catalog) -> dict[str, Message]:
    """All messages, by what they are called: their English, in the singular."""
    return {first(message): message for message in catalogue if message.id}


def first(message: Message) -> str:
    """What a message is called."""
    return forms(message.id)[0]


def forms(said: object) -> tuple[str, ...]:
    """The plural forms of a message; most have but one."""
    return tuple(said) if isinstance(said, list | tuple) else (str(said),)


def wrong(message: Message, said: tuple[str, ...], spoken: str) -> list[str]:
    """What is wrong with the words for a message, each in a sentence."""
    name, number = first(message), language.plural(spoken)
    names = [number(count) for count in range(_ENOUGH)]
    needed = max(names) + 1 if message.pluralizable else 1
    if len(said) != needed:
        return [f"“{name}” needs {needed} in this language, one for each plural form."]
    faults = []
    must = set(_PLACEHOLDER.findall(forms(message.id)[-1]))
    for index, form in enumerate(said):
        if not form.strip() or any(unicodedata.category(letter) == "Cc" for letter in form):
            faults.append(f"“{name}” needs words, on one line.")
        if "%" in _PLACEHOLDER.sub("", form):
            faults.append(f"“{form}”: a % can only stand in %(…)s.")
        # “One comment” need not name its number; a form for many numbers must.
        free = {"num"} if message.pluralizable and names.count(index) == 1 else set()
        found = set(_PLACEHOLDER.findall(form))
        faults += [f"“{form}” lacks %({one})s." for one in sorted(must - found - free)]
        faults += [f"“{form}”: there is no %({one})s here." for one in sorted(found - must)]
    return faults


def _meant(message: str, spoken: str) -> Message:
    """The message that someone names by its English, in the singular or the plural."""
    for known in messages(language.catalogue(spoken)).values():
        if message in forms(known.id):
            return known
    raise click.ClickException(
        f"No reader is ever told “{message}”. `widget site words list` shows all messages."
    )


def _keep(site: Site, spoken: str, own: Mapping[str, str | list[str]]) -> None:
    others = {tag: theirs for tag, theirs in site.words.items() if tag != spoken}
    site.words = others | ({spoken: dict(own)} if own else {})
    site.version += 1
    db.session.commit()
