"""The embed on host pages of all kinds: strict, hostile, narrow, single-page, without scripts."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from tests.browser.test_embed import WORDS, mine, send, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = """<style>
  * { margin: 0; padding: 0; border: 0; font: inherit; list-style: square }
  section, article { background: #fee; padding: 3em; width: 90px; float: left }
  header, footer, button { position: fixed; top: 0 }
  ol { columns: 2; margin-left: 5em } li::before { content: "*" }
  .story li { margin-left: 40px; color: green } .story p { font-size: 40px; text-indent: 3em }
  label, time, details { display: none } input { width: 20px } textarea { height: 10px }
</style>"""


def faults_found_by_axe(page: Page) -> list[str]:
    """Accessibility faults of the thread, or of our own page."""
    context = "body" if "/t/" in page.url else ".comments"
    violations = Axe().run(page, context=context).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations]


def strict(scene: Scene) -> str:
    """A policy that lets in nothing but the service, and no HTML as a string."""
    return (
        f"default-src 'none'; script-src {scene.service}; connect-src {scene.service}; "
        f"style-src {scene.service}; form-action 'self' {scene.service}; "
        "require-trusted-types-for 'script'"
    )


@pytest.mark.parametrize("has_set_html", [True, False])
def test_a_strict_policy_with_trusted_types_is_no_hindrance(
    has_set_html: bool, scene: Scene, visit: Visit
) -> None:
    complaints: list[str] = []

    def before(page: Page) -> None:
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if not has_set_html:
            page.add_init_script("delete Element.prototype.setHTML")

    page = visit(scene.host_page(csp=strict(scene)), before=before)
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    expect(page.locator(".comment-list")).to_have_css("list-style-type", "none")
    assert [text for text in complaints if "data:," not in text] == []


def test_without_javascript_a_link_leads_to_a_page_that_works(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = f"{scene.origin}/story"
    link = f'<noscript><a href="{scene.service}/t/news?page={url}">Comments</a></noscript>'
    scene.host_page(body=scene.tag() + link)
    first = scene.say(url, "The minutes are public.")
    page = visit(url, java_script_enabled=False)
    page.get_by_role("link", name="Comments").click()
    assert page.url.startswith(f"{scene.service}/t/news")
    expect(page.get_by_role("link", name="Read the article")).to_have_attribute("href", url)
    expect(page.locator("link[rel=canonical]")).to_have_attribute("href", url)
    page.get_by_role("link", name="Reply to Bea").click()
    write(page, "Page 14, to be exact.", name="")
    expect(page.get_by_label("Name *")).to_be_focused()
    expect(page.get_by_label("Name *")).to_have_accessible_description("Please enter your name.")
    expect(page.get_by_label("Comment *")).to_have_value("Page 14, to be exact.")
    picture(page, "without-javascript")
    expect(page.get_by_role("heading", name="Reply to Bea")).to_be_visible()
    page.get_by_label("Name *").fill("Ann Alder")
    send(page)
    expect(mine(page)).to_contain_text("awaiting moderation")
    expect(mine(page)).to_contain_text("in reply to Bea")
    number = int((mine(page).get_attribute("id") or "").removeprefix("comment-"))
    assert scene.backstage.comment(number).parent_id == first


def test_a_page_that_holds_its_thread_already_is_taken_over_without_a_fetch(
    scene: Scene, visit: Visit
) -> None:
    url = f"{scene.origin}/story"
    first = scene.say(url, "The minutes are public.")
    included = scene.app.test_client().get("/embed/news/thread", query_string={"page": url}).text
    scene.host_page(body=f"<main>{included}</main>{scene.tag()}")
    for address in (url, f"{scene.service}/t/news?page={url}"):
        scene.asked.clear()
        page = visit(address)
        page.wait_for_function("window.Comments")
        page.get_by_role("link", name="Reply to Bea").click()
        write(page, f"Seen at {address}")
        expect(page.locator(f"#comment-{first} .comment-mine")).to_contain_text(address)
        assert page.url.startswith(address), "it did not leave the page"
        assert scene.threads_asked() == []
        expect(page.locator(".comments")).to_have_count(1)


@pytest.mark.parametrize(
    ("head", "attributes", "identity"),
    [
        ("", "", "{origin}/story"),
        ('<link rel="canonical" href="/the-story?utm_source=x">', "", "{origin}/the-story"),
        ('<link rel="canonical" href="/x">', 'data-page-url="/said"', "{origin}/said"),
        ('<link rel="canonical" href="/x">', 'data-page-id="story-7"', "story-7"),
    ],
)
def test_a_page_is_what_its_publisher_says(
    head: str, attributes: str, identity: str, scene: Scene, visit: Visit
) -> None:
    page = visit(scene.host_page(head=head, body=scene.tag(attributes)) + "?fbclid=1#top")
    expect(page.locator(".comments")).to_have_attribute(
        "data-page", identity.format(origin=scene.origin)
    )


def test_the_thread_stands_at_the_tag_or_where_it_is_wanted(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page("/tag", body=f"<main>{scene.tag()}</main><p>after</p>"))
    expect(page.locator("main .comments")).to_be_visible()
    place = '<main data-comments><a href="/">old link</a></main>'
    page = visit(scene.host_page("/marked", head=scene.tag(), body=place))
    expect(page.locator("main > .comments")).to_be_visible()
    expect(page.get_by_text("old link")).to_have_count(0)


def test_counts_come_in_one_request_and_a_tag_in_the_head_brings_no_thread(
    scene: Scene, visit: Visit
) -> None:
    scene.say(f"{scene.origin}/one", WORDS)
    spots = "".join(
        f"<i data-comment-count='{name}'>?</i>"
        for name in (f"{scene.origin}/one", f"{scene.origin}/none", f"{scene.origin}/one")
    )
    page = visit(scene.host_page(head=scene.tag(), body=spots))
    expect(page.locator("i")).to_have_text(["1", "0", "1"])
    assert len([line for line in scene.asked if "/counts?" in line]) == 1
    assert scene.threads_asked() == []
    expect(page.locator(".comments")).to_have_count(0)


@on_phone_and_desktop
def test_a_single_page_site_changes_threads(scene: Scene, visit: Visit) -> None:
    scene.say("two", WORDS)
    listen = """window.told = []; for (const what of ["loaded", "posted"])
        addEventListener(`comments:${what}`, ({ detail }) => told.push([what, detail]))"""
    page = visit(
        scene.host_page(body=scene.tag('data-page-id="one"')),
        before=lambda page: page.add_init_script(listen),
    )
    thread = page.locator(".comments")
    expect(thread).to_have_attribute("data-page", "one")
    page.evaluate("Comments.reload({pageId: 'nowhere'}), Comments.reload({pageId: 'two'})")
    expect(thread).to_have_attribute("data-page", "two")
    expect(thread.get_by_text(WORDS)).to_be_visible()
    write(page, "Here, too.")
    expect(mine(page)).to_be_visible()
    number = (mine(page).get_attribute("id") or "").removeprefix("comment-")
    assert page.evaluate("told") == [
        ["loaded", {"page": "one"}],
        ["loaded", {"page": "two"}],
        ["posted", {"id": number, "isPublic": False}],
    ]
    page.evaluate("Comments.destroy()")
    expect(thread).to_have_count(0)
    page.evaluate("Comments.reload({pageId: 'one'})")
    expect(thread).to_have_attribute("data-page", "one")


@on_phone_and_desktop
def test_several_threads_share_a_page_and_get_in_nobodys_way(scene: Scene, visit: Visit) -> None:
    first = {name: scene.say(name, f"About {name}.", f"Bea-{name}") for name in ("one", "two")}
    attributes = 'data-lazy="off" data-page-id="{}"'
    # The first begins when the page is read, and so after the second.
    tags = [
        scene.tag(attributes.format(name)).replace("async", how)
        for name, how in (("one", ""), ("two", "defer"))
    ]
    place = '<div data-comments="two"></div>'
    page = visit(scene.host_page(body=f"<main>{tags[0]}</main><hr>{place}{tags[1]}"))
    threads = page.locator(".comments")
    expect(threads).to_have_count(2)
    expect(page.locator("main > div > .comments")).to_have_attribute("data-page", "one")
    two = page.locator("[data-comments=two] > .comments")
    expect(two).to_have_attribute("data-page", "two")
    names = page.locator("[id]").evaluate_all("all => all.map(({ id }) => id)")
    assert len(names) == len(set(names))
    # Two forms of one purpose have one name; each stands in a region of its own.
    assert [each for each in faults_found_by_axe(page) if "landmark-unique" not in each] == []
    two.get_by_role("link", name="Reply to Bea-two").click()
    expect(two.get_by_label("Name *")).to_be_focused()
    two.get_by_role("button", name="Post Comment").click()
    expect(two.get_by_label("Name *")).to_have_accessible_description("Please enter your name.")
    two.get_by_label("Name *").fill("Ann Alder")
    two.get_by_label("Email *").fill("ann@example.org")
    two.get_by_label("Comment *").fill(WORDS)
    two.get_by_role("button", name="Post Comment").click()
    expect(page.locator(f"#comment-{first['two']} .comment-mine")).to_contain_text(WORDS)
    expect(threads.first.locator(".comment")).to_have_count(1)
    page.evaluate("location.hash = 'comment-999'")
    expect(threads.first.locator(".comment")).to_have_count(1)
    expect(page.locator(".comments-gone")).to_have_count(0)
    page.evaluate("Comments.reload({pageId: 'three', element: document.querySelector('main')})")
    expect(page.locator("main .comments")).to_have_attribute("data-page", "three")
    expect(two).to_have_attribute("data-page", "two")
    page.evaluate("Comments.destroy()")
    expect(two).to_have_count(0)
    expect(threads).to_have_count(1)


@pytest.mark.parametrize("place", ["<div data-comments></div>", ""], ids=["marked", "at the tag"])
def test_a_tag_that_runs_again_takes_the_earlier_ones_place(
    place: str, scene: Scene, visit: Visit
) -> None:
    scene.say("two", WORDS)
    page = visit(scene.host_page(body=f"<main>{place}{scene.tag('data-page-id=one')}</main>"))
    thread = page.locator(".comments")
    expect(thread).to_have_attribute("data-page", "one")
    # What a framework does when it shows the next article.
    page.evaluate("""() => {
        const [old, fresh] = [document.querySelector("script"), document.createElement("script")];
        fresh.src = old.src;
        Object.assign(fresh.dataset, { site: "news", pageId: "two" });
        old.replaceWith(fresh);
    }""")
    expect(thread).to_have_attribute("data-page", "two")
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.locator("main").locator(thread)).to_have_count(1)
    assert page.evaluate("Comments.threads.length") == 1


def test_where_the_service_is_away_a_reader_is_told_and_the_thread_comes_by_itself(
    scene: Scene, visit: Visit
) -> None:
    page = visit(
        scene.host_page(body=f"<p>The story</p>{scene.tag()}"),
        before=lambda page: page.route("**/thread?*", lambda route: route.abort()),
    )
    alert = page.get_by_role("alert")
    link = alert.get_by_role("link")
    expect(link).to_have_attribute(
        "href", re.compile(rf"^{re.escape(scene.service)}/t/news\?page=")
    )
    expect(link).to_have_text(f"↻ {link.get_attribute('href')}")
    expect(page.get_by_text("The story")).to_be_visible()
    page.unroute("**/thread?*")
    words = '<p class="comment-fault">The comments rest until six.</p>'
    headers = {"Content-Type": "text/html", "Access-Control-Allow-Origin": scene.origin}
    page.route(
        "**/thread?*",
        lambda route: route.fulfill(status=503, headers=headers, body=words),
        times=1,
    )
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(alert).to_have_text("The comments rest until six.")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".comments")).to_be_visible()
    expect(alert).to_have_count(0)


@pytest.mark.parametrize("head", ["", HOSTILE], ids=["plain", "hostile"])
def test_it_fits_any_page_and_any_finger(
    head: str, scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = scene.host_page(head=head, body=f"<div class='story'>{scene.tag()}</div>")
    parent = None
    for level in range(5):
        parent = scene.say(url, f"https://example.org/{'long-' * 30}", f"Level{level}", parent)
    page = visit(url)
    page.get_by_role("link", name="Reply to Level3").click()
    expect(page.get_by_label("Name *")).to_be_focused()
    for width in (320, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert too_small(page) == []
        picture(page, f"embed-{'hostile' if head else 'plain'}-{width}")
    for part in (".comment-author", "time", ".comment-body", "label", ".comment-form-end button"):
        expect(page.locator(part).first).to_be_visible()
    expect(page.locator(".comment-body p").first).to_have_css("text-indent", "0px")


def too_small(page: Page) -> list[str]:
    """What of the thread a finger would miss."""
    found: list[str] = page.locator(
        ".comments :is(a, button, textarea, summary, input:not([type=checkbox], [type=radio]))"
    ).evaluate_all(
        """all => all.filter(each => each.checkVisibility() && !each.closest(".comment-body"))
            .map(each => [each.textContent || each.name, each.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"""
    )
    return found


GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 18, 18)"}


@pytest.mark.parametrize(
    ("theme", "reader", "shown"),
    [("light", "dark", "light"), ("dark", "light", "dark"), ("auto", "dark", "dark")],
)
def test_a_theme_brings_ground_and_ink_together(
    theme: str, reader: str, shown: str, scene: Scene, visit: Visit
) -> None:
    other = "color: #eee; background: #111" if shown == "light" else "color: #111; background: #fff"
    page = visit(
        scene.host_page(
            head=f"<style>body {{ {other} }}</style>", body=scene.tag(f'data-theme="{theme}"')
        ),
        color_scheme=reader,
    )
    expect(page.locator(".comments")).to_have_css("background-color", GROUNDS[shown])
    assert faults_found_by_axe(page) == []
    if theme == "auto":
        page.emulate_media(color_scheme="light")
        expect(page.locator(".comments")).to_have_css("background-color", GROUNDS["light"])
