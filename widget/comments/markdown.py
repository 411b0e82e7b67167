"""Markdown's everyday marks, for the sites that want them: a short way to write the allowed tags.

Emphasis, code, quotes, links and lists; everything else stays as it was typed. What comes out is
not published: it goes to the sanitizer as if it had been typed.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from widget import sanitize
from widget.models import Site

_RULES = [
    "normalize", "block", "inline",  # the stages
    "paragraph", "blockquote", "list", "fence",
    "text", "newline", "escape", "backticks", "emphasis", "link", "autolink", "html_inline",
    "balance_pairs", "fragments_join",
]  # fmt: skip
_TAGS = {
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "link_close": "</a>",
    "blockquote_open": "<blockquote>",
    "blockquote_close": "</blockquote>",
    "softbreak": "\n",
    "hardbreak": "\n",
}
_BULLETS = "•◦▪"
# More places to stop at than a parser should be given; such a text is published as it was typed.
# The deepest level is bound because the parser leaves out whatever lies deeper.
_MAX_MARKS, _MAX_DEPTH = 4_000, 30
_MARK = re.compile(r"[!#$%&*+:<=>@\[\\\]^_`{}~-]|\n[ \t]*(?:\n|\d)")
_ADDRESS = re.compile(r"://[^\s<>`\[\]\\]+")
_LANGUAGE = re.compile(r"[\w+#.-]{1,20}")
_ENDS_NO_ADDRESS = "*_.,;:!?'\"()"


def published(site: Site, body: str) -> str:
    """What is published of a body at a site. Raises sanitize.Unacceptable."""
    if not site.markdown or len(_MARK.findall(body)) > _MAX_MARKS:
        return sanitize.clean(body)
    tokens = _parser().parse(body)
    if any(token.level >= _MAX_DEPTH for token in tokens):
        return sanitize.clean(body)
    return sanitize.clean("".join(_written(tokens)).strip("\n"), typed=body)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": True, "maxNesting": _MAX_DEPTH + 2})
    parser.inline.ruler.before("escape", "address", _address)
    parser.enable([*_RULES, "address"])
    # Else the link would be lost and its words stay, with nothing to show where it had led.
    parser.validateLink = _leads_somewhere  # type: ignore[method-assign]
    return parser


def _leads_somewhere(url: str) -> bool:
    return bool(re.match(r"https?://|mailto:", url, re.IGNORECASE))


def _address(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (a rule's own form)
    """Keep a bare address whole: the `_` and `*` in it are no marks. The sanitizer links it."""
    before = state.src[max(0, state.pos - 5) : state.pos].lower()
    found = before.endswith(("http", "https")) and _ADDRESS.match(state.src, state.pos)
    if not found:
        return False
    address = found[0].rstrip(_ENDS_NO_ADDRESS)
    if not silent:
        state.pending += address
    state.pos += len(address)
    return bool(address)


def _written(tokens: Iterable[Token]) -> Iterator[str]:
    """The same in the sanitizer's own terms: a blank line parts paragraphs, a newline is a break.

    Its policy knows no lists, so an item is a line that begins with its bullet or number.
    """
    lists: list[int | None] = []  # for each list that is open, the number of its next item
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                yield "" if lists else "\n\n"
                is_numbered = token.type == "ordered_list_open"
                lists.append(int(token.attrGet("start") or 1) if is_numbered else None)
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
                yield "" if lists else "\n"
            case "list_item_open":
                number = lists[-1]
                yield f"{number}. " if number is not None else f"{_bullet(lists)} "
                lists[-1] = number + 1 if number is not None else None
            case "paragraph_close":
                yield "\n" if lists else "\n\n"
            case "fence":
                yield _block(token)
                yield "\n" if lists else "\n\n"
            case "inline":
                yield from map(_inline, token.children or ())
            case _:
                yield _TAGS.get(token.type, "")


def _bullet(lists: list[int | None]) -> str:
    return _BULLETS[min(len(lists), len(_BULLETS)) - 1]


def _block(token: Token) -> str:
    """A block of code, without the name of its language; but what is no such name is kept."""
    words, said = token.content.strip("\n"), token.info.strip()
    if said and not (words and _LANGUAGE.fullmatch(said)):
        words = f"{said}\n{words}"
    return _code(words.strip("\n"))


def _code(words: str) -> str:
    return f"<code>{escape(words, quote=False)}</code>"


def _inline(token: Token) -> str:
    match token.type:
        case "text":  # its references are left to the sanitizer
            return token.content.replace("<", "&lt;")
        case "text_special":
            return escape(token.content, quote=False)
        case "code_inline":
            return _code(token.content)
        case "html_inline":  # what is allowed of it, the sanitizer knows
            return token.content
        case "link_open":
            named = [f' {name}="{escape(str(value))}"' for name, value in token.attrs.items()]
            return f"<a{''.join(named)}>"
    return _TAGS.get(token.type, "")
