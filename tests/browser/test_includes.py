"""The recipes of docs/including.md, as they stand there, with the real thing."""

import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, expect

from tests import parts
from tests.browser.conftest import Scene, Visit
from tests.parts import PROJECT, Process, until
from tests.rehearsal import nginx
from widget.web import edge

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GUIDE = (PROJECT / "docs/including.md").read_text()
ADDRESS = "https://news.example.org/2019/03/14/the-database"
STORY = "<p>The audit names forty searches.</p>"
SAID = "The minutes are public."
# An article's first bytes, as its server or its build makes them.
Article = Callable[[], str]


def recipe(heading: str, language: str, scene: Scene, service: str) -> Iterator[str]:
    """The blocks of a section in one language, for the scene's addresses."""
    section = re.split(r"^## ", GUIDE, flags=re.MULTILINE)
    (found,) = [text for text in section if text.startswith(heading)]
    blocks = re.findall(rf"^```{language}\n(.*?)^```", found, re.MULTILINE | re.DOTALL)
    assert blocks, f"{heading} has something in {language}"
    for block in blocks:
        yield (
            block.replace(ADDRESS, f"{scene.origin}/story")
            .replace("https://comments.example.org", service)
            .replace("norwalk-news", "news")
        )


def around(scene: Scene, thread: str) -> str:
    """The page that a recipe is pasted into, with the two lines that go with each of them."""
    look, tag = re.findall(r"^```html\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[:2]
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>The story</title>'
        f'<link rel="icon" href="data:,"><link rel="canonical" href="{scene.origin}/story">'
        f"{look}<body>{STORY}{thread}{tag}"
    )
    return page.replace("https://comments.example.org", scene.service).replace(
        "norwalk-news", "news"
    )


# ------------------------------------------------------------------------------------ the recipes


@pytest.fixture
def servers() -> Iterator[list[Process]]:
    """What a recipe started; stopped when the test ends."""
    started: list[Process] = []
    yield started
    for process in started:
        process.stop()


Recipe = Callable[..., Article]
# How long a recipe is content with what it has.
PATIENCE = re.compile(r"> 30\b")


def by_nginx(
    scene: Scene, service: str, folder: Path, servers: list[Process], *, is_impatient: bool = False
) -> Article:
    """nginx's server-side includes."""
    (blocks,) = recipe("nginx", "nginx", scene, service)
    port = parts.free_port()
    for pattern, replacement in (
        ("/var/cache/nginx", str(folder)),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/srv/www", str(folder / "www")),
    ):
        assert pattern in blocks
        blocks = blocks.replace(pattern, replacement)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"default_type text/html;\n{temporary}{blocks}\n}}\n"
    )
    (thread,) = recipe("nginx", "html", scene, service)
    (folder / "www").mkdir()
    (folder / "www/story.html").write_text(around(scene, thread))
    log = folder / "nginx.log"
    with log.open("wb") as output:
        popen = subprocess.Popen(
            nginx(conf, ["-g", "daemon off;"]), stdout=output, stderr=output, start_new_session=True
        )
    servers.append(Process(popen, log))
    url = f"http://127.0.0.1:{port}/story.html"

    def article() -> str:
        with urlopen(url, timeout=parts.PATIENCE) as answer:
            return str(answer.read().decode())

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(lambda: popen.poll() is not None or listens(), "nginx")
    assert popen.poll() is None, log.read_text()
    return article


def by_php(
    scene: Scene, service: str, folder: Path, servers: list[Process], *, is_impatient: bool = False
) -> Article:
    """PHP's own functions."""
    if shutil.which("php") is None:
        pytest.skip("PHP is not installed")
    function, call = recipe("PHP", "php", scene, service)
    assert "/var/cache/comments" in function
    (folder / "kept").mkdir()
    function = function.replace("/var/cache/comments", str(folder / "kept"))
    if is_impatient:
        function = PATIENCE.sub("> -1", function)
    file = folder / "story.php"
    file.write_text(function + "?>" + around(scene, call))
    return lambda: ran(["php", "-d", "display_errors=stderr", str(file)], folder)


def by_jinja(
    scene: Scene, service: str, folder: Path, servers: list[Process], *, is_impatient: bool = False
) -> Article:
    """A Flask application and its template."""
    (code,) = recipe("Jinja", "python", scene, service)
    (call,) = recipe("Jinja", "jinja", scene, service)
    if is_impatient:
        code = PATIENCE.sub("> -1", code)
    app = Flask("a newspaper")
    exec(compile(code, "including.md", "exec"), {"app": app})
    template = around(scene, call)
    app.add_url_rule("/story", view_func=lambda: render_template_string(template))
    return lambda: app.test_client().get("/story").text


def by_shell(
    scene: Scene, service: str, folder: Path, servers: list[Process], *, is_impatient: bool = False
) -> Article:
    """A static site, built by nothing but a shell."""
    script, build = recipe("A static site", "sh", scene, service)
    file = folder / "thread.sh"
    file.write_text(script)
    file.chmod(0o755)
    top, bottom = around(scene, STORY).split(STORY + STORY)
    (folder / "articles").mkdir()
    for name, text in (("top", top), ("articles/the-database", STORY), ("bottom", bottom)):
        (folder / f"{name}.html").write_text(text)

    def article() -> str:
        ran(["sh", "-c", build], folder)
        return (folder / "public/the-database.html").read_text()

    return article


def ran(command: list[str], folder: Path) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


RECIPES = [by_nginx, by_php, by_jinja, by_shell]


@pytest.fixture(params=RECIPES, ids=lambda recipe: recipe.__name__.removeprefix("by_"))
def by(request: pytest.FixtureRequest) -> Recipe:
    """One of the recipes."""
    found: Recipe = request.param
    return found


# --------------------------------------------------------------------------- what they have to show

WATCH = """
  window.moved = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.moved += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  addEventListener("comments:loaded", () => { window.loaded = true });
  addEventListener("DOMContentLoaded", () => {
    window.first = document.querySelector(".comments");
  });
"""


def test_the_thread_is_in_the_first_byte_and_the_script_only_adds_to_it(
    by: Recipe, scene: Scene, visit: Visit, tmp_path: Path, servers: list[Process]
) -> None:
    number = scene.say(f"{scene.origin}/story", SAID)
    article = by(scene, scene.service, tmp_path, servers)
    first = article()
    assert SAID in first
    assert first.count('<section class="comments"') == 1
    assert 'name="token"' in first
    assert "<noscript>" not in first
    asked = len(scene.threads_asked())
    assert asked == 1
    assert article() == first
    assert len(scene.threads_asked()) == asked or by is by_shell, "it was kept"

    # In a browser it is what it was, and works; without a script it can be read.
    scene.pages["/story"] = ({}, first)
    scene.asked.clear()
    page = visit(f"{scene.origin}/story", before=lambda page: page.add_init_script(WATCH))
    page.wait_for_function("window.loaded")
    assert page.evaluate("first === document.querySelector('.comments') && first.isConnected")
    assert page.evaluate("document.querySelectorAll('.comments').length") == 1
    page.get_by_role("link", name="Reply to Bea").click()
    expect(page.locator(f"#comment-{number} form")).to_be_visible()
    assert fetched(scene) == [], "the thread was there"
    still = visit(f"{scene.origin}/story", java_script_enabled=False)
    expect(still.get_by_text(SAID)).to_be_visible()
    expect(still.locator(".comment-list")).to_have_css("list-style-type", "none")


def test_nothing_moves_when_the_script_comes(scene: Scene, visit: Visit, tmp_path: Path) -> None:
    scene.say(f"{scene.origin}/story", SAID)
    page_bytes = by_jinja(scene, scene.service, tmp_path, [])()
    scene.pages["/story"] = ({}, page_bytes + "<p>The next story</p>")

    def late(page: Page) -> None:
        page.add_init_script(WATCH)
        # The script comes when the page has long been read.
        page.route(
            "**/embed.js", lambda route: (page.wait_for_selector(".comments"), route.continue_())
        )

    page = visit(f"{scene.origin}/story", before=late)
    page.wait_for_function("window.loaded")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.moved") == 0


def fetched(scene: Scene) -> list[str]:
    """Requests for a thread, other than for what is newer than the one at hand."""
    return [line for line in scene.threads_asked() if "since=" not in line]


def test_while_the_service_is_away_the_article_goes_out_with_what_came_last(
    by: Recipe,
    scene: Scene,
    tmp_path: Path,
    servers: list[Process],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene.say(f"{scene.origin}/story", SAID)
    monkeypatch.setattr(
        edge, "CACHE_CONTROL", edge.CACHE_CONTROL.replace("s-maxage=30", "s-maxage=1")
    )
    article = by(scene, scene.service, tmp_path, servers, is_impatient=True)
    assert SAID in article()
    scene.asked.clear()
    with scene.backstage.database_away():

        def is_asked_again() -> bool:
            assert SAID in article()
            return bool(scene.threads_asked())

        until(is_asked_again, "the service to be asked anew")
        assert SAID in article()


def test_without_an_answer_the_article_goes_out_without_the_thread(
    by: Recipe, scene: Scene, tmp_path: Path, servers: list[Process]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls, and never answers
        nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
        article = by(scene, nobody, tmp_path, servers)()
    assert STORY in article
    assert "<section" not in article
    assert f'src="{scene.service}/embed.js"' in article
    if by is not by_shell:
        assert re.search(r'<noscript><a href="http://[^"]+/t/news\?page=', article)
