"""Reading a comment: its words, and the facts about it that are not words.

Case, accents, width and invisible characters do not count in words, since spammers vary them; that
they were varied is a fact. An address is taken apart into its host and its way.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from widget.spam.classifier.example import Example
from widget.spam.words import fold

# What stands in the text before each address, as a word of its own.
LINK = "_url_"
# What a comment costs is bounded; spam that hides behind a long quotation ends with its link.
_HEAD, _TAIL = 6_000, 2_000
_MAX_PARTS = 50
_MAX_ADDRESS = 200
_ADDRESS = re.compile(
    r"\b(?:https?://|www\.)[^\s<>\"']{1,500}"
    r"|\b(?:[a-z0-9][a-z0-9-]{0,62}\.){1,4}(?:com|net|org|info|biz|[a-z]{2})\b"
    r"(?:/[^\s<>\"']{0,500})?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_TOKEN = re.compile(r"\w+|[!?$£€@#%]|[^\w\s!-\u203e]")
_WORD = re.compile(r"[^\W_]{2,}")
_FORMS = {
    "repeats a sign": re.compile(r"(\S)\1{3}"),
    "is invisible": re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"),
    "names money": re.compile(r"[$£€₽¥]|\d\s?(?:usd|eur|\u0440\u0443\u0431|%)", re.IGNORECASE),
    "has a long number": re.compile(r"\d{5}"),
    "has markup": re.compile(r"<a\s|\[url|\[/|</", re.IGNORECASE),
    "has an address": re.compile(r"\w@\w"),
    "asks": re.compile(r"\?"),
    "mixes scripts": re.compile(r"[a-zA-Z][\u0370-\u04ff]|[\u0370-\u04ff][a-zA-Z]"),
    "has lines": re.compile(r"\S\s*\n\s*\S"),
    "has paragraphs": re.compile(r"\S\s*\n\s*\n\s*\S"),
    "is cyrillic": re.compile(r"[\u0400-\u04ff]{3}"),
    "is not european": re.compile(r"[\u0590-\u1fff\u3040-\uffdc]{2}"),
}  # fmt: skip
_NAME_FORMS = {
    "with a number": re.compile(r"\d"),
    "like an address": re.compile(r"\w\.\w|://|@"),
    "of one word": re.compile(r"^\w+$"),
    "of many words": re.compile(r"\w\W+\w+\W+\w"),
    "without capitals": re.compile(r"^[^A-Z]+$"),
    "with dashes": re.compile(r"\w[-_]\w"),
}
_SIZES = (20, 40, 80, 140, 250, 400, 700, 1200, 2500, 5000)
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.6)
_COUNTS = (0, 1, 2, 4, 9)
_SHORT = 140
# Longer words do not come again.
_USUAL = 30
_SUFFIX, _COUNTRY = 3, 2


@dataclass(frozen=True)
class Reading:
    """A comment taken apart.

    `shown` are its words as they are written, `folded` each of them as it is compared, `tokens` the
    words and signs in them with the number of the word that each is in; `aside` is the name and the
    hosts, of which pieces are kept too.
    """

    shown: list[str]
    folded: list[str]
    tokens: list[str]
    owners: list[int]
    aside: str
    facts: list[str]


def read(example: Example) -> Reading:
    """A comment's words and facts."""
    text = example.text
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]} {text[-_TAIL:]}"
    links = _ADDRESS.findall(text)
    shown = (_ADDRESS.sub(_apart, text) if links else text).split()
    folded: list[str] = []
    tokens: list[str] = []
    owners: list[int] = []
    for number, word in enumerate(shown):
        plain, found = _common(word) if len(word) <= _USUAL else _taken(word)
        folded.append(plain)
        tokens += found
        owners += [number] * len(found)
    hosts = _hosts(example, links)
    aside = " ".join((*fold(example.author).split()[:_MAX_PARTS], *hosts))
    facts = [
        *(f"signal {rule}" for rule in example.signals),
        *_shape(text, tokens, len(links)),
        *_name(example.author),
        *_links(example, hosts),
        *_place(example.page, tokens),
    ]
    return Reading(shown, folded, tokens, owners, aside, facts)


def _taken(word: str) -> tuple[str, list[str]]:
    """A word as it is compared, and the words and signs in it."""
    folded = fold(word).replace(" ", "")
    return folded, _TOKEN.findall(folded)


# Most words of a comment were in those before it.
_common = lru_cache(maxsize=8_192)(_taken)


def _apart(address: re.Match[str]) -> str:
    """The host is a word of its own: what it stands for counts wherever it leads to."""
    host, slash, way = _SCHEME.sub("", address[0])[:_MAX_ADDRESS].partition("/")
    return f" {LINK} {host.lower()} {slash}{way} "


def _host(address: str) -> str:
    return _SCHEME.sub("", address).partition("/")[0].lower()


def _hosts(example: Example, links: list[str]) -> list[str]:
    linked = (_host(url) for url in (example.url, *example.hosts, *links) if url)
    return list(dict.fromkeys(linked))[:_MAX_PARTS]


def _steps(what: str, size: float, steps: Iterable[float]) -> Iterator[str]:
    """One fact for each step that is passed: what is more is also what is less."""
    return (f"{what} over {step}" for step in steps if size > step)


def _shape(text: str, tokens: list[str], links: int) -> Iterator[str]:
    size = len(text) or 1
    letters = sum(map(str.isalpha, text)) or 1
    yield from _steps("length", len(text), _SIZES)
    yield from _steps("links", links, _COUNTS)
    yield from _steps("capitals", sum(map(str.isupper, text)) / letters, _SHARES)
    yield from _steps("digits", sum(map(str.isdigit, text)) / size, _SHARES)
    yield from _steps("calls", text.count("!"), _COUNTS)
    blank = sum(map(str.isspace, text))
    yield from _steps("signs", sum(not token.isalnum() for token in tokens) / size, _SHARES)
    yield from _steps("other", (size - letters - blank) / size, _SHARES)
    if tokens:
        yield from _steps("said twice", 1 - len(set(tokens)) / len(tokens), _SHARES)
    yield from (name for name, form in _FORMS.items() if form.search(text))


def _name(author: str) -> Iterator[str]:
    if not author:
        return
    yield from (f"name says {word}" for word in _WORD.findall(fold(author))[:_MAX_PARTS])
    yield from (f"name {shape}" for shape, form in _NAME_FORMS.items() if form.search(author))
    yield from _steps("name", len(author), _SIZES)


def _links(example: Example, hosts: list[str]) -> Iterator[str]:
    for host in hosts:
        parts = host.split(".")
        yield f"host {host}"
        yield f"domain {_registered(parts)}"
        yield f"ends in {parts[-1]}"
        yield from (f"host says {word}" for word in _WORD.findall(host))
    if not example.url:
        return
    yield "website"
    yield from _steps("website and", len(example.text), _SIZES)
    try:
        address = urlsplit(example.url)
    except ValueError:
        yield "website broken"
        return
    way = f"{address.path} {address.query}"
    yield from (f"website says {word}" for word in _WORD.findall(fold(way))[:_MAX_PARTS])
    yield from _steps("website way", len(way), _SIZES)
    named = set(_WORD.findall(fold(example.author)))
    if named & set(_WORD.findall(fold(example.url))):
        yield "website names the author"


def _registered(parts: list[str]) -> str:
    """The part of a host that somebody registered, as far as its form tells (example.co.uk)."""
    *_, above, last = ("", *parts)
    is_country = len(last) == _COUNTRY and len(above) <= _SUFFIX
    return ".".join(parts[-3 if is_country else -2 :])


def _place(page: str, tokens: list[str]) -> Iterator[str]:
    if not page:
        return
    yield f"page {page}"
    named = {word for word in _WORD.findall(fold(page)) if len(word) > _SUFFIX}
    yield from _steps("speaks of the page", len(named & set(tokens)), _COUNTS)
