"""The script and the style, as they are served."""

import gzip
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from rcssmin import cssmin
from rjsmin import jsmin
from werkzeug.test import TestResponse

from tests.parts import PROJECT, SECRET
from widget.app import create_app
from widget.publishing import assets

SCRIPTS = [name for name in assets.NAMES if name.endswith(".js")]
STYLES = [name for name in assets.NAMES if name.endswith(".css")]
DECODE: dict[str | None, Callable[[bytes], bytes]] = {
    "br": brotli.decompress, "gzip": gzip.decompress, None: bytes,
}  # fmt: skip
LIMIT = 8_192
NODE = shutil.which("node", path=f"{PROJECT / '.venv/bin'}:{os.environ['PATH']}") or "node"
# Prints a program's tree without places, so that only what it says is compared. Node has the
# parser for its own use.
PARSE = """
const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
const place = new Set(["start", "end"]);
const source = require("fs").readFileSync(0, "utf8");
const tree = parse(source, { ecmaVersion: "latest", sourceType: "module" });
process.stdout.write(JSON.stringify(tree, (key, value) => place.has(key) ? undefined
  : typeof value === "bigint" || value instanceof RegExp ? String(value) : value));
"""


@pytest.fixture
def away(tmp_path: Path) -> dict[str, Any]:
    """Settings of a service whose database is no database."""
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    return {
        "database_url": f"sqlite:///{nothing}",
        "redis_url": "redis://127.0.0.1:9",
        "secret_key": SECRET,
        "data": tmp_path,
    }


@pytest.fixture
def app(away: dict[str, Any]) -> Flask:
    """A service with nothing behind it: that is all it takes."""
    return create_app(**away)


@pytest.fixture
def files(app: Flask, tmp_path: Path) -> Path:
    """A folder to serve from."""
    folder = tmp_path / "static"
    folder.mkdir()
    app.static_folder = str(folder)
    return folder


def get(client: FlaskClient, url: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(url, headers=named)


@pytest.mark.parametrize("name", assets.NAMES)
def test_any_page_may_load_it_in_the_coding_it_accepts(name: str, client: FlaskClient) -> None:
    plain = get(client, f"/{name}", Accept_Encoding="identity").data
    for accepted, coding in {"gzip, br": "br", "gzip": "gzip", "": None, "br;q=0": None}.items():
        answer = get(client, f"/{name}", Accept_Encoding=accepted, Origin="https://any.example")
        assert answer.status_code == 200
        assert answer.headers.get("Content-Encoding") == coding
        assert DECODE[coding](answer.data) == plain
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        kind = "text/javascript" if name.endswith("js") else "text/css"
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert client.head(f"/{name}").data == b""


def test_script_and_style_together_weigh_at_most_eight_kilobytes(client: FlaskClient) -> None:
    weights = {
        name: len(get(client, f"/{name}", Accept_Encoding="br").data)
        for name in ("embed.js", "embed.css")
    }
    assert sum(weights.values()) <= LIMIT, weights


def test_each_coding_has_a_validator_of_its_own(client: FlaskClient) -> None:
    etags = set()
    for coding in ("br", "gzip", "identity"):
        etag = get(client, "/embed.js", Accept_Encoding=coding).headers["ETag"]
        assert not etag.startswith("W/")
        for known in (etag, f"W/{etag}", f'"x", {etag}'):  # a proxy may weaken it
            again = get(client, "/embed.js", Accept_Encoding=coding, If_None_Match=known)
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["Access-Control-Allow-Origin"] == "*"
            assert again.headers["Cache-Control"]
        etags.add(etag)
    assert len(etags) == 3


def test_under_its_hash_it_is_kept_for_good_and_under_any_other_name_for_minutes(
    client: FlaskClient, app: Flask
) -> None:
    with app.app_context():
        found = assets.read("embed.js")
    assert found
    kept = get(client, f"/embed.js?v={found.version}").cache_control
    assert (kept.max_age, "immutable" in kept, kept.public) == (31_536_000, True, True)
    for name in ("/embed.js", "/embed.js?v=", "/embed.js?v=0123456789abcdef", "/embed.js?x=1"):
        kept = get(client, name).cache_control
        assert (kept.max_age, kept.public) == (300, True), name
        assert "immutable" not in kept


def test_a_changed_file_is_served_at_once_and_in_development_asked_for_each_time(
    client: FlaskClient, files: Path, away: dict[str, Any]
) -> None:
    file = files / "embed.js"
    file.write_text("// old\nsay('old');\n")
    before = get(client, "/embed.js", Accept_Encoding="br")
    file.write_text("say('new');\n")
    os.utime(file, ns=(0, 0))  # even one with an older date
    after = get(client, "/embed.js", Accept_Encoding="br")
    assert (brotli.decompress(before.data), brotli.decompress(after.data)) == (
        b"say('old');",
        b"say('new');",
    )
    assert before.headers["ETag"] != after.headers["ETag"]
    developing = create_app(**away, development=True).test_client()
    assert developing.get("/embed.js").headers["Cache-Control"] == "no-cache"


def test_a_file_that_is_not_there_is_404_and_no_other_file_is_served(
    client: FlaskClient, files: Path
) -> None:
    (files / "secret.js").write_text("1")
    for name in ("embed.js", "embed-write.css", "secret.js", "../pyproject.toml"):
        assert get(client, f"/{name}").status_code == 404


# -------------------------------------------------------------------------------- smaller, the same


def tree(script: str) -> Any:
    """What a script says, as Node's parser reads it."""
    command = [NODE, "--expose-internals", "-e", PARSE]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_minified_script_is_the_same_program(name: str, client: FlaskClient) -> None:
    source = (PROJECT / "static" / name).read_text()
    served = get(client, f"/{name}", Accept_Encoding="identity").text
    assert tree(source)["body"]
    assert tree(served) == tree(source)
    assert len(served) < len(source)
    assert not re.search(r"^\s*//", served, re.MULTILINE)


def test_the_comparison_of_programs_finds_what_a_minifier_could_break() -> None:
    for source, broken in {
        "a = `x  ${y}`": "a = `x ${y}`",
        "a = /x  y/": "a = /x y/",
        "a = b\n++c": "a = b++c",
        "a = x?.y": "a = x ? .5 : y",
    }.items():
        assert tree(source) != tree(broken)
    assert tree("a  =  b // c\n") == tree("a=b")
    assert jsmin("const a = `x  ${b?.c} // y`; // z") == "const a=`x  ${b?.c} // y`;"


def test_a_minified_style_has_the_same_rules(client: FlaskClient, browser: Browser) -> None:
    # What a custom property holds is told as it was written.
    rules = """css => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        return [...sheet.cssRules].map((rule) => rule.cssText.replace(/,\\s+/g, ","));
    }"""
    page = browser.new_page()
    for name in STYLES:
        source = (PROJECT / "static" / name).read_text()
        served = get(client, f"/{name}", Accept_Encoding="identity").text
        assert "/*" not in served
        assert page.evaluate(rules, served) == page.evaluate(rules, source)
    spaced, broken = "a { width: calc(1px + 2em) }", "a { width: calc(1px +2em) }"
    assert page.evaluate(rules, cssmin(spaced)) == page.evaluate(rules, spaced)
    assert page.evaluate(rules, broken) != page.evaluate(rules, spaced)
    page.close()
