"""The words readers see, in their language: Babel catalogues, and what a publisher says instead.

The words of a fragment depend on the site and the view alone, so a language is spoken within a
block (`speaking`), never taken from whoever asks. Catalogues are read as they are, without a
compiled copy that could be forgotten.
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

CATALOGUES = Path(__file__).parent / "translations"
# A site's own words, by language: for an English message ours to be replaced, or all its plurals.
SiteWords = Mapping[str, Mapping[str, str | list[str]]]
SOURCE = "en"
# By their own names, as a reader would look for them.
LANGUAGES = {
    "en": "English",
    "ar": "العربية",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "he": "עברית",
    "ht": "Kreyòl ayisyen",
    "it": "Italiano",
    "ja": "日本語",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "uk": "Українська",
    "zh": "中文",
}


@dataclass(frozen=True)
class Voice:
    """A language, and a site's own words in it by the English ones that they replace."""

    language: str = SOURCE
    words: Mapping[str, str | list[str]] = field(default_factory=dict)


_voice: ContextVar[Voice | None] = ContextVar("voice", default=None)


@contextmanager
def speaking(language: str, words: SiteWords | None = None) -> Iterator[None]:
    """Say everything in this block in a language, with a site's own words."""
    token = _voice.set(_voice_for(language, words))
    try:
        yield
    finally:
        _voice.reset(token)


def speak(language: str, words: SiteWords | None = None) -> None:
    """The same until the request ends."""
    _voice.set(_voice_for(language, words))


def _voice_for(language: str, words: SiteWords | None) -> Voice:
    spoken = known(language) or SOURCE
    return Voice(spoken, (words or {}).get(spoken, {}))


def voice() -> Voice:
    """What is spoken now; English, until someone said otherwise."""
    return _voice.get() or Voice()


@lru_cache(maxsize=256)
def known(tag: str) -> str:
    """The language of ours that a tag such as `pt-BR` names; nothing if there is none."""
    tag = tag.strip().replace("_", "-").lower()[:35]
    return negotiate_locale([tag, tag.partition("-")[0]], list(LANGUAGES), sep="-") or ""


def locale() -> Locale:
    """For dates and numbers."""
    return _locale(voice().language)


_locale = lru_cache(maxsize=len(LANGUAGES))(Locale.parse)


def direction() -> str:
    """`ltr` or `rtl`, for `dir`."""
    return locale().text_direction


def number(value: int) -> str:
    """A number as it is written in the language that is spoken: 1,234."""
    return _number(value, voice().language)


@lru_cache(maxsize=4096)
def _number(value: int, spoken: str) -> str:
    return format_decimal(value, locale=_locale(spoken))


def gettext(message: str, /, **values: Any) -> str:
    """A message in the language that is spoken, with `%(name)s` filled in; numbers as it does."""
    return _filled(phrase(message), values)


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for it)
    """A message to be said later: marks it for the catalogues."""
    return message


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """The form of a message that goes with a number, which it may name as `%(num)s`."""
    return _filled(phrase_for(one, many, count), values)


def _filled(text: str, values: Mapping[str, Any]) -> str:
    said = {name: number(it) if isinstance(it, int) else it for name, it in values.items()}
    return text % said if said else text


def phrase(message: str) -> str:
    """A message with its placeholders as they are."""
    spoken = voice()
    own = spoken.words.get(message)
    return own if isinstance(own, str) else _translations(spoken.language).gettext(message)


def phrase_for(one: str, many: str, count: int) -> str:
    """The form that goes with a number; the number is in it, any other placeholder as it is."""
    spoken = voice()
    own = spoken.words.get(one)
    if isinstance(own, list):
        found = own[plural(spoken.language)(count)]
    else:
        found = _translations(spoken.language).ngettext(one, many, count)
    return found.replace("%(num)s", number(count))


def plural(language: str) -> Callable[[int], int]:
    """Which of a language's plural forms goes with a number."""
    return _translations(language).plural  # type: ignore[attr-defined, no-any-return]  # made by gettext


def catalogue(language: str) -> Catalog:
    """All messages; in English, they have no translations."""
    with (CATALOGUES / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language)


@lru_cache(maxsize=len(LANGUAGES))
def _translations(language: str) -> GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def digest() -> str:
    """A hash of all catalogues: a fragment made with other words is another one."""
    found = hashlib.sha256()
    for path in sorted(CATALOGUES.glob("*.po")):
        found.update(path.read_bytes())
    return found.hexdigest()
