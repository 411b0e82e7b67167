"""A comment taken apart once for all checks: its words, its links, and the hosts these lead to."""

import html
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from widget.spam.checks.signal import Candidate, History
from widget.spam.words import as_written, fold

# Nobody reads on; and what a text costs is bounded. Advertising stands at the end as well.
_HEAD, _TAIL = 6_000, 2_000
# More links than this are only counted.
MAX_LINKS = 50
# As in “co.uk”.
_COUNTRY, _SUFFIX = 2, 3
# So much of what is answered; and words shorter than this are everywhere.
_PARENT, _TELLING = 2_000, 5
_MARK = re.compile(r"(<[^>]*>)")
_HREF = re.compile(r'\shref="([^"]*)"', re.IGNORECASE)
_BREAKS = ("<p", "</p", "<br", "<li", "</li", "<blockquote", "</blockquote", "<pre", "</pre", "<h")
_DOTTED = re.compile(r"\.[a-zA-Z]")
_ADDRESS = re.compile(
    r"(?<![\w.@/-])((?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|info|biz|shop|online|site|store|xyz|top"
    r"|de|fr|it|es|nl|pl|ru|uk|br|in|cn|ua|eu|us|ca|ly|io|co|me|tv))(?![\w@.-]\w)(?!\w)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Link:
    """Where a link leads, and the words that are to be clicked on."""

    url: str
    text: str

    @cached_property
    def host(self) -> str:
        """In lower case, as it is sent (xn--…), without “www.”."""
        return host_of(self.url)


class Reading:
    """What readers see of a text, and its words as they are compared."""

    def __init__(self, body_html: str) -> None:
        self.text, self.links = _parted(body_html)

    @cached_property
    def some(self) -> str:
        """As much of the text as is looked at word by word."""
        text = self.text
        return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"

    @cached_property
    def addresses(self) -> list[str]:
        """Hosts that are named in the text without being a link."""
        if not _DOTTED.search(self.some):
            return []
        linked = {link.host for link in self.links}
        named = (f"//{host}" for host in _ADDRESS.findall(self.some))
        return [url for url in named if host_of(url) not in linked]

    @cached_property
    def tokens(self) -> list[str]:
        """Its words, without case, accents and invisible characters."""
        return tokens_of(self.some)

    @cached_property
    def own_words(self) -> list[str]:
        """Its words that are not part of an address."""
        words = self.some
        for link in self.links[:MAX_LINKS]:
            if "." in link.text and " " not in link.text.strip():
                words = words.replace(link.text, " ", 1)
        return tokens_of(words)

    def span(self, first: int, count: int) -> str:
        """So many words from one on, as they are written."""
        folded = fold(self.some)
        found = list(_WORD.finditer(folded))[first : first + count]
        return as_written(self.some, found[0].start(), found[-1].end()) if found else ""


def read(candidate: Candidate) -> Reading:
    """Of one comment, once for all checks."""
    return _read(candidate.body_html)


def words_of(text: str) -> frozenset[str]:
    """A set, written as a row of words."""
    return frozenset(text.split())


def tokens_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return _WORD.findall(fold(text))


def around(candidate: Candidate, history: History) -> frozenset[str]:
    """The longer words of the page's name, and of the comment that is answered."""
    return _telling(candidate.page) | _telling(history.parent[:_PARENT])


def hosts_of(candidate: Candidate) -> list[str]:
    """All hosts that the comment and its author's website lead to, each once, as they come."""
    found = [link.host for link in read(candidate).links[:MAX_LINKS]]
    return list(dict.fromkeys(filter(None, (host_of(candidate.website), *found))))


@lru_cache(maxsize=256)
def host_of(url: str) -> str:
    """An address's host: lower case, as it is sent (xn--…), without “www.”; empty for none."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
    if not host.isascii():
        with suppress(UnicodeError):  # no such name can exist: then it counts as it was typed
            host = host.encode("idna").decode()
    return host


def domain_of(host: str) -> str:
    """The part of a host that somebody registered, as far as its form tells (example.co.uk)."""
    parts = host.split(".")
    if parts[-1].isdigit() or ":" in host:
        return host
    *_, above, last = ("", *parts)
    is_country = len(last) == _COUNTRY and len(above) <= _SUFFIX
    return ".".join(parts[-3 if is_country else -2 :])


@lru_cache(maxsize=64)
def _telling(text: str) -> frozenset[str]:
    return frozenset(word for word in tokens_of(text) if len(word) >= _TELLING)


@lru_cache(maxsize=8)
def _read(body_html: str) -> Reading:
    return Reading(body_html)


def _parted(body_html: str) -> tuple[str, list[Link]]:
    """What is shown, and the links in it."""
    shown: list[str] = []
    links: list[Link] = []
    url, begun = "", 0
    for part in _MARK.split(body_html):
        if not part.startswith("<"):
            if part:
                shown.append(html.unescape(part))
            continue
        mark = part[:12].lower()
        if mark.startswith("<a ") and (href := _HREF.search(part)):
            url, begun = html.unescape(href[1]), len(shown)
        elif mark.startswith("</a") and url:
            links.append(Link(url, "".join(shown[begun:])))
            url = ""
        elif mark.startswith(_BREAKS):
            shown.append("\n")
    return "".join(shown), links
