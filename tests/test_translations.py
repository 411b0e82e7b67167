"""Every word a reader sees is in the catalogues, and every catalogue has words for it."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Message
from jinja2 import Environment
from lxml.html.defs import tags

from tests.parts import PROJECT
from tools import words as tool
from widget import language
from widget.cli.words import forms, messages, wrong

WIDGET = PROJECT / "widget"
OTHERS = sorted(set(language.LANGUAGES) - {language.SOURCE})
# Messages that are the same in a language: it took the English word, or English took its.
SAME = {
    "Browser": {"de", "it", "nl"},
    "Email": {"it"},
    "Feed": {"de", "it", "nl", "pt"},
    "Moderator": {"nl"},
    "Name": {"de"},
    "No": {"es", "it"},
    "Pingback": {"de", "es", "fr", "ht", "it", "nl", "pl", "pt", "zh"},
    "Trackback": {"de", "es", "ht", "it", "nl", "pl", "pt", "zh"},
    "Votes": {"fr"},
    "Website": {"de", "nl"},
}
# Said to moderators and to whoever runs the service, in English.
TO_MODERATORS = {"cli", "config.py", "migrations", "moderation", "transfer", "web/desk"}
TO_MODERATORS |= {"web/accounts.py"}
# Sentences among the others that moderators alone are told, or programs that ask for nonsense.
ENGLISH = {
    "This form is too old. Please go back, reload the page and try again.",
    "This link is older than a week. Please decide in the queue.",
    "This link is not complete. Please copy it whole from the mail.",
    "There is no such move.",
    "There is no such status.",
    "There is no such comment to reply to.",
    "The nonce is too long.",
    "The nonce holds a character that cannot be stored.",
    "Please ask for “replies”, “thread” or nothing.",
    "Please ask for at most … pages at once.",
}


# ----------------------------------------------------------------------------------- the catalogues


@pytest.fixture(scope="module")
def said() -> dict[str, Message]:
    """What the sources say to readers."""
    return messages(tool.said())


@pytest.mark.parametrize("tag", language.LANGUAGES)
def test_a_catalogue_has_what_the_sources_say_and_nothing_else(
    tag: str, said: dict[str, Message]
) -> None:
    assert len(said) > 60
    catalogue = language.catalogue(tag)
    found = messages(catalogue)
    assert found.keys() - said.keys() == set(), "nobody says this any more: run `make words`"
    assert said.keys() - found.keys() == set(), "this is new: run `make words`"
    assert {name: found[name].id for name in said} == {name: said[name].id for name in said}
    assert not catalogue.obsolete


def test_english_is_said_as_it_stands_in_the_sources() -> None:
    found = messages(language.catalogue(language.SOURCE)).values()
    assert not [message.string for message in found if any(forms(message.string))]


@pytest.mark.parametrize("tag", OTHERS)
def test_everything_is_translated(tag: str) -> None:
    found = messages(language.catalogue(tag))
    assert [name for name, message in found.items() if not all(forms(message.string))] == []
    assert [name for name, message in found.items() if message.fuzzy] == []
    same = {
        name
        for name, message in found.items()
        if set(forms(message.id)) & set(forms(message.string))
    }
    assert same == {name for name, tags in SAME.items() if tag in tags}


def _words(message: str) -> str:
    return re.sub(r"%\(\w+\)s", "", message)


@pytest.mark.parametrize("tag", OTHERS)
def test_a_translation_has_all_plural_forms_and_the_same_placeholders(tag: str) -> None:
    found = messages(language.catalogue(tag)).values()
    assert [
        fault for message in found for fault in wrong(message, forms(message.string), tag)
    ] == []


@pytest.mark.parametrize("tag", language.LANGUAGES)
def test_a_message_is_words_and_never_markup(tag: str) -> None:
    found = messages(language.catalogue(tag)).values()
    texts = [text for message in found for text in (*forms(message.id), *forms(message.string))]
    assert [text for text in texts if re.search(r"[<\"\\]|&\w+;|^\s|\s$|  ", text)] == []


@pytest.mark.parametrize("tag", OTHERS)
def test_plural_forms_are_those_of_the_language(tag: str) -> None:
    names, index = Locale.parse(tag).plural_form, language.plural(tag)
    numbers = [*range(1500), 10_000, 1_000_000, 2_000_000, 1_000_001]
    pairs = {(names(number), index(number)) for number in numbers}
    if tag == "ht":  # Creole nouns do not change; Babel takes French for it
        assert {found for _, found in pairs} == {0}
        return
    assert set(Counter(name for name, _ in pairs).values()) == {1}, "a category has one form"
    assert set(Counter(found for _, found in pairs).values()) == {1}, "a form has one category"


def test_making_the_catalogues_again_changes_nothing() -> None:
    sources = tool.said()
    for tag in language.LANGUAGES:
        text = (language.CATALOGUES / f"{tag}.po").read_text()
        assert tool.written(tag, text, sources) == text, "run `make words`"


def test_what_was_translated_stays_and_what_is_new_waits_without_a_guess() -> None:
    sources = tool.said()
    sources.add("Comments at the very end")
    text = tool.written("de", (language.CATALOGUES / "de.po").read_text(), sources)
    assert 'msgid "Comments"\nmsgstr "Kommentare"\n' in text
    assert 'msgid "Comments at the very end"\nmsgstr ""\n' in text
    assert "fuzzy" not in text
    without = tool.written("de", text, tool.said())
    assert "at the very end" not in without
    assert not re.search(r"Date|:\d+$", without, re.MULTILINE), "nothing that changes by itself"


# ----------------------------------------------------------------------------- words without a mark


def bare_words(template: str) -> list[str]:
    """Words of a template that no catalogue knows: in its text, its attributes, its expressions."""
    environment = Environment(autoescape=True)
    found, markup, before, within = [], "", ("", ""), False
    for _line, kind, value in environment.lex(template):
        if kind == "name" and value in {"trans", "endtrans"}:
            within = value == "trans"
        elif kind == "data" and not within:
            markup += value
        elif kind == "string" and before != ("_", "(") and re.search("[a-z]{2} [a-z]{2}", value):
            found.append(value)
        if kind != "whitespace":
            before = (before[1], value)
    found += re.findall(
        r"\b(?:aria-label|title|placeholder|alt)=\"([^\"]*[a-z]{2}[^\"]*)\"", markup
    )
    markup = re.sub(r"<(code|style)>.*?</\1>", "", markup, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>|[\w-]+=\"[^\"]*\"", "\n", markup)
    return found + [line.strip() for line in text.splitlines() if re.search("[^\\W\\d_]{2}", line)]


def bare_sentences(source: str) -> list[str]:
    """Sentences of Python that no catalogue knows; docstrings, logs and inner errors are fine."""
    tree = ast.parse(source)
    known: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            known.add(node.value)
        elif isinstance(node, ast.Call) and _called(node) in _FINE:
            known.update(ast.walk(node))
    return [
        text
        for node in ast.walk(tree)
        if node not in known
        for text in _texts(node)
        if re.fullmatch(r"(?:“|[A-Z][a-z]).* .*[\w ”][.…?!]", text, re.DOTALL)
    ]


_FINE = {"_", "N_", "ngettext", "compile", "RuntimeError"}
_FINE |= {"debug", "info", "warning", "error", "exception"}


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        yield "".join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def words_of_script(source: str) -> list[str]:
    """Texts of a script that a reader could see: two plain words side by side, or put into a page.

    Names of elements are no plain words: selectors and lists of tags are made of them.
    """
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    source = re.sub(r"(?<![:\"'`])//.*|\bconsole\.\w+\(.*|\bnew \w*Error\(.*", "", source)
    source = re.sub(r"\${[^{}]*}", "…", source)
    shown = re.findall(
        r"\b(?:textContent|innerText|ariaLabel|title|placeholder)\s*[=:]\s*[\"'`]([^\"'`]*[a-z])",
        source,
    )
    texts = re.findall(
        r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`", source
    )
    return shown + [text for text in map("".join, texts) if _speaks(text)]


def _speaks(text: str) -> bool:
    words = [
        bool(re.fullmatch(r"[^\W\d_]{2,}", word)) and word.lower() not in tags
        for word in (part.rstrip(".,:;!?…") for part in text.split(" "))
    ]
    return any(one and other for one, other in pairwise(words))


@pytest.mark.parametrize(
    ("find", "wrong", "right"),
    [
        (bare_words, "<p>No comments</p>", '<p>{{ _("No comments") }}</p>'),
        (bare_words, "{% if x %}soon{% endif %}", "{% if x %}{# soon #}{% endif %}"),
        (bare_words, '<a aria-label="Reply">', '<a aria-label="{{ _("Reply") }}" class="reply">'),
        (bare_words, '{{ "in reply" if x }}', '{{ "embed/comment.html" if x }}'),
        (bare_words, "{{ _('x') ~ ' by someone' }}", "{% trans %}by someone{% endtrans %}"),
        (bare_sentences, "abort(404, 'Not here.')", "abort(404, _('Not here.'))"),
        (bare_sentences, "abort(404, f'At most {x} here.')", "log.info('Not here.')"),
        (bare_sentences, "def f():\n return 'It is so.'", "def f():\n '''It is so.'''"),
        (words_of_script, 'p.append("Not loaded. Reload?")', "p.append(status.dataset.unloaded)"),
        (words_of_script, "x = `${n} new comments`", "x = `${service}t/${site}?page=${page}`"),
        (words_of_script, 'say("try again")', 'console.warn("try again")'),
        (words_of_script, "say('try again')", "say(1) // 'try again'"),
        (words_of_script, "x.textContent = 'Reply'", "x.className = 'comment-own details ul li'"),
    ],
)
def test_what_looks_for_bare_words_finds_them(
    find: Callable[[str], list[str]], wrong: str, right: str
) -> None:
    assert find(wrong)
    assert not find(right)


def readers_templates() -> list[Path]:
    """Templates that readers see, on pages and in mails."""
    folder = WIDGET / "templates"
    found = [folder / "page.html", folder / "message.html"]
    patterns = ("embed/*.html", "reader/*.html", "mail/reader_*")
    return found + sorted(file for pattern in patterns for file in folder.glob(pattern))


def test_every_word_of_a_readers_template_is_marked() -> None:
    found = {file.name: bare_words(file.read_text()) for file in readers_templates()}
    assert len(found) > 8
    assert {name: words for name, words in found.items() if words} == {}


def test_every_sentence_of_the_code_that_readers_see_is_marked() -> None:
    found = {}
    for file in sorted(WIDGET.rglob("*.py")):
        name = str(file.relative_to(WIDGET))
        if not any(name == other or name.startswith(f"{other}/") for other in TO_MODERATORS):
            found[name] = [text for text in bare_sentences(file.read_text()) if text not in ENGLISH]
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_the_scripts_hold_no_words() -> None:
    scripts = sorted((PROJECT / "static").glob("embed*.js"))
    assert scripts
    found = {file.name: words_of_script(file.read_text()) for file in scripts}
    assert {name: words for name, words in found.items() if words} == {}
