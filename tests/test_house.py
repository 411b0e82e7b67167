"""The walls of the house that no linter sees, read off its sources."""

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.parts import PROJECT
from widget import models  # noqa: F401 (the metadata must know every table)
from widget.db import Base

WIDGET = PROJECT / "widget"
TEMPLATES = WIDGET / "templates"
MAX_FILE = 300
MAX_FUNCTION = 40
# What commands make, and what belongs to whoever runs them.
NOT_OURS = {".git", ".venv", ".hypothesis", "build", "dist", "node_modules", "secrets", "var"}
# Accounts are not one site's; a membership, which has a site_id, gives them a place at one.
OF_NO_SITE = {
    *("site", "moderator", "security_role", "moderator_security_role"),
    *("passkey", "desk_session", "saved_filter"),
}
# What all sites taught the spam filter together has no site.
OF_ALL_SITES = {"spam_model"}


def modules() -> dict[str, str]:
    """Our sources by their path under widget/; Alembic writes the migrations."""
    files = {str(file.relative_to(WIDGET)): file for file in sorted(WIDGET.rglob("*.py"))}
    return {
        name: file.read_text() for name, file in files.items() if not name.startswith("migrations/")
    }


def texts_of_the_project() -> Iterator[tuple[str, str]]:
    """Every file that is text and ours, wherever it lies."""
    for folder, below, names in os.walk(PROJECT):
        below[:] = [
            name
            for name in below
            if name not in NOT_OURS and not name.endswith(("cache", "cache__", ".egg-info"))
        ]
        for file in (Path(folder, name) for name in names):
            try:
                yield str(file.relative_to(PROJECT)), file.read_text(encoding="utf-8")
            except UnicodeDecodeError:  # a picture
                continue


# ----------------------------------------------------------------------- what to look for in a file


def commits(source: str) -> list[int]:
    """Lines that commit."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    ]


def marks_up(source: str) -> list[int]:
    """Lines that import or name Markup, under whatever name it is used then."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.ImportFrom) and any(name.name == "Markup" for name in node.names))
        or (isinstance(node, ast.Attribute) and node.attr == "Markup")
    ]


def changes_a_status(source: str) -> list[int]:
    """Lines that assign a status, or write one into the database."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and node.attr in {"status", "status_before"}
        )
        or (isinstance(node, ast.Call) and _writes_a_status(node))
    ]


def _writes_a_status(call: ast.Call) -> bool:
    what = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    maker = call.func.id if isinstance(call.func, ast.Name) else ""
    named: set[object] = {keyword.arg for keyword in call.keywords}
    named |= {
        key.value if isinstance(key, ast.Constant) else getattr(key, "attr", "")
        for given in call.args
        if isinstance(given, ast.Dict)
        for key in given.keys
    }
    if what in {"values", "update"} or maker in {"Comment", "insert_if_absent"}:
        return bool(named & {"status", "status_before"})
    literals = {given.value for given in call.args if isinstance(given, ast.Constant)}
    return maker == "setattr" and bool(literals & {"status", "status_before"})


def long_functions(source: str) -> list[int]:
    """Lines where a function begins that is too long."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION
    ]


def trusts_a_template(source: str) -> list[int]:
    """Lines of a template where something is passed through unescaped."""
    return _lines(r"\|\s*safe\b|autoescape\s+false|\bMarkup\b", source)


def styles_inline(source: str) -> list[int]:
    """Lines that a strict Content-Security-Policy of a host page would refuse."""
    script = r"<script(?![^>]*\s(?:src=|type=\"application/ld\+json\"))"  # that is data: never run
    return _lines(rf"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|{script}", source)


def touches_cookies(source: str) -> list[int]:
    """Lines of a script that read or set cookies."""
    return _lines(r"\bcookie\b|\bcookieStore\b|credentials:\s*[\"']include", source)


def asks_others(source: str) -> list[int]:
    """Lines of a browser's file with an address elsewhere than in examples and name spaces."""
    return _lines(r"(?:https?:)?//(?!comments\.example\.org\b|www\.w3\.org/)[\w-]+\.\w", source)


def _lines(pattern: str, source: str) -> list[int]:
    return [
        number
        for number, line in enumerate(source.splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]


@pytest.mark.parametrize(
    ("find", "wrong", "right"),
    [
        (commits, "db.session.commit()", "db.session.flush()"),
        (marks_up, "from markupsafe import Markup as M", "from markupsafe import escape"),
        (marks_up, "markupsafe.Markup(x)", "clean(x)"),
        (changes_a_status, "comment.status = spam", "seen = comment.status"),
        (changes_a_status, "comment.status_before: str = spam", "comment.status == spam"),
        (changes_a_status, "update(Comment).values(status=spam)", "select(x).filter_by(status=1)"),
        (changes_a_status, "q.update({Comment.status: spam})", "q.update({Comment.shown: True})"),
        (changes_a_status, "q.values({'status': spam})", "render(x, status=409)"),
        (changes_a_status, "Comment(status=spam)", "Comment(body='status')"),
        (changes_a_status, "setattr(row, 'status', spam)", "getattr(row, 'status')"),
        (long_functions, "def f():\n" + " 1\n" * MAX_FUNCTION, "def f():\n" + " 1\n" * 39),
        (trusts_a_template, "{{ body | safe }}", "{{ body|safely }}"),
        (trusts_a_template, "{% autoescape false %}", "{{ body }}"),
        (styles_inline, '<p class="a" style="color: red">', '<p class="style">'),
        (styles_inline, "<style>", '<link rel="stylesheet" href="/a.css">'),
        (styles_inline, '<a onclick="go()">', '<a data-only="1">'),
        (styles_inline, "<script>go()</script>", '<script async src="/a.js"></script>'),
        (touches_cookies, "document.cookie", 'credentials: "omit"'),
        (asks_others, 'fetch("https://cdn.example.net/x.js")', 'fetch("/x.js") // a comment'),
        (asks_others, "url(//fonts.example.net/a)", "https://comments.example.org/embed.js"),
    ],
)
def test_what_looks_for_faults_finds_them(
    find: Callable[[str], list[int]], wrong: str, right: str
) -> None:
    assert find(wrong)
    assert not find(right)


# -------------------------------------------------------------------------------------- the walls


def at_fault(find: Callable[[str], list[int]], files: dict[str, str]) -> list[str]:
    """Where `find` finds something, as an editor understands it."""
    assert files, "there is something to look at"
    return [f"{name}:{line}" for name, source in files.items() for line in find(source)]


def test_only_the_edges_commit() -> None:
    inner = {
        name: source
        for name, source in modules().items()
        if not name.startswith(("jobs/", "web/", "cli/"))
    }
    assert at_fault(commits, inner) == []


def test_only_the_sanitizer_makes_markup() -> None:
    others = {name: source for name, source in modules().items() if name != "sanitize.py"}
    assert at_fault(marks_up, others) == []


def test_no_template_passes_anything_through() -> None:
    assert at_fault(trusts_a_template, files(TEMPLATES, "**/*")) == []


def test_only_moves_change_a_status() -> None:
    others = {name: text for name, text in modules().items() if name != "moderation/moves.py"}
    assert at_fault(changes_a_status, others) == []
    assert at_fault(changes_a_status, modules()), "or nobody would"


def test_whatever_belongs_to_a_site_says_to_which() -> None:
    tables = {name: table for name, table in Base.metadata.tables.items() if name not in OF_NO_SITE}
    assert {"comment", "thread", "decision", "membership"} <= tables.keys()
    for name, table in tables.items():
        assert "site_id" in table.columns, f"{name} has no site_id"
        column = table.columns["site_id"]
        assert column.nullable == (name in OF_ALL_SITES), f"{name}.site_id may be empty"
        assert [key.target_fullname for key in column.foreign_keys] == ["site.id"], name


def test_no_room_is_crowded() -> None:
    lengths = {name: len(source.splitlines()) for name, source in modules().items()}
    lengths |= {name: len(source.splitlines()) for name, source in files(TEMPLATES, "**/*").items()}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE} == {}
    assert at_fault(long_functions, modules()) == []


def test_spam_checks_do_nothing_but_compute() -> None:
    checks = [source for name, source in modules().items() if name.startswith("spam/checks/")]
    imported = {
        name
        for source in checks
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "re" in imported
    reaching_out = {"aiohttp", "asyncio", "flask", "ftplib", "http", "httpx", "os", "pathlib"}
    reaching_out |= {"redis", "requests", "rq", "shutil", "smtplib", "socket", "sqlalchemy"}
    reaching_out |= {"sqlite3", "ssl", "subprocess", "tempfile", "urllib", "urllib3"}
    pure = {"urllib.parse"}
    assert {name for name in imported - pure if name.split(".")[0] in reaching_out} == set()


def test_sources_name_no_package_registry() -> None:
    # Where packages come from is for whoever installs to say: pip and npm are configured for that.
    hosts = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com"]
    hosts += ["yarn" + "pkg.com", "un" + "pkg.com", "js" + "delivr.net", "cdn" + "js.com"]
    hosts += ["crates" + ".io", "ruby" + "gems.org", "ghcr" + ".io", "quay" + ".io"]
    hosts += ["docker" + ".io", "docker" + ".com", "proxy.go" + "lang.org"]
    found = re.compile("|".join(map(re.escape, hosts)), re.IGNORECASE)
    seen = dict(texts_of_the_project())
    assert {"README.md", "Makefile", "requirements.txt", "static/embed.js", ".npmrc"} <= seen.keys()
    assert [name for name, text in seen.items() if found.search(text)] == []


def files(folder: Path, *patterns: str) -> dict[str, str]:
    """Files of a folder, by their path in the project."""
    found = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    return {str(file.relative_to(PROJECT)): file.read_text() for file in found if file.is_file()}


def test_scripts_have_no_cookies_and_ask_nobody_else() -> None:
    assert at_fault(touches_cookies, files(PROJECT / "static", "*.js")) == []
    assert at_fault(asks_others, files(PROJECT / "static", "*")) == []
    assert at_fault(asks_others, files(TEMPLATES, "embed/*", "desk/*", "*.html")) == []


def test_what_is_embedded_needs_nothing_that_a_strict_host_page_forbids() -> None:
    pages = files(TEMPLATES, "embed/*", "desk/*", "*.html")
    assert at_fault(styles_inline, pages | files(PROJECT / "static", "embed.*")) == []
