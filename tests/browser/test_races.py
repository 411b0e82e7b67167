"""What comes at a bad moment: too late, twice, in another shape, or while somebody is typing."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Scene, Visit
from tests.browser.test_embed import WORDS, comments_posted, mine, write
from tests.browser.test_own import number_of, open_part
from tests.browser.test_reading import comment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GARBAGE: list[Any] = [
    *(5, "x", [], {"seen": 5}, {"seen": {}}, {"seen": [1]}, {"seen": "[[1,2]]"}),
    *({"sort": "sideways"}, {"sort": {}, "seen": []}),
]


def hold(page: Page, pattern: str) -> list[Route]:
    """Let these requests wait until somebody lets them go."""
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route))  # noqa: PLW0108 (playwright marks it)
    return held


def release(held: list[Route], page: Page, pattern: str) -> None:
    """Let the requests go, and those that come later."""
    for route in held:
        route.continue_()
    page.unroute(pattern)


def test_garbage_in_my_browser_keeps_me_from_nothing(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    scene.say(url, "The minutes are public.")
    page = visit(url)
    for garbage in GARBAGE:
        page.evaluate("text => localStorage.setItem('comments:news', text)", json.dumps(garbage))
        page.reload()
        expect(page.get_by_text("The minutes are public."), str(garbage)).to_be_visible()
    page.evaluate("""Object.assign(localStorage, { "comments-key:news": "",
        "comments-drafts:news": '[null, 1, {"seed": 1, "body": {}, "at": 9e15}, []]',
        "comments-author:news": "[1]" })""")
    page.reload()
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    page.reload()
    expect(mine(page)).to_contain_text(WORDS)


def test_what_i_type_keeps_its_place_and_my_focus_when_the_thread_comes_anew(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page()
    first = scene.say(url, "The minutes are public.")
    scene.say(url, "Since Tuesday.", "Cato")
    page = visit(url)
    words = page.get_by_label("Comment *")
    page.get_by_role("link", name="Reply to Bea").click()
    words.press_sequentially("Page")
    held = hold(page, "**/thread?*")
    page.get_by_role("link", name="Newest first").click()
    words.press_sequentially(" 14")
    release(held, page, "**/thread?*")
    expect(page.locator(".comments")).to_have_attribute("data-order", "newest")
    expect(comment(page, first).locator("> #respond")).to_be_visible()
    expect(words).to_be_focused()
    page.keyboard.type("!")
    expect(words).to_have_value("Page 14!")
    page.evaluate("Comments.reload(), document.querySelector('.comments').dataset.old = 1")
    expect(page.locator(".comments:not([data-old])")).to_be_visible()
    expect(words).to_be_focused()
    write(page)
    expect(comment(page, first).locator(".comment-mine")).to_contain_text(WORDS)


def test_what_i_change_in_my_comment_outlives_a_thread_that_comes_anew(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page(body=scene.tag('data-poll="1"'))
    scene.say(url, "The minutes are public.")
    scene.say(url, "Since Tuesday.", "Cato")
    page = visit(url)
    write(page)
    number = number_of(mine(page))
    own = comment(page, number)
    open_part(own, "Edit")
    own.get_by_label("Your comment, as you typed it").fill("I read it twice.")
    page.get_by_role("link", name="Newest first").click()
    expect(page.locator(".comments")).to_have_attribute("data-order", "newest")
    expect(own.get_by_label("Your comment, as you typed it")).to_have_value("I read it twice.")
    own.get_by_role("button", name="Save").click()
    expect(own.locator(".comment-body")).to_have_text("I read it twice.")
    scene.backstage.approve(number)
    reply = scene.say(url, "Page 14, to be exact.", "Dido", parent=number)
    page.reload()
    page.get_by_role("link", name="Reply to Dido").click()
    page.get_by_label("Comment *").fill("Or 15.")
    # It waits again, and is published again.
    open_part(own, "Edit")
    own.get_by_label("Your comment, as you typed it").fill(WORDS)
    own.get_by_role("button", name="Save").click()
    expect(own.locator("> .comment-notice")).to_contain_text("awaiting moderation")
    scene.backstage.approve(number)
    page.locator(".comments-arrived-button").click()
    expect(comment(page, reply)).to_be_visible()
    expect(comment(page, reply).locator("> #respond")).to_be_visible()
    expect(page.get_by_label("Comment *")).to_have_value("Or 15.")


def test_another_thread_can_be_posted_in_while_the_first_one_is_still_being_sent(
    scene: Scene, visit: Visit
) -> None:
    page = visit(scene.host_page(body=scene.tag('data-page-id="one"')))
    held = hold(page, "**/comments")
    write(page, "In one.")
    expect(page.get_by_role("button", name="Posting…")).to_be_visible()
    page.evaluate("Comments.reload({pageId: 'two'})")
    expect(page.locator(".comments")).to_have_attribute("data-page", "two")
    with page.expect_request("**/comments"):
        write(page, "In two.")
    held[1].continue_()
    expect(mine(page)).to_contain_text("In two.")
    held[0].continue_()
    page.wait_for_function("!localStorage['comments-drafts:news']")
    assert comments_posted(scene) == 2
    expect(mine(page)).to_have_count(1)


def test_a_thread_taken_away_at_a_bad_moment_stays_away_and_comes_back_whole(
    scene: Scene, visit: Visit
) -> None:
    errors: list[str] = []

    def before(page: Page) -> None:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.route("**/thread?*", lambda route: route.abort(), times=1)

    page = visit(scene.host_page(body=f"<div data-comments></div>{scene.tag()}"), before=before)
    expect(page.get_by_role("alert")).to_be_visible()
    page.evaluate("Comments.destroy(); dispatchEvent(new Event('online'))")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert scene.threads_asked() == []
    page.evaluate("Comments.reload()")
    held = hold(page, "**/embed-write.js")
    page.get_by_label("Comment *").focus()
    page.evaluate("Comments.destroy()")
    with page.expect_response("**/embed-write.js"):
        release(held, page, "**/embed-write.js")
    page.evaluate("Comments.reload()")
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert errors == []


def test_without_the_writing_script_a_preview_is_no_post(scene: Scene, visit: Visit) -> None:
    page = visit(
        scene.host_page(),
        before=lambda page: page.route("**/embed-write.js", lambda route: route.abort()),
    )
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    page.get_by_label("Comment *").fill(WORDS)
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url(f"{scene.service}/**")
    expect(page.get_by_label("Comment *")).to_have_value(WORDS)
    expect(page.locator(".comment-preview")).to_contain_text(WORDS)
    assert comments_posted(scene) == 0


AN_OLDER_THREAD = """() => {
  for (const each of document.querySelectorAll(
    ".comments-remember, .comments-next-new, .comments-feed, #comments-act, .comment-draft, " +
    ".comment-previewed, .comment-stop, .comment-counter, " +
    ".comment-preview-button, .comment-remember"
  )) each.remove();
  const section = document.querySelector(".comments");
  for (const name of ["latest", "count", "depth"]) delete section.dataset[name];
}"""


def test_a_page_that_was_kept_with_an_older_thread_still_works(scene: Scene, visit: Visit) -> None:
    url = f"{scene.origin}/story"
    scene.say(url, "The minutes are public.")
    included = scene.app.test_client().get("/embed/news/thread", query_string={"page": url}).text
    errors: list[str] = []
    scene.host_page(
        body=f"<main>{included}</main><script>({AN_OLDER_THREAD})()</script>{scene.tag()}"
    )
    page = visit(
        url, before=lambda page: page.on("pageerror", lambda error: errors.append(str(error)))
    )
    page.wait_for_function("window.Comments")
    page.get_by_role("link", name="Reply to Bea").click()
    write(page)
    expect(page.locator(".comment .comment-mine")).to_contain_text(WORDS)
    assert errors == []


def test_a_site_that_changes_threads_again_and_again_keeps_nothing_of_the_old_ones(
    scene: Scene, visit: Visit
) -> None:
    scene.backstage.set(infinite_scroll=True)
    scene.say("one", "The minutes are public.")
    page = visit(scene.host_page(body=scene.tag("data-page-id=one data-lazy=off")))
    page.get_by_label("Comment *").focus()
    expect(page.locator(".comment-remember")).to_be_visible()
    page.evaluate("""async () => {
        const old = [];
        const loaded = () => new Promise((done) =>
            addEventListener("comments:loaded", done, { once: true }));
        for (let round = 0; round < 10; round++) {
            old.push(new WeakRef(document.querySelector(".comments")));
            let came = loaded();
            Comments.reload({ pageId: `page-${round}` });
            await came;
            old.push(new WeakRef(document.querySelector(".comments")));
            came = loaded();
            const tag = document.createElement("script");
            tag.src = document.querySelector("script[src]").src;
            Object.assign(tag.dataset, { site: "news", pageId: "one", lazy: "off" });
            document.querySelector("script[src]").replaceWith(tag);
            await came;
            document.querySelector("textarea").focus();
        }
        window.old = old;
    }""")
    page.evaluate("document.activeElement.blur()")
    page.request_gc()
    left = page.evaluate("old.filter((each) => each.deref()).length")
    assert left <= 2


def test_a_page_of_odd_globals_and_names_is_no_hindrance(scene: Scene, visit: Visit) -> None:
    odd = """<base href="https://elsewhere.example/x/"><script>
        Array.prototype.toJSON = Object.prototype.extra = () => "odd";
        window.Comments = { reload() {} };
    </script>"""
    theirs = "<h1 id=comments-title>Theirs</h1><p id=respond>Theirs</p>"
    place = "<div data-comments style='display: contents'></div>"
    tag = scene.tag("""data-page-id="a &quot;b&quot; 'c' ] ☃" """)
    page = visit(scene.host_page(head=odd, body=theirs + place + tag))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator(".comments")).to_have_attribute("data-page", "a \"b\" 'c' ] ☃")
    expect(page.get_by_role("region", name="Comments", exact=True)).to_be_visible()
    names = page.locator("[id]").evaluate_all("all => all.map(({ id }) => id)")
    assert len(names) == len(set(names))
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert [url for url in asked if not url.startswith(scene.service)] == []
