"""What is published while somebody reads: told quietly, shown when wanted, asked for cheaply.

The browser's clock stands still in these tests until they wind it, so no wait is left to chance.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from tests.browser.test_reading import TALL, comment, movements, watch_movements

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

# The script that looks for what is new is here, and knows whether the thread is on screen.
LOOK_ROUND = """async (service) => {
  await import(`${service}/embed-more.js`);
  const thread = document.querySelector(".comments");
  await new Promise((done) => new IntersectionObserver(done).observe(thread));
  await fetch(`${service}/embed.js`, { cache: "reload" });
}"""

COUNT_TIMERS = """
  window.timers = 0;
  const wait = window.setTimeout;
  window.setTimeout = (...all) => (window.timers++, wait(...all));
"""


def looks(scene: Scene) -> list[str]:
    """Each time that somebody asked what is new."""
    return [line for line in scene.threads_asked() if "since=" in line]


def wind(page: Page, seconds: int, *, asks: bool = True) -> None:
    """Let time go by; where that makes the script ask, its answer is here afterwards."""
    if not asks:
        page.clock.run_for(seconds * 1000)
        return
    timers = page.evaluate("timers")
    with page.expect_response("**/thread?*since=*"):
        page.clock.run_for(seconds * 1000)
    page.wait_for_function(f"timers > {timers}")  # the next look is set


def stopped(page: Page) -> None:
    """Stop the clock, and note what moves and what waits for its time."""
    page.clock.install()
    page.add_init_script(COUNT_TIMERS)
    watch_movements(page)


@pytest.fixture
def read(scene: Scene, visit: Visit) -> Callable[..., Page]:
    """Open the story in a browser whose clock stands still."""

    def open_story(attributes: str = "", *, before: str = "", **options: Any) -> Page:
        url = scene.host_page(body=before + scene.tag(attributes))
        page = visit(url, before=stopped, **options)
        expect(page.locator(".comments")).to_be_attached()
        return page

    return open_story


@on_phone_and_desktop
def test_what_arrives_is_told_once_and_shown_where_it_belongs_when_i_ask(
    scene: Scene, read: Callable[..., Page]
) -> None:
    url = f"{scene.origin}/story"
    first = scene.say(url, "The minutes are public.")
    other = scene.say(url, "Who ordered this? " * 200)
    page = read()
    expect(comment(page, other)).to_be_visible()
    reply = scene.say(url, "Not all of them.", "Carl", first)
    wind(page, 31)
    button = page.get_by_role("button", name="1 new comment", exact=True)
    expect(button).to_be_visible()
    expect(button).to_be_in_viewport()
    expect(page.get_by_role("status")).to_have_text("1 new comment")
    expect(page.locator(".comment")).to_have_count(2)
    page.evaluate("document.querySelector('[role=status]').textContent = ''")
    last = scene.say(url, "The council did.", "Dora")
    wind(page, 31)
    both = page.get_by_role("button", name="2 new comments")
    expect(both).to_be_visible()
    expect(page.get_by_role("status")).to_be_empty()
    assert movements(page) == []
    asked = len(looks(scene))
    both.click()
    expect(comment(page, reply)).to_be_focused()
    expect(comment(page, reply)).to_be_in_viewport()
    expect(comment(page, first).locator(f"#comment-{reply}")).to_have_count(1)
    expect(page.locator(".comment-list > li:last-child > article")).to_have_id(f"comment-{last}")
    expect(both).to_have_count(0)
    assert len(looks(scene)) == asked, "it was here already"
    expect(page.get_by_role("heading", name="4 comments")).to_be_visible()
    scene.say(url, "Thank you.")
    wind(page, 31)
    expect(button).to_be_visible()


def test_it_asks_less_often_while_nothing_comes_and_costs_no_answer(
    scene: Scene, read: Callable[..., Page]
) -> None:
    scene.say(f"{scene.origin}/story", "The minutes are public.")
    page = read()
    expect(page.locator(".comment")).to_have_count(1)
    wind(page, 29, asks=False)
    assert looks(scene) == []
    wind(page, 1)
    for pause in (60, 120, 240, 300, 300):
        number = len(looks(scene))
        wind(page, pause - 1, asks=False)
        assert len(looks(scene)) == number
        wind(page, 1)
    again = looks(scene)
    assert len(set(again)) == 1, "one address, so that a cache can answer"
    assert scene.unchanged[-5:] == again[1:]


def test_it_asks_only_while_somebody_looks(scene: Scene, read: Callable[..., Page]) -> None:
    scene.say(f"{scene.origin}/story", "The minutes are public.")
    page = read('data-lazy="off" data-poll="5"', before=TALL)
    expect(page.locator(".comment")).to_have_count(1)
    for _ in range(2):
        wind(page, 60, asks=False)
        page.evaluate(LOOK_ROUND, scene.service)
    assert looks(scene) == [], "it is below the fold"
    with page.expect_response("**/thread?*since=*"):
        page.locator(".comments").scroll_into_view_if_needed()
    page.evaluate(HIDE, arg=True)
    wind(page, 60, asks=False)
    assert len(looks(scene)) == 1
    with page.expect_response("**/thread?*since=*"):
        page.evaluate(HIDE, arg=False)
    page = read('data-lazy="off" data-poll="0"')
    expect(page.locator(".comment")).to_have_count(1)
    wind(page, 3600, asks=False)
    assert len(looks(scene)) == 2


def test_it_waits_as_long_as_the_service_wants(scene: Scene, read: Callable[..., Page]) -> None:
    url = f"{scene.origin}/story"
    first = scene.say(url, "The minutes are public.")
    page = read('data-poll="5"')
    expect(comment(page, first)).to_be_visible()
    asked: list[Route] = []

    def refuse(route: Route) -> None:
        asked.append(route)
        headers = {
            "Retry-After": "1000",
            "Content-Type": "text/html",
            "Access-Control-Allow-Origin": scene.origin,
            "Access-Control-Expose-Headers": "Retry-After",
        }
        route.fulfill(status=503, headers=headers, body="<p>Please wait.</p>")

    page.route("**/thread?*since=*", refuse)
    wind(page, 5)
    wind(page, 998, asks=False)
    assert len(asked) == 1
    wind(page, 2)
    assert len(asked) == 2
    expect(page.get_by_text("Please wait.")).to_have_count(0)
