"""The words readers see, in their language: Babel catalogues, and what a publisher says instead.

The words of a fragment depend on the site and the view alone, so a language is spoken within a
block (`speaking`), never taken from whoever asks. Catalogues are read as they are, without a
compiled copy that could be forgotten.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

CATALOGUES = Path(__file__).parent / "translations"
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
    """A language, and a site's own words by the English ones that they replace."""

    language: str = SOURCE
    words: Mapping[str, str] = field(default_factory=dict)


_voice: ContextVar[Voice | None] = ContextVar("voice", default=None)


@contextmanager
def speaking(language: str, words: Mapping[str, str] | None = None) -> Iterator[None]:
    """Say everything in this block in a language, with a site's own words."""
    token = _voice.set(Voice(known(language) or SOURCE, words or {}))
    try:
        yield
    finally:
        _voice.reset(token)


def speak(language: str, words: Mapping[str, str] | None = None) -> None:
    """The same until the request ends."""
    _voice.set(Voice(known(language) or SOURCE, words or {}))


def voice() -> Voice:
    """What is spoken now; English, until someone said otherwise."""
    return _voice.get() or Voice()


@lru_cache(maxsize=256)
def known(tag: str) -> str:
    """The language of ours that a tag such as `pt-BR` names; nothing if there is none."""
    tag = tag.strip().replace("_", "-")[:35]
    return negotiate_locale([tag, tag.partition("-")[0]], list(LANGUAGES), sep="-") or ""


def locale() -> Locale:
    """For dates and numbers."""
    return Locale.parse(voice().language)


def direction() -> str:
    """`ltr` or `rtl`, for `dir`."""
    return locale().text_direction


def gettext(message: str, /, **values: Any) -> str:
    """A message in the language that is spoken, with `%(name)s` filled in."""
    spoken = voice()
    found = spoken.words.get(message) or _catalogue(spoken.language).gettext(message)
    return found % values if values else found


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for it)
    """A message to be said later: marks it for the catalogues."""
    return message


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """The form of a message that goes with a number, which it may name as `%(num)s`.

    A site's own words for the plural stand for every number but one.
    """
    spoken = voice()
    own = spoken.words.get(one if number == 1 else many)
    found = own or _catalogue(spoken.language).ngettext(one, many, number)
    return found % {"num": number, **values}


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """A message that is another one elsewhere."""
    spoken = voice()
    found = spoken.words.get(message) or _catalogue(spoken.language).pgettext(context, message)
    return found % values if values else found


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> NullTranslations:
    path = CATALOGUES / f"{language}.po"
    if language == SOURCE or not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def digest() -> str:
    """A hash of all catalogues: a fragment made with other words is another one."""
    found = hashlib.sha256()
    for path in sorted(CATALOGUES.glob("*.po")):
        found.update(path.read_bytes())
    return found.hexdigest()
