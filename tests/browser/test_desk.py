"""The desk in a real browser: by keyboard, by finger, without scripts, in light and dark.

Fixtures: `scene` runs the service, `visit` opens a browser (tests/browser/conftest.py).
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Scene, Visit
from tests.conftest import HOST, PASSWORD, Backstage, Reader
from widget.models import Move

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Enter = Callable[..., Page]
FINGER = 44
PHONES = (320, 375)


@pytest.fixture
def enter(scene: Scene, visit: Visit) -> Iterator[Enter]:
    """Sign Olga in, in a browser of her own: `enter(color_scheme="dark")`.

    Every fault that a console tells fails the test: what the policy of the page forbids, too.
    """
    faults: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)

    def open_desk(**options: Any) -> Page:
        page = visit(f"{scene.service}/desk/", before=listen, base_url=scene.service, **options)
        page.get_by_label("Email").fill("olga@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        return page

    yield open_desk
    assert not faults


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


def test_a_moderator_clears_the_queue_by_keyboard_alone(
    enter: Enter, waiting: list[int], backstage: Backstage
) -> None:
    desk = enter()
    listens(desk)

    desk.keyboard.press("a")
    expect(cards(desk)).to_have_count(4)  # no card has the focus: nothing was meant
    desk.keyboard.press("j")
    awaits_keys(desk, waiting[0])
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    desk.keyboard.press("a")
    expect(card(desk, waiting[0])).to_have_count(0)
    awaits_keys(desk, waiting[1])
    desk.keyboard.press("s")
    expect(card(desk, waiting[1])).to_have_count(0)
    awaits_keys(desk, waiting[2])
    desk.keyboard.press("d")
    expect(card(desk, waiting[2])).to_have_count(0)
    listens(desk)
    desk.keyboard.press("z")
    awaits_keys(desk, waiting[2])
    expect(desk.get_by_role("status")).to_contain_text("Undone")

    statuses = [backstage.comment(comment_id).status.value for comment_id in waiting]
    assert statuses == ["approved", "spam", "pending", "pending"]


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
    expect(desk.get_by_role("status")).to_contain_text("Bob’s comment was approved.")
    expect(card(desk, waiting[0])).to_have_count(0)
    assert backstage.comment(waiting[0]).status == "approved"
    desk.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(card(desk, waiting[0])).to_be_visible()
    desk.get_by_role("link", name="Spam").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Spam")
    cards(desk).get_by_role("button", name="Not spam").click()
    expect(desk.get_by_text("No spam.")).to_be_visible()
    expect(desk.get_by_role("button", name="Keys")).to_have_count(0)
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.get_by_role("heading", name="Sign in")).to_be_visible()


PAGES = ("/desk/pending/", "/desk/approved/", "/desk/spam/", "/desk/trash/", "/desk/password")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [*PHONES, 1280])
def test_every_page_is_accessible_and_fits(
    enter: Enter,
    waiting: list[int],
    picture: Callable[[Page, str], None],
    scheme: str,
    width: int,
) -> None:
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    desk = enter(**look)
    for path in PAGES:
        desk.goto(path)
        is_fine(desk, width)
        picture(desk, f"desk-{path.split('/')[2]}-{width}-{scheme}")
    desk.goto("/desk/pending/")
    card(desk, waiting[0]).get_by_role("button", name="Approve").click()
    expect(desk.get_by_role("status")).to_be_visible()
    is_fine(desk, width)
    picture(desk, f"desk-decided-{width}-{scheme}")
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.get_by_role("heading", name="Sign in")).to_be_visible()
    is_fine(desk, width)
    picture(desk, f"desk-login-{width}-{scheme}")


@pytest.mark.parametrize("width", PHONES)
def test_whatever_is_pressed_is_large_enough_for_a_finger(
    enter: Enter, waiting: list[int], width: int
) -> None:
    desk = enter(viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
    card(desk, waiting[0]).get_by_role("button", name="Spam").tap()
    expect(desk.get_by_role("status")).to_be_visible()

    for path in (desk.url, *PAGES):
        desk.goto(path)
        for target in desk.locator("button:visible, select, nav a").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= FINGER, target.text_content()


def cards(page: Page) -> Locator:
    """The comments on the page."""
    return page.locator("article.card")


def card(page: Page, comment_id: int) -> Locator:
    """One comment."""
    return page.locator(f"#comment-{comment_id}")


def is_fine(page: Page, width: int) -> None:
    """No fault that axe knows, and nothing wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
