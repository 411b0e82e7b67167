"""My own comments: what becomes of them, told in place; editing and deleting them; my privacy.

Fixtures: `scene` runs a service and host pages on another origin, `visit` opens a browser of
one's own (tests/browser/conftest.py).
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from tests.browser.test_embed import WORDS, mine, write
from widget.db import db, writing
from widget.models import Comment, Moderator, Move, Site, Status, Via
from widget.moderation import moves

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A_MINUTE = 60_001
EARLIER = "I read half of the report."


def number_of(comment: Locator) -> int:
    """The id of a comment on the page."""
    return int((comment.get_attribute("id") or "").removeprefix("comment-"))


def refuse(scene: Scene, comment_id: int, reason: str) -> None:
    """Olga rejects a comment and says why."""
    with scene.app.app_context(), writing():
        olga = db.session.scalars(
            select(Moderator).where(Moderator.email == "olga@example.org")
        ).one()
        by = moves.By(via=Via.desk, moderator=olga, reason=reason)
        refused = db.session.get_one(Comment, comment_id)
        refused.site.tell_reasons = True
        moves.move(refused, Move.reject, by)
        db.session.commit()


def look_again(page: Page) -> None:
    """Let the script ask once more what became of my comments."""
    with page.expect_response("**/mine"):
        page.clock.fast_forward(A_MINUTE)


def open_part(comment: Locator, name: str) -> None:
    """Press a summary of my comment, by keyboard."""
    comment.locator("summary", has_text=re.compile(f"^{name}$")).press("Enter")


@on_phone_and_desktop
def test_i_am_told_in_place_when_my_comment_is_published_or_not_and_why(
    scene: Scene, visit: Visit
) -> None:
    page = visit(scene.host_page(), before=lambda page: page.clock.install())
    status = page.get_by_role("status")
    write(page)
    expect(mine(page)).to_contain_text("awaiting moderation")
    first = number_of(mine(page))
    write(page, "And now for something else.")
    expect(mine(page)).to_have_count(2)
    second = number_of(mine(page).last)
    page.get_by_label("Comment *").fill("Meanwhile")
    page.get_by_label("Comment *").evaluate("area => area.setSelectionRange(3, 3)")
    scene.backstage.approve(first)
    refuse(scene, second, "Please stay with the subject.")
    look_again(page)
    told = page.locator(f"#comment-{first} > .comment-notice")
    expect(told).to_have_text("Your comment was published.")
    expect(page.locator(f"#comment-{second} > .comment-notice")).to_contain_text(
        "was not published. The reason: Please stay with the subject."
    )
    expect(status).to_contain_text("Your comment was published.")
    expect(status).to_contain_text("Please stay with the subject.")
    expect(page.get_by_label("Comment *")).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_label("Comment *")).to_have_value("Meaxnwhile")
    page.reload()
    expect(page.get_by_role("link", name="Reply to Ann Alder")).to_have_count(1)
    expect(page.locator(f"#comment-{first}")).to_have_count(1)
    expect(told).to_have_text("Your comment was published.")
    expect(page.locator(f"#comment-{first}").get_by_text("Edit", exact=True)).to_be_visible()


def test_nobody_is_asked_while_nothing_waits(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    scene.say(url, WORDS)
    page = visit(url, before=lambda page: page.clock.install())
    page.get_by_label("Comment *").focus()
    expect(page.locator(".comment-remember")).to_be_visible()
    with page.expect_request("**/thread?*since=*"):  # this is asked, so time did pass
        page.clock.fast_forward(A_MINUTE)
    assert not [line for line in scene.asked if "/mine" in line]


@on_phone_and_desktop
def test_i_edit_my_comment_where_it_stands(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(scene.host_page())
    write(page, EARLIER)
    comment = mine(page)
    number = number_of(comment)
    open_part(comment, "Edit")
    words = comment.get_by_label("Your comment, as you typed it")
    expect(words).to_be_focused()
    expect(words).to_have_value(EARLIER)
    page.keyboard.press("Escape")
    expect(words).to_be_hidden()
    expect(comment.locator("summary", has_text="Edit")).to_be_focused()
    page.keyboard.press("Enter")
    words.fill("  ")
    comment.get_by_role("button", name="Save").evaluate(
        "button => { button.form.noValidate = true; button.click() }"
    )
    expect(words).to_have_accessible_description(re.compile("Please write your comment."))
    expect(words).to_be_focused()
    words.fill(WORDS)
    picture(page, "own-edit")
    assert faults_of(page) == []
    page.route("**/edit", lambda route: route.abort(), times=1)
    comment.get_by_role("button", name="Save").click()
    expect(comment.locator(".comment-body")).to_have_text(WORDS)
    expect(comment.locator(".comment-edited")).to_be_visible()
    expect(comment).to_be_focused()
    expect(comment.locator(".comment-fault, details[open]")).to_have_count(0)
    assert scene.backstage.comment(number).body == WORDS


def test_an_edited_public_comment_waits_again_and_keeps_its_replies(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page()
    page = visit(url)
    write(page, EARLIER)
    number = number_of(mine(page))
    scene.backstage.approve(number)
    reply = scene.say(url, "Page 14, to be exact.", parent=number)
    page.reload()
    comment = page.locator(f"#comment-{number}")
    expect(comment.locator(":scope > .comment-own")).to_be_visible()
    comment.get_by_role("link", name="Reply to Ann Alder").click()
    open_part(comment, "Edit")
    comment.get_by_label("Your comment, as you typed it").fill(WORDS)
    comment.get_by_role("button", name="Save").click()
    expect(comment.locator(":scope > .comment-body")).to_have_text(WORDS)
    expect(page.get_by_role("status")).to_contain_text("awaiting moderation")
    expect(comment.locator(f"#comment-{reply}")).to_be_visible()
    expect(page.locator(".comments > #respond")).to_be_visible()
    assert scene.backstage.comment(number).status is Status.pending


@on_phone_and_desktop
def test_i_delete_my_comment_after_a_second_thought(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = scene.host_page()
    other = scene.say(url, "The minutes are public.")
    page = visit(url)
    write(page)
    comment = mine(page)
    number = number_of(comment)
    expect(comment.get_by_role("button", name="Delete my comment")).to_be_hidden()
    open_part(comment, "Delete")
    expect(comment.get_by_text("Nobody will see this comment any more.")).to_be_visible()
    picture(page, "own-delete")
    comment.get_by_role("button", name="Delete my comment").click()
    place = page.locator(f"#comment-{number}")
    expect(place).to_have_text("You have deleted your comment.")
    expect(page.get_by_role("status")).to_have_text("You have deleted your comment.")
    expect(page.locator(f"#comment-{other}")).to_be_focused()
    assert scene.backstage.comment(number).status is Status.trash
    page.reload()
    expect(page.locator(f"#comment-{other}")).to_be_visible()
    expect(place).to_have_count(0)


def test_too_late_is_said_where_i_edit(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page())
    write(page, EARLIER)
    comment = mine(page)
    open_part(comment, "Edit")
    comment.get_by_label("Your comment, as you typed it").fill(WORDS)
    with scene.app.app_context(), writing():
        stored = db.session.get_one(Comment, number_of(comment))
        minutes = db.session.get_one(Site, stored.site_id).edit_minutes
        stored.created_at -= timedelta(minutes=minutes + 1)
        db.session.commit()
    comment.get_by_role("button", name="Save").click()
    fault = comment.locator(".comment-edit .comment-fault")
    expect(fault).to_have_text("It is too late to change this comment.")
    expect(page.get_by_role("status")).to_have_text("It is too late to change this comment.")
    expect(comment.get_by_label("Your comment, as you typed it")).to_have_value(WORDS)
    expect(comment.get_by_role("button", name="Save")).to_be_focused()


def test_a_receipt_says_what_is_kept_and_its_link_erases_it(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(scene.host_page(), viewport={"width": 320, "height": 900})
    write(page)
    receipt = mine(page).locator(".comment-receipt")
    receipt.locator("summary").click()
    expect(receipt).to_contain_text("ann@example.org")
    expect(receipt).to_contain_text("No other service was asked about you")
    assert faults_of(page) == []
    picture(page, "own-receipt")
    erase = receipt.get_by_role("link", name="Erase all of it")
    number = number_of(mine(page))
    erase.click()
    page.get_by_role("button", name=re.compile("[Ee]rase")).click()
    expect(page.get_by_text(re.compile("erased", re.IGNORECASE)).first).to_be_visible()
    assert scene.backstage.comment(number).email == ""


def faults_of(page: Page) -> list[str]:
    """What axe finds in the thread, targets too small for a finger, and what is too wide."""
    violations = Axe().run(page, context=".comments").response["violations"]
    faults = [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations]
    faults += page.locator(".comment-form, .comment-mine").evaluate_all(
        """all => all.flatMap(each =>
                [...each.querySelectorAll("a, button, input, textarea, summary, label:has(input)")])
            .filter(each => each.checkVisibility() && !each.closest(".comment-body")
                && !(each.matches("input") && each.closest("label")))
            .map(each => [each.outerHTML, each.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44).map(([name]) => "small: " + name)"""
    )
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return faults + [f"{wide} pixels too wide"] * (wide > 0)
