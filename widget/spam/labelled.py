"""Labelled texts: reading them from JSON lines, and parting them into what is learned and asked."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from widget import sanitize
from widget.spam.classifier import Label

_WORDS = ("author", "url", "page")
_SHOWN = 40


class Malformed(ValueError):
    """A file that cannot be used as it is; says where and why."""


@dataclass(frozen=True)
class Line:
    """A comment and what it is. `said` is all that its line holds, to part lines by."""

    text: str
    label: Label
    author: str = ""
    url: str = ""
    page: str = ""
    at: datetime | None = None
    said: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def body_html(self) -> str:
        """As it would be published; a text that would be refused counts as plain words."""
        try:
            return str(sanitize.clean(self.text))
        except sanitize.Unacceptable:
            return escape(self.text)


Split = tuple[list[Line], list[Line]]


def read(file: Path) -> list[Line]:
    """Every line of a file. Raises Malformed."""
    try:
        written = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Malformed(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise Malformed(f"{file}, line {number}: this is not UTF-8.") from error
    lines = []
    for number, line in enumerate(written.split("\n"), 1):
        if line.strip():
            try:
                lines.append(_line(line))
            except Malformed as fault:
                raise Malformed(f"{file}, line {number}: {fault}") from fault
    if not lines:
        raise Malformed(f"{file} is empty.")
    return lines


def distinct(lines: Sequence[Line]) -> list[Line]:
    """The first of each text: nobody should be asked what they were told."""
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.text, line)
    return list(first.values())


def by_time(lines: Sequence[Line], share: float) -> Iterator[Split]:
    """The oldest of either label, and the rest; where not all are dated, as they come."""
    ordered = list(lines)
    if all(line.at for line in lines):
        ordered.sort(key=lambda line: line.at.timestamp() if line.at else 0.0)
    left = {label: int(share * sum(line.label == label for line in lines)) for label in _LABELS}
    known: list[Line] = []
    asked: list[Line] = []
    for line in ordered:
        left[line.label] -= 1
        (known if left[line.label] >= 0 else asked).append(line)
    yield known, asked


def folds(lines: Sequence[Line], count: int, seed: int = 0) -> Iterator[Split]:
    """As many parts, each asked of the others: shuffled, either label dealt out evenly."""
    parts: list[set[int]] = [set() for _ in range(count)]
    deck = random.Random(seed)  # noqa: S311 (the same parts each time)
    for label in _LABELS:
        of = [place for place, line in enumerate(lines) if line.label == label]
        deck.shuffle(of)
        for turn, place in enumerate(of):
            parts[turn % count].add(place)
    for part in parts:
        yield _parted(lines, part)


def leave_out(lines: Sequence[Line], key: str) -> Iterator[Split]:
    """The lines of each value of `key`, asked of all others. Raises Malformed."""
    if missing := sum(key not in line.said for line in lines):
        raise Malformed(f"{missing} of {len(lines)} lines have no “{key}”.")
    values = [json.dumps(line.said[key], sort_keys=True) for line in lines]
    if len(known := list(dict.fromkeys(values))) < len(_LABELS):
        raise Malformed(f"All lines have the same “{key}”.")
    for left in known:
        yield _parted(lines, {place for place, value in enumerate(values) if value == left})


_LABELS: tuple[Label, Label] = ("spam", "ham")


def _parted(lines: Sequence[Line], asked: set[int]) -> Split:
    known = [line for place, line in enumerate(lines) if place not in asked]
    return known, [line for place, line in enumerate(lines) if place in asked]


def _line(written: str) -> Line:
    try:
        said = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise Malformed("this is not JSON.") from error
    if not isinstance(said, dict):
        raise Malformed("this is no object.")
    label = said.get("label")
    if label not in _LABELS:
        shown = json.dumps(label, ensure_ascii=False)[:_SHOWN]
        raise Malformed(f"“label” is {shown}, not “spam” or “ham”.")
    if not isinstance(said.get("text"), str):
        raise Malformed("“text” is missing, or no text.")
    words = {name: _words(said, name) for name in ("text", *_WORDS)}
    return Line(**words, label=label, at=_moment(said.get("date")), said=said)


def _words(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"“{name}” is no text.")
    # JSON can spell half of a pair of surrogates, which no text can hold.
    return (value or "").encode(errors="replace").decode()


def _moment(date: Any) -> datetime | None:
    """A date as ISO 8601 or mail writes it, or seconds since 1970; UTC where it has no zone."""
    if date is None or date == "":
        return None
    found = None
    with suppress(ValueError, OverflowError, OSError):
        if isinstance(date, int | float):
            found = datetime.fromtimestamp(date, UTC)
        elif isinstance(date, str):
            found = _written(date.strip())
    if found is None:
        raise Malformed(f"“date” is {json.dumps(date, ensure_ascii=False)[:_SHOWN]}, no date.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _written(date: str) -> datetime:
    try:
        return datetime.fromisoformat(date)
    except ValueError:
        return parsedate_to_datetime(date)
