"""Voting and reporting in place, by everyone who reads, without an account."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from tests.browser.test_host_pages import faults_found_by_axe
from tests.browser.test_reading import LEFT_BEHIND, NOTHING, comment
from widget.models import Votes

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@on_phone_and_desktop
def test_i_vote_where_i_read_and_find_my_vote_again(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    scene.backstage.set(votes=Votes.both)
    first = scene.say(url, "The minutes are public.")
    page = visit(url)
    up = page.get_by_role("button", name="Vote up the comment by Bea")
    down = page.get_by_role("button", name="Vote down the comment by Bea")
    counts = comment(page, first).locator(".comment-votes")
    expect(counts).to_have_text(["", ""])
    assert page.evaluate(LEFT_BEHIND) == NOTHING
    page.route("**/vote", lambda route: route.abort(), times=1)
    up.click()
    expect(comment(page, first)).to_contain_text("This could not be sent")
    expect(counts).to_have_text(["", ""])
    up.click()
    expect(counts).to_have_text(["1", ""])
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(up).to_be_focused()
    expect(comment(page, first)).not_to_contain_text("This could not be sent")
    page.reload()
    expect(up).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(counts).to_have_text(["", "1"])
    expect(up).to_have_attribute("aria-pressed", "false")
    down.click()
    expect(counts).to_have_text(["", ""])
    assert page.url == url


@on_phone_and_desktop
def test_i_report_a_comment_where_it_stands(
    screen: dict[str, Any], scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url = scene.host_page()
    first = scene.say(url, "Buy my pills.")
    page = visit(url)
    link = page.get_by_role("link", name="Report the comment by Bea")
    form = page.get_by_role("form", name="Report the comment by Bea")
    reason = form.get_by_label("What is wrong with it?")
    ways: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: form.get_by_role("link", name="Cancel").click(),
    ]
    for close in ways:
        link.click()
        expect(reason).to_be_focused()
        close()
        expect(form).to_have_count(0)
        expect(link).to_be_focused()
    assert page.evaluate(LEFT_BEHIND) == NOTHING
    link.click()
    picture(page, f"report-{screen['viewport']['width']}")
    assert faults_found_by_axe(page) == []
    form.get_by_role("button", name="Send the report").click()
    expect(form.locator(".comment-fault")).to_be_visible()
    expect(reason).to_be_focused()
    reason.select_option(index=1)
    form.get_by_role("button", name="Send the report").click()
    thanks = page.locator(".comment-report-thanks")
    expect(thanks).to_be_focused()
    expect(comment(page, first).locator(thanks)).to_have_count(1)
    expect(form).to_have_count(0)
    assert page.url == url
    sent = [line for line in scene.asked if line.startswith("POST") and "/report" in line]
    assert len(sent) == 2, "one was faulty, one was not"
