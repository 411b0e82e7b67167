"""For everyone: each page and each state of the reader's side, narrow and wide, light and dark.

What axe can find, axe finds. The rest is looked at here: nothing is wider than the screen (that of
a desktop at 400 % has 320 pixels, too), a finger hits every target, the keyboard goes where the eye
does, one voice speaks, nothing moves for who asked for rest.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect
from sqlalchemy import select

from tests.browser.conftest import Scene, Visit
from tests.browser.test_embed import WORDS, mine, send, write
from tests.browser.test_reader_pages import links_of
from tests.conftest import PASSWORD
from tests.long_threads import grow
from tests.mailroom import deliver_all
from widget.db import db, now, writing
from widget.models import Comment, Move, Thread, Votes
from widget.models.comment import Badge

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# 1280 by 1024 pixels at 400 %, and at 100 %.
SIZES: list[ViewportSize] = [{"width": 320, "height": 256}, {"width": 1280, "height": 1024}]
# Colours do not depend on the size, nor the size on colours, so two looks are as good as four.
LOOKS = tuple(zip(("light", "dark"), SIZES, strict=True))
AXE = Axe().axe_script
RUN = "axe.run({ resultTypes: ['violations'] })"
HEAD = """<style>
  body { margin: 1rem; color-scheme: light dark; background: Canvas; color: CanvasText }
</style>"""
# A link within a sentence may be as high as its words.
TOO_SMALL = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => !each.closest(".comment-body, .page-quote"))
    .map((each) => each.closest("label") ?? each)
    .filter((each) => !(each.matches("a") && getComputedStyle(each).display === "inline"
        && each.parentElement.textContent.trim() !== each.textContent.trim()
        && !each.closest(".comment-meta")))
    .filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width < 43.9 || height < 43.9;
    }).map((each) => each.outerHTML.slice(0, 120))"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((each) => document.documentElement.scrollWidth > innerWidth
        && each.getBoundingClientRect().right > innerWidth + 0.5)
    .map((each) => each.outerHTML.slice(0, 120)).slice(0, 3)"""
MOVING = """() => [...document.querySelectorAll("html, body, body *")]
    .filter((each) => {
        const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(each);
        return animationName !== "none" || parseFloat(transitionDuration) > 0.001
            || scrollBehavior === "smooth";
    }).map((each) => each.outerHTML.slice(0, 120))"""
VOICES = """() => [...document.querySelectorAll(
        "[aria-live], [role=status], [role=alert], [role=log], output")]
    .map((each) => each.outerHTML.slice(0, 120))"""


@dataclass
class Judge:
    """Looks at a page in every state that it gets into."""

    page: Page
    picture: Callable[[Page, str], None]
    faults: list[str] = field(default_factory=list)

    def look(self, state: str, *, for_fingers: bool = True) -> None:
        """Note what is wrong with this state, narrow and light, then wide and dark."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        for scheme, size in LOOKS:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            found = [
                f"{each['id']}: {each['nodes'][0]['html'][:160]}"
                for each in self.page.evaluate(RUN)["violations"]
            ]
            found += [f"too wide: {each}" for each in self.page.evaluate(TOO_WIDE)]
            found += [f"moving: {each}" for each in self.page.evaluate(MOVING)]
            if for_fingers:
                found += [f"too small: {each}" for each in self.page.evaluate(TOO_SMALL)]
            self.faults += [f"{state}, {scheme}, {size['width']}: {each}" for each in found]
            self.picture(self.page, f"{state.replace(' ', '-')}-{size['width']}-{scheme}")


Judged = Callable[..., Judge]


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Mail goes to files, and can be looked at."""
    return {**settings, "development": True}


@pytest.fixture
def judged(visit: Visit, picture: Callable[[Page, str], None]) -> Iterator[Judged]:
    """Open a page to be looked at. At the end, nothing must have been wrong with it."""
    judges: list[Judge] = []

    def open_page(url: str, *, before: Callable[[Page], None] | None = None) -> Judge:
        page = visit(url, before=before, has_touch=True)
        judges.append(Judge(page, picture))
        return judges[-1]

    yield open_page
    faults = [fault for judge in judges for fault in judge.faults]
    assert not faults, "\n".join(["These were found:", *faults])


@dataclass
class Story:
    """An article with a thread that has something of all there is."""

    url: str
    comments: list[int]


@pytest.fixture
def story(scene: Scene) -> Story:
    """One pinned, two with badges, one removed under others, more than a page shows."""
    scene.backstage.set(votes=Votes.both, markdown=True, page_size=3)
    url = host_page(scene, "/story")
    comments = grow(
        scene.app, url, [None, 0, 1, 2, 3, None, *[None] * 3],
        removed={2}, pinned={5}, authors=["Bea", "Carl"],
    )  # fmt: skip
    with scene.app.app_context(), writing():
        thread = db.session.scalars(select(Thread).where(Thread.page == url)).one()
        thread.title, thread.url = "The story", url
        thread.notice = "Please keep to the story. Names of private people are removed."
        for comment, said in zip(thread_of(comments[:2]), ("author", "moderator"), strict=True):
            comment.badge, comment.edited_at, comment.votes_up = Badge(said), now(), 12
            comment.website = "https://bea.example/"
        db.session.commit()
    return Story(url, comments)


def thread_of(ids: list[int]) -> list[Comment]:
    """These comments, to be changed."""
    return [db.session.get_one(Comment, number) for number in ids]


def host_page(scene: Scene, path: str, attributes: str = "") -> str:
    """An article, as sound as a page can be."""
    return scene.host_page(
        path,
        head=HEAD,
        body=f"<main><h1>The story</h1>{scene.tag('data-lazy=off ' + attributes)}</main>",
    )


def test_reading_is_for_everyone(scene: Scene, story: Story, judged: Judged) -> None:
    judge = judged(story.url)
    page = judge.page
    expect(page.locator(".comments-pinned .comment")).to_be_visible()
    expect(page.locator(".comment-badge")).to_have_count(2)
    expect(page.locator(".comment-gone")).to_be_visible()
    judge.look("thread")
    page.get_by_role("link", name="More comments").click()
    expect(page.locator(f"#comment-{story.comments[-1]}")).to_be_visible()
    judge.look("more")
    assert len(page.evaluate(VOICES)) == 1
    page.goto(f"{story.url}#comment-999")
    expect(page.locator(".comments-gone")).to_be_visible()
    judge.look("gone")

    long = host_page(scene, "/long")
    *_, last = grow(scene.app, long, [None, *[0] * 26])
    page.goto(long)
    judge.look("long")
    page.get_by_role("link", name="Show 1 more reply").click()
    expect(page.locator(f"#comment-{last}")).to_be_visible()
    judge.look("more replies")

    scene.say(f"{scene.origin}/closed", WORDS)
    scene.close(scene.say(f"{scene.origin}/closed", "So did I."))
    page.goto(host_page(scene, "/closed"))
    expect(page.locator(".comments-closed")).to_be_visible()
    judge.look("closed")
    page.route("**/thread?*", lambda route: route.abort())
    page.goto(host_page(scene, "/away"))
    expect(page.get_by_role("alert")).to_be_visible()
    judge.look("away")


def test_what_arrives_is_for_everyone(scene: Scene, judged: Judged) -> None:
    url = host_page(scene, "/live", "data-poll=1")
    scene.say(url, WORDS)
    judge = judged(url)
    page = judge.page
    page.get_by_role("button", name="Mark what is new").click()
    scene.say(url, "So did I.", "Carl")
    expect(page.locator(".comments-arrived-button")).to_be_visible()
    judge.look("arrived")
    page.locator(".comments-arrived-button").click()
    expect(page.locator(".comment").nth(1)).to_be_focused()
    scene.say(url, "And I.", "Dora")
    page.reload()
    expect(page.locator(".comments-next-new")).to_be_visible()
    judge.look("new to me")
    assert len(page.evaluate(VOICES)) == 1


def test_writing_is_for_everyone(scene: Scene, story: Story, judged: Judged) -> None:
    judge = judged(story.url)
    page = judge.page
    page.get_by_role("link", name="Reply to Carl").click()
    page.get_by_text("You may use these HTML tags").click()
    page.get_by_text("Tell me by email").click()
    page.get_by_label("Tell me of new comments").select_option("replies")
    judge.look("form")
    send(page)
    expect(page.locator(".comment-fault")).not_to_have_count(0)
    judge.look("error")
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    page.get_by_label("Comment *").fill(f"{WORDS} " * 2600)
    expect(page.locator(".comment-counter")).to_be_visible()
    page.get_by_label("Comment *").fill(f"{WORDS} <blockquote>Page *14*</blockquote>")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".comment-preview")).to_be_visible()
    judge.look("preview")
    page.reload()
    expect(page.locator(".comment-draft")).to_be_visible()
    judge.look("draft")
    page.context.set_offline(offline=True)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("You are offline.")
    judge.look("offline")
    page.get_by_role("button", name="Stop sending").click()
    page.context.set_offline(offline=False)
    assert len(page.evaluate(VOICES)) == 1
    page.get_by_role("link", name="Report the comment by Bea").click()
    expect(page.get_by_label("What is wrong with it?")).to_be_focused()
    judge.look("report")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator(".comment-report-form .comment-fault")).to_be_visible()
    judge.look("report error")
    page.get_by_label("What is wrong with it?").select_option("spam")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator(".comment-report-thanks")).to_be_focused()
    judge.look("reported")
    assert len(page.evaluate(VOICES)) == 1


def test_what_is_mine_is_for_everyone(scene: Scene, judged: Judged) -> None:
    judge = judged(host_page(scene, "/own"))
    page = judge.page
    expect(page.locator(".comments-empty")).to_be_visible()
    judge.look("empty")
    # Not even the script for writing can come: what was typed stays where it is.
    page.context.set_offline(offline=True)
    write(page)
    expect(page.get_by_role("status")).to_contain_text("Nothing you typed is lost")
    judge.look("unsent")
    page.context.set_offline(offline=False)
    send(page)
    expect(mine(page)).to_contain_text(WORDS)
    mine(page).locator(".comment-receipt summary").click()
    judge.look("pending")
    mine(page).locator(".comment-own-edit summary").click()
    mine(page).locator(".comment-own-delete summary").click()
    mine(page).get_by_role("textbox").fill("")
    mine(page).get_by_role("button", name="Save").click()
    expect(mine(page).locator(".comment-fault")).to_be_visible()
    judge.look("edit")
    number = number_of(mine(page))
    scene.backstage.approve(number)
    page.reload()
    expect(page.get_by_text("Your comment was published.")).to_be_visible()
    judge.look("published")
    page.locator(".comment-own-delete summary").click()
    page.get_by_role("button", name="Delete my comment").click()
    expect(page.locator(".comment-gone")).to_have_text("You have deleted your comment.")
    judge.look("deleted")
    write(page, "Cheap pills.")
    expect(mine(page)).to_be_visible()
    scene.backstage.screen(number_of(mine(page)))
    scene.backstage.move(number_of(mine(page)), Move.reject)
    page.reload()
    expect(mine(page)).to_contain_text("was not published")
    judge.look("rejected")
    assert len(page.evaluate(VOICES)) == 1


def number_of(comment: Locator) -> int:
    """Its id."""
    return int((comment.get_attribute("id") or "").removeprefix("comment-"))


def test_pages_without_a_script_are_for_everyone(
    scene: Scene, story: Story, judged: Judged
) -> None:
    judge = judged(
        f"{scene.service}/healthz",
        before=lambda page: page.route("**/embed.js*", lambda route: route.abort()),
    )
    page, first = judge.page, story.comments[0]
    address = f"{scene.service}/t/news?page={story.url}"
    views = {
        "page": "", "page newest": "&sort=newest", "page at": f"&at={story.comments[-2]}",
        "page under": f"&under={first}", "page reply": f"&parent={first}",
        "page gone": "&at=999", "page arabic": "&lang=ar", "page german": "&lang=de",
    }  # fmt: skip
    for state, query in views.items():
        page.goto(address + query)
        judge.look(state)
    page.goto(address)
    page.get_by_role("link", name="More comments").click()
    judge.look("page more")
    page.goto(f"{scene.service}/t/news?page={scene.origin}/empty")
    judge.look("page empty")
    send(page)
    expect(page).to_have_title(re.compile("Please check your comment"))
    judge.look("page error")
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    page.get_by_label("Comment *").fill(WORDS)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".comment-preview")).to_be_visible()
    judge.look("page preview")
    send(page)
    mine(page).locator(".comment-receipt summary").click()
    mine(page).locator(".comment-own-edit summary").click()
    judge.look("page pending")
    page.goto(f"{scene.service}/t/news/report?comment={first}")
    judge.look("page report")
    page.get_by_role("button", name="Send the report").click()
    judge.look("page report error")
    page.get_by_label("What is wrong with it?").select_option("other")
    page.get_by_role("button", name="Send the report").click()
    judge.look("page reported")
    for status, path in enumerate(("/t/nowhere", "/", "/reader/confirm/x", "/t/news"), 1):
        page.goto(scene.service + path)
        judge.look(f"message {status}")


def test_a_readers_own_affairs_are_for_everyone(scene: Scene, judged: Judged) -> None:
    url = host_page(scene, "/own")
    judge = judged(url)
    page = judge.page
    page.get_by_text("Tell me by email").click()
    page.get_by_label("Tell me of new comments").select_option("thread")
    write(page)
    number = number_of(mine(page))
    scene.backstage.approve(number)
    confirm, unsubscribe, erase = links_of(scene, number)
    page.goto(confirm)
    judge.look("confirm")
    page.get_by_role("button", name="Subscribe").click()
    judge.look("confirmed")
    page.get_by_role("link", name="Your subscriptions").click()
    manage = page.url
    judge.look("manage")
    page.goto(unsubscribe)
    judge.look("unsubscribe")
    page.get_by_role("button", name="Unsubscribe").click()
    judge.look("unsubscribed")
    page.goto(manage)
    judge.look("manage nothing")
    page.goto(erase)
    judge.look("erase")
    page.get_by_role("button", name="Erase it").click()
    judge.look("erased")
    page.goto(erase)
    judge.look("gone for good")


def test_what_moderators_get_by_mail_is_for_everyone(scene: Scene, judged: Judged) -> None:
    judge = judged(host_page(scene, "/held"))
    page = judge.page
    write(page)
    scene.backstage.screen(number_of(mine(page)))
    deliver_all(scene.app)
    page.goto(f"{scene.service}/desk/")
    page.get_by_label("Email").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{scene.service}/desk/nothing")
    judge.look("desk message", for_fingers=False)
    page.goto(f"{scene.service}/desk/mail/")
    page.locator(".mail", has_text="To olga").locator("a[href*='/decide/']").first.click()
    link = page.url
    page.get_by_role("button", name="Approve").click()
    judge.look("decide done", for_fingers=False)
    page.goto(link)
    judge.look("decide already", for_fingers=False)
    page.goto(f"{scene.service}/desk/decide/nonsense")
    judge.look("decide gone", for_fingers=False)


TABS = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter((each) => each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }))
    .map((each) => each.outerHTML.slice(0, 160))"""
AT = """() => {
    const at = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    const { top, bottom } = at.getBoundingClientRect();
    const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1
        && bottom > 0 && top < innerHeight;
    return [at.outerHTML.slice(0, 160), isSeen];
}"""


def test_the_keyboard_goes_where_the_eye_goes(scene: Scene, story: Story, visit: Visit) -> None:
    page = visit(story.url, viewport=SIZES[0])
    page.get_by_role("link", name="Reply to Carl").click()
    page.get_by_text("Tell me by email").click()
    for address in (None, f"{scene.service}/t/news?page={story.url}&parent={story.comments[0]}"):
        if address:
            page.goto(address)
        page.get_by_label("Comment *").focus()
        expect(page.locator(".comment-remember")).to_be_visible()
        page.locator("h1").click()
        expected, met = page.evaluate(TABS), []
        for _ in expected:
            page.keyboard.press("Tab")
            element, is_seen = page.evaluate(AT)
            assert is_seen, element
            met.append(element)
        assert met == expected
