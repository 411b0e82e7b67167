"""Brings the catalogues up to date with what the sources say to readers: `make words`.

What was translated stays, what is new waits with empty words, what nobody says any more goes.
Nothing that could change by itself (a date, a line number) is written, so a catalogue differs from
the one before only where its words do.
"""  # noqa: INP001 (a folder of scripts)

import io
import sys
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

WIDGET = Path(__file__).parents[1] / "widget"
CATALOGUES = WIDGET / "translations"
_SAID = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
_OPTIONS = {name: {"trimmed": "true", "silent": "false"} for name, method in _SAID if "/" in name}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_ONE_IS_SPECIAL = "nplurals=2; plural=(n != 1);"
# Spanish and its sisters say “1,000,000 of comments”.
_MILLIONS = "nplurals=3; plural=(%s ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2);"
_SLAVIC = "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2"
# The plural forms of CLDR for whole numbers; Creole nouns do not change.
PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2"
    " : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "de": _ONE_IS_SPECIAL,
    "en": _ONE_IS_SPECIAL,
    "es": _MILLIONS.replace("%s", "n == 1"),
    "fr": _MILLIONS.replace("%s", "n < 2"),
    "he": "nplurals=3; plural=(n==1 ? 0 : n==2 ? 1 : 2);",
    "ht": "nplurals=1; plural=0;",
    "it": _MILLIONS.replace("%s", "n == 1"),
    "ja": "nplurals=1; plural=0;",
    "nl": _ONE_IS_SPECIAL,
    "pl": f"nplurals=3; plural=(n==1 ? 0 : {_SLAVIC});",
    "pt": _MILLIONS.replace("%s", "n < 2"),
    "uk": f"nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : {_SLAVIC});",
    "zh": "nplurals=1; plural=0;",
}
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plurals}\\n"

"""


def said() -> Catalog:
    """All messages of the sources, without translations."""
    found = Catalog()
    for name, _line, message, comments, context in extract_from_dir(
        WIDGET, _SAID, _OPTIONS, _KEYWORDS, ["Translators:"], strip_comment_tags=True
    ):
        found.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return found


def written(language: str, known: str, messages: Catalog) -> str:
    """A catalogue's new text, with the translations of the `known` one."""
    header = _HEADER.format(language=language, plurals=PLURALS[language])
    catalogue = read_po(io.StringIO(known or header), locale=language)
    if str(catalogue.plural_forms) != PLURALS[language]:
        catalogue = read_po(io.StringIO(header), locale=language)
    catalogue.update(messages, no_fuzzy_matching=True)
    text = io.BytesIO()
    write_po(
        text,
        catalogue,
        width=100,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    return header + text.getvalue().decode().lstrip("\n")


def main() -> None:
    """Write every catalogue anew; say what each lacks."""
    messages = said()
    for language in PLURALS:
        file = CATALOGUES / f"{language}.po"
        text = written(language, file.read_text() if file.exists() else "", messages)
        file.write_text(text)
        missing = [
            message.id
            for message in read_po(io.StringIO(text), locale=language)
            if message.id and not _is_translated(message)
        ]
        if missing and language != "en":
            sys.stdout.write(f"{file.name}: {len(missing)} of {len(messages)} to be translated\n")


def _is_translated(message: Message) -> bool:
    said = message.string
    return all(said) if isinstance(said, tuple) else bool(said)


if __name__ == "__main__":
    main()
