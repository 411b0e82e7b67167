"""What the script spares a reader: page loads, lost places, sums about dates, moving text."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import PHONE, Scene, Visit, on_phone_and_desktop
from widget.db import db, writing
from widget.models import Comment
from widget.publishing import replies

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TALL = "<p style='height: 3000px'>The story</p>"
# All that a page can leave in a browser.
LEFT_BEHIND = """async () => [
    localStorage.length, sessionStorage.length, document.cookie,
    (await indexedDB.databases()).length, (await caches.keys()).length
]"""
NOTHING = [0, 0, "", 0, 0]
OBSERVE = """
  window.moved = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      moved.push([value, hadRecentInput, sources.map(({ node }) => node?.outerHTML?.slice(0, 90))]);
  }).observe({ type: "layout-shift", buffered: true });
"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
THREAD_HAS_COME = """() => performance.getEntriesByType("resource")
    .some(({ name }) => name.includes("/thread?"))"""
# The script waits for its style for two seconds; here, for as long as it takes.
PATIENT = """
  const wait = window.setTimeout;
  window.setTimeout = (then, pause, ...all) => (pause === 2000 ? 0 : wait(then, pause, ...all));
"""


def comment(page: Page, number: int) -> Locator:
    """The comment with this id."""
    return page.locator(f"#comment-{number}")


def expect_order(page: Page, numbers: list[int]) -> None:
    """These comments are there, in this order, and no others."""
    found = page.locator(".comment")
    expect(found).to_have_count(len(numbers))
    names = found.evaluate_all("all => all.map(({ id }) => id)")
    assert names == [f"comment-{number}" for number in numbers]


def watch_movements(page: Page) -> None:
    """Note whatever moves."""
    page.add_init_script(OBSERVE)


def dress_late(page: Page) -> None:
    """Note whatever moves, and let the style come when the thread is long there."""

    def dress(route: Route) -> None:
        page.wait_for_function(THREAD_HAS_COME)
        page.evaluate(TWO_FRAMES)
        route.continue_()

    watch_movements(page)
    page.add_init_script(PATIENT)
    page.route("**/embed.css", dress)


def movements(page: Page) -> list[Any]:
    """What moved by itself since the page began; what is drawn now counts."""
    page.evaluate(TWO_FRAMES)
    moved: list[Any] = page.evaluate("moved")
    return [each for each in moved if not each[1]]


@on_phone_and_desktop
def test_a_permalink_opens_the_right_page_of_a_long_thread(scene: Scene, visit: Visit) -> None:
    url = scene.host_page(body=TALL + scene.tag() + TALL)
    scene.backstage.set(page_size=2)
    numbers = [scene.say(url, f"{n} words " * 100) for n in range(6)]
    reply = scene.say(url, "It is in the annex.", "Carl", numbers[4])
    page = visit(f"{url}#comment-{reply}")
    expect(comment(page, reply)).to_be_focused()
    expect(comment(page, reply)).to_be_in_viewport()
    expect(comment(page, reply)).to_have_class("comment comment-target")
    expect_order(page, [numbers[4], reply, numbers[5]])
    assert len(scene.threads_asked()) == 1, "it does not wait until somebody scrolls there"

    page.get_by_label("Comment *").fill("Half a thought")
    page.evaluate(f"location.hash = 'comment-{numbers[1]}'")
    expect(comment(page, numbers[1])).to_be_focused()
    expect(comment(page, numbers[1])).to_be_in_viewport()
    expect(page.get_by_label("Comment *")).to_have_value("Half a thought")
    page.get_by_role("link", name="More comments").click()
    expect(comment(page, numbers[3])).to_be_visible()
    asked = len(scene.threads_asked())
    permalink = comment(page, numbers[3]).locator(".comment-permalink")
    permalink.click()
    expect(comment(page, numbers[3])).to_be_focused()
    assert page.url.endswith(f"#comment-{numbers[3]}")
    assert len(scene.threads_asked()) == asked, "it was here already"

    page.go_back()
    expect(comment(page, numbers[1])).to_be_focused()
    page.get_by_role("link", name="Earlier comments").click()
    expect(comment(page, numbers[0])).to_be_focused()
    page.evaluate("location.hash = 'comment-999'")
    expect(page.locator(".comments-gone")).to_be_focused()
    expect(page.get_by_label("Comment *")).to_have_value("Half a thought")


@on_phone_and_desktop
def test_what_is_collapsed_opens_for_who_is_sent_there(scene: Scene, visit: Visit) -> None:
    scene.backstage.set(depth=2)
    url = scene.host_page()
    first = scene.say(url, "The minutes are public.")
    reply = scene.say(url, "Not all of them.", "Carl", first)
    deep = scene.say(url, "Page 14.", "Dora", reply)
    page = visit(url)
    page.get_by_text("2 replies").click()
    expect(comment(page, deep)).to_be_hidden()
    page.evaluate(f"location.hash = 'comment-{deep}'")
    expect(comment(page, deep)).to_be_focused()
    comment(page, deep).get_by_role("link", name="in reply to Carl").click()
    expect(comment(page, reply)).to_be_focused()
    expect(page.locator(".comment-target")).to_have_count(1)


@on_phone_and_desktop
def test_the_order_is_remembered_once_i_chose_one(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    numbers = [scene.say(url, f"Comment number {n}") for n in range(3)]
    page = visit(url)
    page.get_by_label("Comment *").fill("Half a thought")
    newest = page.get_by_role("link", name="Newest first")
    newest.click()
    expect(newest).to_have_attribute("aria-current", "true")
    expect(newest).to_be_focused()
    expect_order(page, numbers[::-1])
    assert page.url == url
    expect(page.get_by_label("Comment *")).to_have_value("Half a thought")
    page.get_by_label("Comment *").fill("")
    page.reload()
    expect(newest).to_have_attribute("aria-current", "true")
    expect_order(page, numbers[::-1])
    other = visit(url)
    expect(other.get_by_role("link", name="Oldest first")).to_have_attribute("aria-current", "true")


@on_phone_and_desktop
def test_more_replies_come_to_where_they_belong(
    scene: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "SHOWN", 2)
    monkeypatch.setattr(replies, "NEXT", 2)
    url = scene.host_page()
    first = scene.say(url, "The minutes are public.")
    one = scene.say(url, "Not all of them.", "Carl", first)
    inner = scene.say(url, "Page 14.", "Dora", one)
    also = scene.say(url, "And page 15.", "Emil", one)
    two = scene.say(url, "Who ordered this?", "Finn", first)
    last = scene.say(url, "The council did.", "Gina", two)
    other = scene.say(url, "Thank you.")
    page = visit(url)
    expect_order(page, [first, one, inner, other])
    more = page.locator(".comment-replies-more")
    page.route("**/thread?*under=*", lambda route: route.abort(), times=1)
    more.click()
    expect(page.locator(".comment-refused")).to_contain_text("could not be loaded")
    more.click()
    expect(comment(page, also)).to_be_focused()
    expect(page.locator(".comment-refused")).to_have_count(0)
    while more.count():
        more.click()
        expect(more.and_(page.locator("[aria-busy]"))).to_have_count(0)
    expect_order(page, [first, one, inner, also, two, last, other])
    for number, above in ((inner, one), (also, one), (last, two), (two, first)):
        expect(comment(page, above).locator(f"#comment-{number}")).to_have_count(1)

    page = visit(f"{url}#comment-{last}")
    expect(comment(page, last)).to_be_focused()
    page.locator(".comment-replies-earlier").click()
    expect(comment(page, one)).to_be_focused()
    expect_order(page, [first, one, inner, other])


def test_more_replies_come_behind_the_last_where_all_stand_on_one_level(
    scene: Scene, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "SHOWN", 1)
    monkeypatch.setattr(replies, "NEXT", 2)
    url = scene.host_page()
    scene.backstage.set(depth=1)
    first = scene.say(url, "The minutes are public.")
    answers = [scene.say(url, f"Page {n}.", "Carl", first) for n in range(4)]
    other = scene.say(url, "Thank you.")
    page = visit(url)
    expect_order(page, [first, answers[0], other])
    more = page.locator(".comment-replies-more")
    more.click()
    expect_order(page, [first, *answers[:3], other])
    more.click()
    expect_order(page, [first, *answers, other])
    expect(more).to_have_count(0)


def test_where_a_site_wants_it_more_comes_while_i_scroll(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    scene.backstage.set(page_size=2, infinite_scroll=True)
    numbers = [scene.say(url, f"{n} words " * 700) for n in range(6)]
    page = visit(url, **PHONE)
    expect(comment(page, numbers[1])).to_be_attached()
    expect(comment(page, numbers[5])).not_to_be_attached()
    for number in numbers[1::2]:
        comment(page, number).evaluate("comment => comment.scrollIntoView(false)")
    expect(comment(page, numbers[5])).to_be_attached()
    expect_order(page, numbers)
    expect(page.locator(":focus")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "zone", "told"),
    [
        ("en-US", "America/New_York", ("now", r"^\d+ years ago$", "March 14, 2019 at 11:11 am")),
        ("de-DE", "Europe/Berlin", ("jetzt", r"^vor \d+ Jahren$", "14. März 2019 um 16:11")),
    ],
)
def test_times_are_told_in_my_language_and_zone(
    locale: str, zone: str, told: tuple[str, str, str], scene: Scene, visit: Visit
) -> None:
    just_now, ago, exactly = told
    url = scene.host_page()
    old, new = scene.say(url, "The minutes are public."), scene.say(url, "Who ordered this?")
    with scene.app.app_context(), writing():
        comment_ = db.session.get_one(Comment, old)
        comment_.created_at = datetime(2019, 3, 14, 15, 11, tzinfo=UTC)
        comment_.thread.version += 1
        db.session.commit()
    page = visit(url, locale=locale, timezone_id=zone)
    time = comment(page, old).locator("time")
    expect(time).to_have_text(re.compile(ago))
    expect(time).to_have_attribute("title", exactly)
    expect(time).to_have_attribute("lang", locale)
    expect(comment(page, new).locator("time")).to_have_text(just_now)
    shown = "time => getComputedStyle(time, '::after').content"
    assert time.evaluate(shown) == "none"
    page.keyboard.press("Tab")
    while not time.locator("..").evaluate("link => link.matches(':focus-visible')"):
        page.keyboard.press("Tab")
    assert exactly in time.evaluate(shown)


def test_reading_leaves_nothing_in_the_browser_and_asks_nobody_else(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page()
    scene.backstage.set(page_size=2)
    first = scene.say(url, "The minutes are public.")
    scene.say(url, "Not all of them.", "Carl", first)
    for number in range(3):
        scene.say(url, f"{number} words " * 300)
    hosts: set[str] = set()

    def before(page: Page) -> None:
        def note(request: Request) -> None:
            hosts.add("/".join(request.url.split("/")[:3]))

        page.on("request", note)

    page = visit(url, before=before)
    expect(comment(page, first)).to_be_visible()
    assert scene.asked[:1] == ["GET /embed.js"]
    assert [line.partition("?")[0] for line in scene.asked[1:]] in (
        ["GET /embed.css", "GET /embed/news/thread"],
        ["GET /embed/news/thread", "GET /embed.css"],
    )
    page.get_by_text("1 reply").click()
    page.get_by_role("link", name="More comments").click()
    expect(page.locator(".comment")).to_have_count(5)
    comment(page, first).locator(".comment-permalink").first.click()
    expect(comment(page, first)).to_be_focused()
    page.mouse.wheel(0, 4000)
    assert page.evaluate(LEFT_BEHIND) == NOTHING
    assert page.context.cookies() == []
    assert {host for host in hosts if host.startswith("http")} == {scene.service, scene.origin}


@on_phone_and_desktop
@pytest.mark.parametrize("is_included", [False, True], ids=["reserved", "included"])
def test_nothing_moves_after_the_thread_is_there(
    is_included: bool, scene: Scene, visit: Visit
) -> None:
    url = f"{scene.origin}/story"
    first = scene.say(url, "The minutes are public.", "A-reader-with-a-long-name")
    for _ in range(3):
        first = scene.say(url, "Not all of them.", "A-reader-with-a-long-name", first)
    style = f'<link rel="stylesheet" href="{scene.service}/embed.css">'
    place, head = "<div data-comments style='min-height: 5000px'></div>", ""
    if is_included:
        query = {"page": url}
        place = scene.app.test_client().get("/embed/news/thread", query_string=query).text
        head = style
    scene.host_page(head=head, body=f"<p>The story</p>{place}{scene.tag()}<footer>Imprint</footer>")
    page = visit(url, before=watch_movements if is_included else dress_late)
    expect(comment(page, first).locator("time")).to_have_text("now")
    expect(page.locator(".comments-remember")).to_be_visible()
    expect(page.locator(".comment-list")).to_have_css("list-style-type", "none")
    assert movements(page) == []
    # The observer works: what is pushed away is noted.
    page.locator("p").first.evaluate("p => { p.style.height = '300px' }")
    page.wait_for_function("moved.length")


def test_a_thread_far_below_waits_until_somebody_comes_near(scene: Scene, visit: Visit) -> None:
    url = f"{scene.origin}/story"
    scene.say(url, "The minutes are public.")
    count = f'<i data-comment-count="{url}">?</i>'
    scene.host_page(body=count + TALL + scene.tag())
    page = visit(url)
    expect(page.locator("i")).to_have_text("1")
    assert scene.threads_asked() == []
    page.evaluate("scrollTo(0, 1500)")
    expect(page.locator(".comment")).to_have_count(1)
    scene.asked.clear()
    scene.host_page("/eager", body=TALL + scene.tag(f'data-lazy="off" data-page-id="{url}"'))
    page = visit(f"{scene.origin}/eager")
    expect(page.locator(".comment")).to_have_count(1)
    assert page.evaluate("scrollY") == 0


@on_phone_and_desktop
def test_what_is_new_is_marked_if_i_ask_for_it(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    first = scene.say(url, "The minutes are public. " * 200)
    page = visit(url)
    remember = page.get_by_role("button", name="Mark what is new at my next visit")
    expect(remember).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(LEFT_BEHIND) == NOTHING
    remember.click()
    expect(remember).to_have_attribute("aria-pressed", "true")
    reply = scene.say(url, "Not all of them.", "Carl", first)
    last = scene.say(url, "Who ordered this?")
    page.reload()
    new = page.locator(".comment-new")
    expect(new).to_have_count(2)
    expect(comment(page, reply).locator(".comment-meta")).to_contain_text("New")
    expect(comment(page, first).locator("> .comment-meta")).not_to_contain_text("New")
    button = page.get_by_role("button", name="Next new comment (2)")
    expect(button).to_have_attribute("aria-keyshortcuts", "n")
    button.click()
    expect(comment(page, reply)).to_be_focused()
    expect(comment(page, reply)).to_be_in_viewport()
    page.keyboard.press("n")
    expect(comment(page, last)).to_be_focused()
    page.get_by_label("Comment *").focus()
    page.keyboard.press("n")
    expect(page.get_by_label("Comment *")).to_have_value("n")
    page.get_by_label("Comment *").fill("")
    page.reload()
    expect(comment(page, last)).to_be_visible()
    expect(new).to_have_count(0)
    expect(button).to_be_hidden()
    remember.click()
    expect(remember).to_have_attribute("aria-pressed", "false")
    assert url not in page.evaluate("JSON.stringify(localStorage)")
    scene.say(url, "The council did.")
    page.reload()
    expect(page.locator(".comment")).to_have_count(4)
    expect(new).to_have_count(0)


def test_an_included_thread_follows_the_address_and_my_order(scene: Scene, visit: Visit) -> None:
    url = f"{scene.origin}/story"
    scene.backstage.set(page_size=2)
    numbers = [scene.say(url, f"Comment number {n}") for n in range(4)]
    included = scene.app.test_client().get("/embed/news/thread", query_string={"page": url}).text
    scene.host_page(body=included + scene.tag())
    scene.asked.clear()
    page = visit(f"{url}#comment-{numbers[0]}")
    expect(comment(page, numbers[0])).to_be_focused()
    assert scene.threads_asked() == []
    page.evaluate(f"location.hash = 'comment-{numbers[3]}'")
    expect(comment(page, numbers[3])).to_be_focused()
    page.get_by_role("link", name="Newest first").click()
    expect_order(page, [numbers[3], numbers[2]])
    page.goto("about:blank")
    scene.asked.clear()
    page.goto(url)
    expect_order(page, [numbers[3], numbers[2]])
    assert len(scene.threads_asked()) == 1
    own = f"{scene.service}/t/news?page={url}&sort=oldest"
    page.goto(own)
    page.wait_for_function("window.Comments?.threads[0].holds(document.querySelector('.comments'))")
    expect_order(page, [numbers[0], numbers[1]])
    assert len(scene.threads_asked()) == 1, "the address says which order"
