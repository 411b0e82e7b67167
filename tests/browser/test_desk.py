"""The desk in a real browser: its keys, and all of it without scripts.

Fixtures: `scene` runs the service, `visit` opens a browser (tests/browser/conftest.py).
"""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Enter, Scene
from tests.conftest import HOST, Backstage, Reader
from widget.models import Move

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def waiting(scene: Scene, ann: Reader, bob: Reader, backstage: Backstage) -> list[int]:
    """Four comments that wait, as different as they come; and some that were decided."""
    backstage.set(origins=[HOST, scene.origin], hold_words="casino")
    parent = ann.say("The minutes are public: page 14 says who may search it.")
    backstage.approve(parent)
    spam, trash = bob.say("Cheap watches."), bob.say("My phone number is…")
    backstage.screen(spam, trash)
    backstage.move(spam, Move.spam)
    backstage.move(trash, Move.trash)
    ids = [
        bob.say("Page 31 too.", parent=parent, website="https://www.bob.example/"),
        bob.say("Casino www.a.example, www.b.example", subject="x", author="B" * 200),
        bob.say("Pneumono" * 200 + "\n\n" + "A line.\n" * 60),
        bob.say("Not screened."),
    ]
    backstage.screen(*ids[:3])
    return ids


def listens(desk: Page) -> None:
    """Wait until the page's script has run: it shows this button, and then hears keys."""
    expect(desk.get_by_role("button", name="Keys")).to_be_visible()


def awaits_keys(desk: Page, comment_id: int) -> None:
    """Wait until a card has the focus, and the page it stands in listens."""
    expect(card(desk, comment_id)).to_be_focused()
    listens(desk)


def test_the_keys_are_told_and_can_be_turned_off(enter: Enter, waiting: list[int]) -> None:
    desk = enter()
    listens(desk)

    desk.keyboard.press("?")
    keys = desk.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("approve")
    keys.get_by_label("Use these keys").uncheck()
    desk.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    desk.reload()
    listens(desk)
    card(desk, waiting[0]).focus()
    desk.keyboard.press("a")
    desk.keyboard.press("j")
    awaits_keys(desk, waiting[0])
    desk.get_by_role("button", name="Keys").click()
    expect(keys.get_by_label("Use these keys")).not_to_be_checked()


def test_a_letter_in_a_field_is_a_letter(enter: Enter, waiting: list[int]) -> None:
    desk = enter()
    desk.evaluate("document.querySelector('.card').append(document.createElement('textarea'))")
    field = desk.locator("textarea")

    field.press_sequentially("asd")

    expect(field).to_have_value("asd")
    expect(card(desk, waiting[0])).to_be_visible()


def test_everything_works_without_scripts(
    enter: Enter, waiting: list[int], backstage: Backstage
) -> None:
    desk = enter(java_script_enabled=False)

    card(desk, waiting[0]).get_by_role("button", name="Approve").click()
    expect(desk.locator(".flash[role=status]")).to_contain_text("Bob’s comment was approved.")
    expect(card(desk, waiting[0])).to_have_count(0)
    assert backstage.comment(waiting[0]).status == "approved"
    desk.locator(".flash[role=status]").get_by_role("button", name="Undo").click()
    expect(card(desk, waiting[0])).to_be_visible()
    desk.get_by_role("navigation", name="Views").get_by_role("link", name="Spam").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Spam")
    cards(desk).get_by_role("button", name="Not spam").click()
    expect(desk.get_by_text("No spam.")).to_be_visible()
    expect(desk.get_by_role("button", name="Keys")).to_have_count(0)
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.get_by_role("heading", name="Sign in")).to_be_visible()


def cards(page: Page) -> Locator:
    """The comments on the page."""
    return page.locator("article.card")


def card(page: Page, comment_id: int) -> Locator:
    """One comment."""
    return page.locator(f"#comment-{comment_id}")
