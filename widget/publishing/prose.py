"""The words of a comment without its marks: for excerpts, and for programs that read along."""

import re

from widget import sanitize

# What XML 1.0 cannot say at all, and what a line of text should not.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def words_of(body_html: str) -> str:
    """All of it, on one line."""
    return sanitize.stored(body_html.replace("<br>", "\n")).striptags()


def excerpt(body_html: str, limit: int) -> str:
    """Its beginning, which ends at a word and in `…` where something was left out."""
    words = words_of(body_html)
    if len(words) <= limit:
        return words
    cut = words[:limit]
    # Some languages put no spaces between words.
    return (cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:–—") + "…"


def on_one_line(text: str) -> str:
    """A title or a name as any program can take it."""
    return " ".join(_CONTROL.sub(" ", text).split())


def for_xml(text: str) -> str:
    """A text in which XML finds nothing that it forbids; its line breaks stay."""
    return _CONTROL.sub(lambda found: found[0] if found[0] in "\t\n\r" else " ", text)
