"""No word that a reader sees is without a mark, so that none stays English in another language."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment
from lxml import html
from lxml.html.defs import tags
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.conftest import Backstage, Reader, WithoutScript
from tests.parts import PROJECT
from widget import language
from widget.db import db, now, writing
from widget.models import Hold, Move, Thread, Votes

WIDGET = PROJECT / "widget"
# Said to moderators and to whoever runs the service, in English.
TO_MODERATORS = {"cli", "config.py", "migrations", "moderation", "transfer", "web/desk"}
TO_MODERATORS |= {"web/accounts.py"}
# The desk's side of the other packages: a moderator changes a comment's words, hears of an account,
# enters the address of a chat, and is told by these what is wrong. What checks, classifier and
# providers find stands on the desk's cards; readers are told of it in words of web/transparency.py
# and privacy/receipt.py. None of it reaches a reader, and the desk speaks English.
TO_MODERATORS |= {"comments/rewording.py", "notify/accounts.py", "notify/webhooks.py", "spam"}
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
    "Please send this again, with the work that is asked for.",
}


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
    found = [folder / name for name in ("page.html", "message.html", "transparency.html")]
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


# ------------------------------------------------------------------------------ nothing is left out


class Brackets:
    """A language in which every message stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, number: int) -> str:
        return f"⟦{one if number == 1 else many}⟧"


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes through the catalogues stands in brackets, and so do times."""
    monkeypatch.setattr(language, "_translations", lambda _: Brackets())


SAID = ("aria-label", "title", "placeholder", "alt")


def outside(text: str) -> list[str]:
    """What a reader sees or hears of a page that stands in no bracket, data aside."""
    tree: Any = html.fromstring(f"<div>{text}</div>" if "<html" not in text else text)
    found = [str(value) for name in SAID for value in tree.xpath(f"//@{name}")]
    shown = "\n".join([*found, *_shown(tree)])
    while (less := re.sub("⟦[^⟦⟧]*⟧", "", shown)) != shown:
        shown = less
    return re.findall(r"[^\W\d_].*", shown)


def _shown(element: Any) -> Iterator[str]:
    is_read = isinstance(element.tag, str) and element.tag not in {"code", "script", "textarea"}
    if is_read and element.get("dir") != "auto":  # what somebody said, in whatever language
        yield element.text or ""
        for child in element:
            yield from _shown(child)
    yield element.tail or ""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("brackets")
def test_every_word_of_every_state_comes_from_the_catalogues(
    app: Flask, ann: Reader, bob: Reader, backstage: Backstage
) -> None:
    backstage.set(votes=Votes.both, page_size=1, name="⟦Norwalk News⟧", markdown=True)
    texts = {"empty": ann.read().text}
    gone, stays = (ann.say(words, title="⟦News⟧") for words in ("Goes.", "Stays."))
    backstage.approve(gone, stays)
    reply = bob.say("An answer.", parent=gone, title="⟦News⟧")
    backstage.approve(reply)
    backstage.move(gone, Move.trash)
    held = bob.say("Is held.", title="⟦News⟧")
    cara = WithoutScript(app.test_client(), "⟦Cara⟧")
    comments = "/embed/news/comments"
    texts |= {
        "thread": ann.read().text,
        "newest": ann.read(sort="newest").text,
        "arrived": ann.read(since="0").text,
        "gone": ann.read(at="4711").text,
        "page": cara.read().text,
        "mine": bob.mine().text,
        "faulty": bob.post("", author="", email="x", website="x y").text,
        "faulty page": cara.post("", author="").text,
        "preview": send(bob, "/embed/news/preview", body="So it would look.").text,
        "twice": bob.post("Is held.").text,
        "edit": send(bob, f"{comments}/{held}/edit", body="").text,
        "deleted": send(bob, f"{comments}/{held}/delete").text,
        "no vote": send(bob, f"{comments}/{reply}/vote", value="1").text,
        "report": ann.client.get(f"{comments}/{stays}/report", headers=ann.headers).text,
        "report page": ann.client.get("/t/news/report", query_string={"comment": stays}).text,
        "unsaid report": send(bob, f"{comments}/{stays}/report").text,
        "no site": ann.client.get("/t/nobody").text,
        "no page": ann.client.get("/t/news").text,
        "recent": ann.client.get("/embed/news/recent").text,
    }
    for rule in Hold:
        change(app, hold=rule)
        texts[f"rule {rule}"] = ann.read().text
    backstage.set(close_after_days=1)
    change(app, created_at=now() - timedelta(days=2))
    texts |= {"closed by age": ann.read().text, "too late": ann.post("Too late.", token="").text}
    change(app, closed_at=now())
    texts |= {"closed": ann.read().text, "closed page": cara.read().text}
    assert {name: outside(text) for name, text in texts.items() if outside(text)} == {}
    assert all("⟦" in text for text in texts.values()), "the test looks at something"


def change(app: Flask, **values: object) -> None:
    """What moderators and time do to a thread."""
    with app.app_context(), writing():
        db.session.execute(update(Thread).values(version=Thread.version + 1, **values))
        db.session.commit()


def send(reader: Reader, address: str, **fields: str) -> TestResponse:
    """Post a form as the script does."""
    data = {"page": reader.page, "key": reader.key or "", "token": reader.token()}
    author = {"author": reader.name, "email": "bob@example.org"}
    return reader.client.post(address, data=data | author | fields, headers=reader.headers)
