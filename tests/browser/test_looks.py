"""How a thread looks, on host pages of several kinds, and what their styles must not break."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit
from tests.browser.test_host_pages import faults_found_by_axe
from tests.parts import PROJECT
from widget.db import db, now, writing
from widget.models import Badge, Comment, Votes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Shaped like what many pages carry: a reset with a framework's defaults behind it; a newspaper's
# theme, which styles bare elements; a reset that leaves nothing as it was.
FRAMEWORK = """<style>
  *, ::before, ::after { box-sizing: border-box }
  body { margin: 0; font: 400 1rem/1.5 system-ui, sans-serif; color: #212529; background: #fff }
  h1, h2, h3, h4 { margin: 0 0 .5rem; font-weight: 500; line-height: 1.2 }
  h2 { font-size: 2rem } h3 { font-size: 1.75rem } a { color: #0d6efd }
  ol, ul { padding-left: 2rem } p { margin: 0 0 1rem } button { border-radius: 0; margin: 0 }
  label { display: inline-block } fieldset { min-width: 0 } legend { float: left; width: 100% }
  summary { display: list-item } textarea { resize: vertical } img { vertical-align: middle }
  main { max-width: 720px; margin: 0 auto; padding: 1rem }
</style>"""
NEWSPAPER = """<style>
  body { margin: 0; font: 20px/1.7 Georgia, serif; color: #222; background: #fbf8f1 }
  main { max-width: 40em; margin: auto; padding: 1em }
  article { border-top: 4px double #000; padding: 2em 0; columns: 2 }
  section { margin: 4em -1em; padding: 0 2em; background: #eee }
  h2, h3 { font: 900 3.5rem/1 Georgia, serif; text-transform: uppercase; border-bottom: 5px solid }
  h3 { float: left; width: 50% } p { text-indent: 2em; text-align: justify; margin: 0 }
  p::first-letter { font-size: 2em } main li { list-style: square; margin: 0 0 1em 3em }
  form { display: flex; flex-wrap: wrap } details { border: 2px solid red; padding: 2em }
  button { text-transform: uppercase; letter-spacing: .2em; background: #a00; color: #fff }
  time { float: right; color: #999 } a { color: #a00; border-bottom: 2px dotted }
  blockquote { font-size: 2em; quotes: none } b { color: #a00 }
  details > summary { list-style: none }
</style>"""
RESET = """<style>
  * { margin: 0; padding: 0; box-sizing: content-box; border: 0; font: inherit; color: inherit }
  button, input, textarea { all: unset } ol, li { list-style: none; display: inline }
  article, section, header { display: table } details, summary { display: inline }
  a { text-decoration: none; outline: none } body { font: 15px/1.4 sans-serif; margin: 8px }
</style>"""
HOSTS = {"plain": "", "framework": FRAMEWORK, "newspaper": NEWSPAPER, "reset": RESET}
# What these must look like, whatever the page says of such elements.
KEPT = {
    ".comment-item": {"list-style-type": "none", "margin-left": "0px", "display": "list-item"},
    ".comment": {"display": "block", "column-count": "auto", "border-top-width": "0px"},
    ".comment-body p": {"text-indent": "0px", "margin-top": "0px", "display": "block"},
    ".comment-thread": {"display": "block", "padding-top": "0px", "border-top-width": "0px"},
    ".comment-form": {"display": "block"},
    ".comment-form-title": {"float": "none", "font-size": "18px"},
    ".comment-form-end .comment-button": {"text-transform": "none", "letter-spacing": "normal"},
    ".comment-permalink time": {"float": "none"},
    ".comment-input-body": {"border-top-width": "1px", "display": "block"},
}
# Everything a browser knows of how each of the page's own elements looks.
OUTSIDE = """() => [...document.querySelectorAll("main > :not(.comments, div, script), main")].map(
  (each) => [...getComputedStyle(each)]
    .filter((name) => !/block-size|height|origin/.test(name))
    .map((name) => `${each.tagName} ${name}: ${getComputedStyle(each)[name]}`).join("; "))"""
LANDMARKS = """<h1>The story</h1><h2>Part</h2><h3>Piece</h3><p class="comment">A
  <a href="/">link</a></p><ol><li>one</li></ol><details><summary>More</summary></details>
  <button>Share</button>
  <article id="other">Other</article><time>Now</time><form><input></form>"""


def furnish(scene: Scene, url: str) -> None:
    """A thread with something of all that is shown."""
    scene.backstage.set(votes=Votes.both)
    first = scene.say(
        url,
        "The minutes are public.\n\n<blockquote>Page 14: “the system was queried”</blockquote>\n"
        "They <em>are</em> worth reading: https://example.org/minutes",
    )
    reply = scene.say(url, "Not all of them. Page 14 is missing online.", "Carl", first)
    scene.say(url, "It is in the <code>annex</code>.", "Dora-Quite-Long-Name", reply)
    pinned = scene.say(url, "Who ordered this?", "Emil")
    with scene.app.app_context(), writing():
        db.session.get_one(Comment, reply).badge = Badge.author
        db.session.get_one(Comment, reply).edited_at = now()
        db.session.get_one(Comment, pinned).pinned_at = now()
        db.session.get_one(Comment, pinned).votes_up = 12
        thread = db.session.get_one(Comment, pinned).thread
        thread.notice = "Please keep to the audit."
        thread.version += 1
        db.session.commit()


def test_it_is_at_home_on_any_page(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = f"{scene.origin}/story"
    furnish(scene, url)
    for name, head in HOSTS.items():
        scene.host_page(head=head, body=f"<main><h1>The story</h1>{scene.tag()}</main>")
        page = visit(url, viewport={"width": 1280, "height": 1000})
        expect(page.locator(".comment")).to_have_count(4)
        for width in (1280, 375, 320):
            page.set_viewport_size({"width": width, "height": 1000})
            picture(page, f"look-{name}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        for selector, wanted in KEPT.items():
            for style, value in wanted.items():
                if (name, style) != ("newspaper", "font-size"):  # a larger page has larger titles
                    expect(page.locator(selector).first).to_have_css(style, value)


def test_a_page_changes_the_look_by_a_property_or_a_plain_rule(scene: Scene, visit: Visit) -> None:
    style = """<style>
      :root { --comments-width: 500px; --comments-faint: rgb(1, 2, 3); --comments-accent: navy }
      a { color: rgb(4, 5, 6) } h2 { color: rgb(7, 8, 9) }
      .comments .comment-meta { font-style: italic } .comments .comment-button { padding: 9px }
    </style>"""
    url = scene.host_page(head=style)
    scene.say(url, "It is at https://example.org/minutes")
    page = visit(url)
    for selector, look, value in (
        (".comments", "width", "500px"),
        (".comment-permalink", "color", "rgb(1, 2, 3)"),
        (".comment-form-end .comment-button >> nth=0", "background-color", "rgb(0, 0, 128)"),
        (".comment-body a", "color", "rgb(4, 5, 6)"),
        (".comments-title", "color", "rgb(7, 8, 9)"),
        (".comment-meta", "font-style", "italic"),
        (".comment-form-end .comment-button >> nth=0", "padding-top", "9px"),
    ):
        expect(page.locator(selector)).to_have_css(look, value)


def test_no_style_leaks_out(scene: Scene, visit: Visit) -> None:
    url = scene.host_page(head=FRAMEWORK, body=f"<main>{LANDMARKS}{scene.tag()}</main>")
    scene.say(url, "The minutes are public.")
    alone = visit(url, before=lambda page: page.route("**/embed.js", lambda route: route.abort()))
    together = visit(url)
    together.get_by_label("Comment *").focus()
    expect(together.locator(".comment-remember")).to_be_visible()
    together.evaluate("document.activeElement.blur()")
    assert together.evaluate(OUTSIDE) == alone.evaluate(OUTSIDE)
    assert len(alone.evaluate(OUTSIDE)) > 9


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}], ids=["light", "dark"])
def test_every_state_is_accessible_in_both_directions(
    options: dict[str, Any], scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    ground = "body { color-scheme: light dark; background: Canvas; color: CanvasText }"
    url = f"{scene.origin}/story"
    furnish(scene, url)
    theme = options.get("color_scheme", "light")
    for lang, direction in (("en", "ltr"), ("ar", "rtl")):
        tag = scene.tag(f'data-lang="{lang}"')
        scene.host_page(
            head=f"<style>{ground}</style>", body=f'<main dir="{direction}">{tag}</main>'
        )
        page = visit(url, viewport={"width": 375, "height": 1200}, **options)
        expect(page.locator(".comments")).to_have_attribute("dir", direction)
        page.locator(".comments-remember").click()
        page.locator(".comment-vote").first.click()
        expect(page.locator(".comment-vote").first).to_have_attribute("aria-pressed", "true")
        scene.say(url, f"What came meanwhile, {lang}.", "Finn")
        page.reload()
        expect(page.locator(".comment-new-label")).to_have_count(1)
        expect(page.locator(".comment-vote").first).to_have_attribute("aria-pressed", "true")
        picture(page, f"thread-{lang}-{theme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert faults_found_by_axe(page) == []


def test_every_property_that_a_page_may_set_is_documented() -> None:
    written = re.compile(r"--comments-[a-z-]+")
    used = {
        name
        for css in PROJECT.glob("static/embed*.css")
        for name in written.findall(css.read_text())
    }
    assert used == set(written.findall((PROJECT / "docs/publishers.md").read_text()))
    assert len(used) > 9
