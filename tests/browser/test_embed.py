"""What a reader can do under an article: read, write, answer, and lose nothing.

Fixtures: `scene` runs a service and host pages on another origin, `visit` opens a browser of
one's own (tests/browser/conftest.py).
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from widget.models import Comment

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = "I read the whole report."


def write(page: Page, words: str = WORDS, *, name: str = "Ann Alder") -> None:
    """Fill in the form and send it."""
    page.get_by_label("Name *").fill(name)
    page.get_by_label("Email *").fill("ann@example.org")
    page.get_by_label("Comment *").fill(words)
    send(page)


def send(page: Page) -> None:
    """Press the button."""
    page.get_by_role("button", name="Post Comment").click()


def mine(page: Page) -> Locator:
    """My comments that wait."""
    return page.locator(".comment-mine")


def comments_posted(scene: Scene) -> int:
    """How many there are."""
    return scene.backstage.count(Comment)


@on_phone_and_desktop
def test_my_comment_waits_where_it_will_stand_and_still_does_after_a_reload(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(scene.host_page())
    expect(page.get_by_text("No comments yet.")).to_be_visible()
    write(page)
    expect(mine(page)).to_contain_text("Your comment is awaiting moderation.")
    expect(mine(page)).to_contain_text(WORDS)
    expect(mine(page)).to_be_focused()
    expect(page.get_by_text("No comments yet.")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("Your comment is awaiting moderation.")
    expect(page.get_by_label("Comment *")).to_have_value("")
    expect(page.get_by_label("Name *")).to_have_value("Ann Alder")
    picture(page, "embed-pending")
    page.reload()
    expect(mine(page)).to_contain_text(WORDS)


def test_only_i_see_my_pending_comment_and_everyone_the_approved_one(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page()
    page = visit(url)
    write(page)
    number = int((mine(page).get_attribute("id") or "").removeprefix("comment-"))
    other = visit(url)
    expect(other.get_by_role("heading", name="Comments", exact=True)).to_be_visible()
    expect(other.locator(".comment")).to_have_count(0)
    scene.backstage.approve(number)
    for reader in (page, other):
        reader.reload()
        expect(reader.get_by_role("heading", name="1 comment", exact=True)).to_be_visible()
        expect(reader.locator(f"#comment-{number} .comment-body")).to_have_text(WORDS)
        expect(mine(reader)).to_have_count(0)


def test_nothing_is_stored_before_i_write_and_only_a_key_after(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page())
    page.get_by_label("Comment *").focus()
    expect(page.locator(".comment-remember")).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    write(page)
    expect(mine(page)).to_be_visible()
    [(name, key)] = page.evaluate("Object.entries(localStorage)")
    assert name == "comments-key:news"
    assert re.fullmatch(r"[\w-]{22,128}", key)
    assert page.context.cookies() == []


def test_posting_needs_no_preflight_and_nobody_else_is_asked(scene: Scene, visit: Visit) -> None:
    hosts: set[str] = set()
    page = visit(
        scene.host_page(),
        before=lambda page: page.on(
            "request", lambda request: hosts.add("/".join(request.url.split("/")[:3]))
        ),
    )
    write(page)
    expect(mine(page)).to_be_visible()
    assert "POST /embed/news/comments" in scene.asked
    assert not [line for line in scene.asked if line.startswith("OPTIONS")]
    assert {host for host in hosts if host.startswith("http")} == {scene.service, scene.origin}


@on_phone_and_desktop
def test_each_fault_stands_beside_its_field_and_what_was_typed_stays(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(scene.host_page())
    name, email = page.get_by_label("Name *"), page.get_by_label("Email *")
    email.fill("nonsense")
    page.get_by_label("Comment *").fill(WORDS)
    send(page)
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("Please enter your name.")
    expect(email).to_have_accessible_description(re.compile("complete email address"))
    expect(email).to_have_value("nonsense")
    expect(page.get_by_label("Comment *")).to_have_value(WORDS)
    picture(page, "embed-faults")
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    expect(page.locator(".comment-fault, [aria-invalid=true]")).to_have_count(0)


@on_phone_and_desktop
def test_i_answer_in_place_and_can_take_it_back(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    first = scene.say(url, "The minutes are public.")
    page = visit(url)
    page.get_by_label("Comment *").fill("Half a thought")
    answer = page.get_by_role("link", name="Reply to Bea")
    form = page.locator("#respond")
    ways: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_role("link", name="Cancel reply").click(),
    ]
    for take_back in ways:
        answer.click()
        expect(page.locator(f"#comment-{first} > #respond")).to_be_visible()
        expect(form.get_by_role("heading")).to_have_text("Reply to Bea")
        expect(page.get_by_label("Name *")).to_be_focused()
        take_back()
        expect(page.locator(".comments > #respond")).to_be_visible()
        expect(form.get_by_role("heading")).to_have_text("Leave a Reply")
        expect(answer).to_be_focused()
        expect(page.get_by_label("Comment *")).to_have_value("Half a thought")
    answer.click()
    write(page, "Page 14, to be exact.")
    waiting = page.locator(f"#comment-{first} > ol > li > .comment-mine")
    expect(waiting).to_contain_text("Page 14")
    expect(page.locator(".comments > #respond")).to_be_visible()
    page.reload()
    expect(waiting).to_contain_text("Page 14")


def test_more_comments_come_into_the_list(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    scene.backstage.set(page_size=2)
    numbers = [scene.say(url, f"Comment number {n}") for n in range(5)]
    page = visit(url)
    comments = page.locator("article")
    more = page.get_by_role("link", name="More comments")
    page.route("**/thread?*after=*", lambda route: route.abort(), times=1)
    more.click()
    expect(page.get_by_role("status")).to_contain_text("could not be loaded")
    expect(comments).to_have_count(2)
    more.click()
    expect(comments).to_have_count(4)
    expect(page.locator(f"#comment-{numbers[2]}")).to_be_focused()
    more.click()
    expect(comments).to_have_count(5)
    expect(more).to_have_count(0)


def test_where_comments_are_closed_there_is_no_form(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    number = scene.say(url, WORDS)
    scene.close(number)
    page = visit(url)
    expect(page.get_by_text("Comments are closed here.")).to_be_visible()
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.locator(".comment-form, .comment-reply")).to_have_count(0)


def test_with_storage_blocked_i_can_still_post(scene: Scene, visit: Visit) -> None:
    blocked = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    page = visit(scene.host_page(), before=lambda page: page.add_init_script(blocked))
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    page.evaluate("Comments.reload()")
    expect(mine(page)).to_contain_text(WORDS)


def test_people_never_meet_the_honeypot(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page(head="<style>div, [hidden] { display: block }</style>"))
    trap = page.locator("input[name=subject]")
    expect(trap).to_have_count(1)
    expect(trap).to_be_hidden()
    expect(page.get_by_role("textbox")).to_have_count(4)
