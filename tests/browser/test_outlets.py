"""What goes out beside the thread in a page: on paper, to search engines, to a front page."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COMPLAIN = """
  window.refused = [];
  document.addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) =>
    window.refused.push([effectiveDirective, blockedURI]));
"""


def test_the_strict_policy_of_our_own_page_lets_data_for_search_engines_be(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page()
    number = scene.say(url, "</script><script>document.title = 'run'</script>")
    complaints: list[str] = []

    def before(page: Page) -> None:
        page.add_init_script(COMPLAIN)
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))

    page = visit(f"{scene.service}/t/news?page={url}", before=before)
    expect(page.locator(".comment-body")).to_contain_text("document.title")
    data = json.loads(page.locator("script[type='application/ld+json']").text_content() or "")
    assert data["@type"] == "DiscussionForumPosting"
    assert data["comment"][0]["url"] == f"{url}#comment-{number}"
    # The observer works: what may not run does not.
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.text = window.trustedTypes.createPolicy("t", { createScript: (s) => s })
            .createScript("document.title = 'run'");
        document.body.append(script);
    }""")
    page.wait_for_function("refused.length")
    assert page.evaluate("refused") == [["script-src-elem", "inline"]]
    assert page.title() != "run"
    assert [words for words in complaints if "Content Security Policy" not in words] == []


def test_a_thread_prints_whole_and_without_what_nobody_can_press(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = scene.host_page(body=f"<p>The story</p>{scene.tag()}")
    first = scene.say(url, "The minutes are public. " * 9)
    scene.say(url, "Page 14.", author="Cleo", parent=first)
    scene.say(url, "It goes on.")
    scene.backstage.set(page_size=1)
    for address in (url, f"{scene.service}/t/news?page={url}"):
        page = visit(address, color_scheme="dark")
        page.get_by_text("1 reply").click()
        expect(page.get_by_text("Page 14.")).to_be_hidden()
        page.emulate_media(media="print")
        expect(page.get_by_text("Page 14.")).to_be_visible()
        for nothing in ("form", "button", "summary", ".comment-reply", ".comments-feed"):
            for each in page.locator(f".comments {nothing}").all():
                expect(each).to_be_hidden()
        expect(page.get_by_text("More comments")).to_be_visible()
        year = f"{scene.backstage.comment(first).created_at:%Y}"
        told = page.locator(f"#comment-{first} time").first.evaluate(
            "time => time.innerText + getComputedStyle(time, '::after').content"
        )
        assert year in told, "on paper, “2 hours ago” says nothing"
        picture(page, "print-own-page" if "/t/" in address else "print-host-page")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"


def test_a_front_page_shows_the_newest_comments(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    story = scene.host_page()
    number = scene.say(story, "The minutes are public.")
    place = "<h2>Readers say</h2><div data-comments-recent='2'>Nothing yet</div>"
    page = visit(scene.host_page("/front", head=scene.tag(), body=place))
    expect(page.locator(".comments-recent-item")).to_have_count(1)
    expect(page.get_by_text("Nothing yet")).to_have_count(0)
    expect(page.locator(".comments-recent-where")).to_have_text("Bea on The database")
    picture(page, "recent")
    page.get_by_role("link", name="The database").click()
    expect(page).to_have_url(f"{story}#comment-{number}")
    expect(page.locator(f"#comment-{number}")).to_be_focused()
