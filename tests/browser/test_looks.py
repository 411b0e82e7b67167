"""How a thread looks, on host pages of several kinds, and what their styles must not break."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit
from widget.models import Votes

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
  blockquote { font-size: 2em; quotes: none } b { color: #a00 } details > summary { list-style: none }
</style>"""
RESET = """<style>
  * { margin: 0; padding: 0; box-sizing: content-box; border: 0; font: inherit; color: inherit }
  button, input, textarea { all: unset } ol, li { list-style: none; display: inline }
  article, section, header { display: table } details, summary { display: inline }
  a { text-decoration: none; outline: none } body { font: 15px/1.4 sans-serif; margin: 8px }
</style>"""
HOSTS = {"plain": "", "framework": FRAMEWORK, "newspaper": NEWSPAPER, "reset": RESET}


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
    scene.say(url, "Who ordered this?", "Emil")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_it_is_at_home_on_any_page(
    host: str, width: int, scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = scene.host_page(head=HOSTS[host], body=f"<main><h1>The story</h1>{scene.tag()}</main>")
    furnish(scene, url)
    page = visit(url, viewport={"width": width, "height": 2000})
    expect(page.locator(".comment")).to_have_count(4)
    picture(page, f"look-{host}-{width}")
