"""The kinds of settings: each reads what was typed, and says in words what cannot be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from widget.addresses import origin_of
from widget.language import LANGUAGES
from widget.sanitize import Unacceptable, plain
from widget.spam.words import fault

MAX_LIST = 400_000
_MAX_NAME = 200
_MAX_ORIGINS = 50


class Unfit(ValueError):
    """What was typed cannot be; says why."""


@dataclass(frozen=True)
class Number:
    """A whole number."""

    low: int
    high: int
    unit: str

    def read(self, typed: str) -> int:
        """The value; thousands may be parted."""
        digits = re.sub(r"[\s,.’']", "", typed)
        if not re.fullmatch(r"[0-9]{1,9}", digits) or not self.low <= int(digits) <= self.high:
            raise Unfit(f"This is a number from {self.low} to {self.high:,}.")
        return int(digits)

    def write(self, value: int) -> str:
        """As it is typed."""
        return str(value)


@dataclass(frozen=True)
class Switch:
    """Yes or no."""

    def read(self, typed: str) -> bool:
        """The value."""
        if typed not in {"yes", "no"}:
            raise Unfit("This is “yes” or “no”.")
        return typed == "yes"

    def write(self, value: bool) -> str:  # noqa: FBT001 (the value itself)
        """As it is typed."""
        return "yes" if value else "no"


@dataclass(frozen=True)
class Choice:
    """One of a few; `words` says what each means."""

    of: type[StrEnum]
    words: Mapping[str, str]

    def read(self, typed: str) -> StrEnum:
        """The value."""
        if typed not in self.words:
            raise Unfit(f"This is one of: {', '.join(self.words)}.")
        return self.of(typed)

    def write(self, value: StrEnum) -> str:
        """As it is typed."""
        return value.value


@dataclass(frozen=True)
class Name:
    """A line of text that readers see."""

    def read(self, typed: str) -> str:
        """The value."""
        try:
            name = plain(" ".join(typed.split()))
        except Unacceptable as error:
            raise Unfit(str(error)) from error
        if not name:
            raise Unfit("A site has a name.")
        if len(name) > _MAX_NAME:
            raise Unfit(f"This can have {_MAX_NAME} characters; it has {len(name)}.")
        return name

    def write(self, value: str) -> str:
        """As it is typed."""
        return value


@dataclass(frozen=True)
class Zone:
    """A time zone."""

    def read(self, typed: str) -> str:
        """The value."""
        if typed.strip() not in zones():
            raise Unfit("There is no such time zone. One is called America/New_York.")
        return typed.strip()

    def write(self, value: str) -> str:
        """As it is typed."""
        return value


@dataclass(frozen=True)
class Language:
    """One of the languages that readers are spoken to in."""

    words = LANGUAGES

    def read(self, typed: str) -> str:
        """The value."""
        if typed not in LANGUAGES:
            raise Unfit(f"This is one of: {', '.join(LANGUAGES)}.")
        return typed

    def write(self, value: str) -> str:
        """As it is typed."""
        return value


@dataclass(frozen=True)
class Origins:
    """Where the site's pages live, one a line."""

    def read(self, typed: str) -> list[str]:
        """The value."""
        origins = list(dict.fromkeys(origin(line) for line in typed.split()))
        if not 0 < len(origins) <= _MAX_ORIGINS:
            raise Unfit(f"A site has 1 to {_MAX_ORIGINS} addresses, one a line.")
        return origins

    def write(self, value: list[str]) -> str:
        """As it is typed."""
        return "\n".join(value)


@dataclass(frozen=True)
class Listing:
    """A list of words, one a line (spam.words)."""

    def read(self, typed: str) -> str:
        """The value."""
        listed = "\n".join(typed.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        if "\0" in listed:
            raise Unfit("This is no plain text.")
        if len(listed.encode()) > MAX_LIST:
            raise Unfit(f"A list can have {MAX_LIST:,} bytes; this has {len(listed.encode()):,}.")
        if wrong := fault(listed):
            raise Unfit(wrong)
        return listed

    def write(self, value: str) -> str:
        """As it is typed."""
        return value


Kind = Number | Switch | Choice | Name | Zone | Language | Origins | Listing


@cache
def zones() -> frozenset[str]:
    """All time zones by their names."""
    return frozenset(available_timezones())


def origin(typed: str) -> str:
    """An origin as browsers name it. Raises Unfit."""
    found = origin_of(typed.strip())
    scheme, _, host = found.partition("://")
    try:
        found = f"{scheme}://{host.encode('idna').decode()}"
    except UnicodeError:
        found = ""
    if not re.fullmatch(r"https?://[^/\s@]+", found):
        raise Unfit(f"“{typed.strip()}” should look like https://news.example.org.")
    return found
