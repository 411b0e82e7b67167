"""Writing text with a few inline elements, so that no space or element is ever empty.

Whatever parts words (a space, ends of lines, a bullet) and the start tags before them wait until
the next words come. The most parting of what waits counts, so a list's own line end and a newline
typed before it are one line end.
"""

import re
from html import escape

_SPACE = " \t\n\r\f"  # HTML's own: a no-break space is a character like others
_NBSP = "\N{NO-BREAK SPACE}"


class Prose:
    """What was written, and what waits. Where it is `flat`, no line ends."""

    def __init__(self) -> None:
        self.flat = False
        self._out: list[str] = []
        self._parting = self._breaks = self._newlines = 0
        self._is_spaced = False
        self._lead = ""  # a bullet or so, for the next words
        self._code_space = ""  # code keeps its own
        self._starts: list[str] = []

    def __str__(self) -> str:
        return "".join(self._out)

    def part(self, lines: int) -> None:
        """The next words stand this many lines further down; behind a bullet they do not."""
        if not lines or self._lead:
            return
        if self.flat:
            self._is_spaced = True
        else:
            self._parting = max(self._parting, lines)

    def break_line(self) -> None:
        """End a line."""
        if self.flat:
            self._is_spaced = True
        else:
            self._breaks += 1

    def lead(self, words: str, *, lines: int = 0) -> None:
        """Begin the next words with these, exactly so many lines further down."""
        self._parting = 0 if self.flat else lines
        self._breaks = self._newlines = 0
        self._is_spaced = self.flat and bool(lines)
        self._lead = words

    def separate(self, sign: str) -> None:
        """Put a sign before the next words, on their line."""
        self._is_spaced = False
        self._lead = self._lead.rstrip(" ") + sign

    def unlead(self) -> None:
        """Forget a bullet that nothing stood behind."""
        self._lead = ""

    def start(self, tag: str) -> None:
        """Begin an element: its start tag."""
        self._starts.append(tag)

    def end(self, name: str) -> None:
        """End the element that was begun last; without any words in it there is none."""
        if self._starts:
            self._starts.pop()
        else:
            self._out.append(f"</{name}>")

    def say(self, text: str) -> None:
        """Write text as HTML means it: its spaces run together, its newlines end lines."""
        words = text.strip(_SPACE)
        before, _, after = text.partition(words) if words else (text, "", "")
        self._wait(before)
        if words:
            separator = " " if self.flat else "\n"
            words = re.sub(r"[ \t\r\f]*\n[ \t\r\f]*", separator, words)
            self.write(escape(words, quote=False))
        self._wait(after)

    def say_code(self, text: str, *, is_start: bool) -> None:
        """Write text as it is; no-break spaces keep its lines indented."""
        if self.flat:
            self.say(text)
            return
        if is_start:
            text = re.sub(r"\A(?:[ \t]*\n)+", "", text)
        words = text.rstrip(_SPACE)
        if words:
            self.write(_indented(escape(words, quote=False)))
        self._code_space += text[len(words) :]

    def end_code(self) -> None:
        """What comes is no code any more."""
        self._is_spaced |= bool(self._code_space)
        self._code_space = ""

    def write(self, html: str) -> None:
        """Write HTML, after all that waits."""
        lines = max(self._parting, self._breaks, self._newlines)
        if self._out:
            self._out.append("\n" * min(lines, 2) or " " * self._is_spaced)
        self._out += [self._lead, _indented(self._code_space), *self._starts, html]
        self._parting = self._breaks = self._newlines = 0
        self._is_spaced = False
        self._lead = self._code_space = ""
        self._starts.clear()

    def _wait(self, space: str) -> None:
        newlines = 0 if self.flat else space.count("\n")
        self._newlines += newlines
        self._is_spaced |= bool(space)


def _indented(text: str) -> str:
    return re.sub("(?m)^ +| {2,}", lambda found: _NBSP * len(found[0]), text.expandtabs(4))
