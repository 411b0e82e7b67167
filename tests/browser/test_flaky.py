"""Posting over networks that are slow, flaky or away: nothing is lost, and nothing is doubled.

Fixtures: `scene` runs a service and host pages on another origin, `visit` opens a browser of
one's own (tests/browser/conftest.py). Pauses are not waited for: the browser's clock is moved.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from tests.browser.test_embed import WORDS, comments_posted, mine, send, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A_MINUTE = 60_000
Fate = Callable[[Route], object]


def lose(route: Route) -> None:
    """The service never hears of it."""
    route.abort()


def lose_the_answer(route: Route) -> None:
    """It arrives, and nobody is told."""
    route.fetch()
    route.abort()


def turn_away(route: Route) -> None:
    """Something ahead of the service has no place for it just now."""
    route.fulfill(status=503, headers={"Retry-After": "9"}, body="busy")


def slow_down(route: Route) -> None:
    """The service has words for it."""
    route.fulfill(
        status=429,
        headers={
            "Retry-After": "30",
            "Content-Type": "text/html",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Retry-After",
        },
        body='<p class="comment-fault" data-field="">You are posting too quickly.</p>',
    )


def meet(page: Page, *fates: Fate) -> list[Route]:
    """What happens to one post after the other; whatever comes later arrives."""
    tries: list[Route] = []

    def decide(route: Route) -> None:
        tries.append(route)
        if len(tries) <= len(fates):
            fates[len(tries) - 1](route)
        else:
            route.continue_()

    page.route("**/comments", decide)
    return tries


def hurry(page: Page) -> None:
    """Let a minute pass."""
    page.clock.fast_forward(A_MINUTE)


@on_phone_and_desktop
def test_a_post_is_sent_again_by_itself_until_it_arrives_once(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page(), before=lambda page: page.clock.install())
    tries = meet(page, lose, lose_the_answer, turn_away, slow_down)
    status, words = page.get_by_role("status"), page.get_by_label("Comment *")
    write(page)
    said = ["does not answer"] * 3 + ["You are posting too quickly."]
    for number, told in enumerate(said, 1):
        expect(status).to_contain_text(told)
        expect(status).to_be_in_viewport()
        expect(words).to_have_value(WORDS)
        expect(words).not_to_be_editable()
        expect(page.get_by_role("button", name="Posting…")).to_be_focused()
        assert len(tries) == number
        with page.expect_request("**/comments"):
            hurry(page)
    expect(mine(page)).to_have_count(1)
    expect(mine(page)).to_be_focused()
    expect(words).to_be_editable()
    expect(page.get_by_role("button", name="Stop sending")).to_be_hidden()
    assert len(tries) == 5
    assert comments_posted(scene) == 1


def test_when_no_answer_comes_i_am_told_and_keep_my_words(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page(), before=lambda page: page.clock.install())
    tries = meet(page, lose, lose, lose, lose, lose_the_answer)
    write(page)
    for number in range(1, 5):
        expect(page.get_by_role("status")).to_contain_text("does not answer")
        assert len(tries) == number
        with page.expect_request("**/comments"):
            hurry(page)
    expect(page.get_by_role("status")).to_contain_text("could not be sent")
    expect(page.get_by_label("Comment *")).to_have_value(WORDS)
    expect(page.get_by_role("button", name="Post Comment")).to_be_focused()
    send(page)
    expect(mine(page)).to_have_count(1)
    assert comments_posted(scene) == 1


def test_i_may_stop_change_my_words_and_send_them_anew(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page())
    meet(page, lose_the_answer)
    write(page)
    page.get_by_role("button", name="Stop sending").click()
    expect(page.get_by_role("status")).to_contain_text("Sending was stopped.")
    expect(page.get_by_role("button", name="Post Comment")).to_be_focused()
    write(page, "I read it twice.")
    expect(mine(page)).to_contain_text("I read it twice.")
    assert comments_posted(scene) == 2, "other words are another comment"


def test_offline_it_waits_and_goes_out_when_the_network_is_back(scene: Scene, visit: Visit) -> None:
    tall = "<p style='height: 600px'>The story</p>"
    page = visit(scene.host_page(body=f"<input aria-label='Search'>{tall}{scene.tag()}"))
    page.get_by_label("Name *").focus()
    expect(page.locator(".comment-remember")).to_be_visible()
    page.context.set_offline(True)
    write(page)
    expect(page.get_by_role("status")).to_contain_text("You are offline.")
    page.get_by_label("Search").fill("Something else meanwhile")
    page.evaluate("scrollTo(0, 0)")
    page.context.set_offline(False)
    expect(mine(page)).to_contain_text(WORDS)
    expect(page.get_by_label("Search")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    expect(page.get_by_role("status")).to_have_text("Your comment is awaiting moderation.")
    assert comments_posted(scene) == 1


def test_who_closes_the_tab_meanwhile_finds_a_draft_that_is_never_doubled(
    scene: Scene, visit: Visit
) -> None:
    url = scene.host_page()
    page = visit(url)
    meet(page, lose_the_answer)
    write(page)
    expect(page.get_by_role("status")).to_contain_text("does not answer")
    again = page.context.new_page()
    page.close()
    again.goto(url)
    expect(again.get_by_label("Comment *")).to_have_value(WORDS)
    expect(again.get_by_text("This is what you began to write here.")).to_be_visible()
    write(again)
    expect(mine(again)).to_have_count(1)
    expect(again.get_by_label("Comment *")).to_have_value("")
    assert comments_posted(scene) == 1


@on_phone_and_desktop
def test_a_double_click_enter_twice_two_tabs_and_back_are_one_comment(
    scene: Scene, visit: Visit
) -> None:
    url, elsewhere = scene.host_page(), scene.host_page("/elsewhere", body="<p>Elsewhere")
    page = visit(url)
    held: list[Route] = []
    page.route("**/comments", lambda route: held.append(route))  # noqa: PLW0108 (playwright marks it)
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    page.get_by_label("Comment *").fill(WORDS)
    page.wait_for_function("localStorage['comments-drafts:news']")
    other = page.context.new_page()
    other.goto(url)
    expect(other.get_by_label("Comment *")).to_have_value(WORDS)
    page.get_by_role("button", name="Post Comment").dblclick()
    button = page.get_by_role("button", name="Posting…")
    expect(button).to_be_disabled()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Name *").press("Enter")
    held[0].continue_()
    expect(mine(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Post Comment")).to_be_enabled()
    assert len(held) == 1
    write(other)
    expect(mine(other)).to_have_count(1)
    page.goto(elsewhere)
    page.go_back()
    expect(mine(page)).to_have_count(1)
    expect(page.get_by_label("Comment *")).to_have_value("")
    assert comments_posted(scene) == 1
