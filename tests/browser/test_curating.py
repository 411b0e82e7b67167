"""What moderators do with a thread, and readers with a comment, in a real browser.

Fixtures: `scene` runs the service, `visit` opens a browser (tests/browser/conftest.py).
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit
from tests.conftest import PASSWORD, Backstage, Reader
from widget.models import Votes

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Picture = Callable[[Page, str], None]
FINGER = 44
LOOKS: tuple[dict[str, Any], ...] = (
    {"viewport": {"width": 320, "height": 800}, "has_touch": True, "is_mobile": True},
    {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
)


@pytest.fixture
def said(scene: Scene, ann: Reader, backstage: Backstage) -> int:
    """A public comment of Ann's that a reader has reported."""
    backstage.set(votes=Votes.both)
    ann.origin = scene.origin
    ann.page = f"{scene.origin}/story"
    comment_id = ann.say("The minutes are public: page 14 says who may search it.")
    backstage.approve(comment_id)
    scene.say(ann.page, "And page 31.", parent=comment_id)
    ann.client.post(
        f"/embed/news/comments/{comment_id}/report",
        data={
            "complaint": "personal",
            "note": "It names my street, and the house that I live in.",
            "token": ann.token(),
            "key": "the key that only a neighbour holds",
        },
        headers=ann.headers,
    )
    return comment_id


@pytest.mark.parametrize("look", LOOKS, ids=["phone", "desktop"])
def test_a_moderator_curates_a_thread(
    scene: Scene, visit: Visit, said: int, picture: Picture, look: Any
) -> None:
    desk = visit(f"{scene.service}/desk/", base_url=scene.service, **look)
    desk.get_by_label("Email").fill("olga@example.org")
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    width = look["viewport"]["width"]

    desk.get_by_role("link", name="Reported").click()
    card = desk.locator(f"#comment-{said}")
    expect(card).to_contain_text("It names my street")
    card.get_by_text("More").click()
    card.get_by_role("button", name="Pin to the top").click()
    expect(desk.get_by_role("status").filter(has_text="Pinned")).to_be_visible()
    card.get_by_text("More").click()
    card.get_by_label("This person is").select_option("the author of the article")
    card.get_by_role("button", name="Set").click()
    expect(card).to_contain_text("author of the article")
    expect(card).to_contain_text("pinned")
    is_fine(desk, width)
    picture(desk, f"desk-curated-{width}")

    card.get_by_text("More").click()
    card.get_by_role("link", name="This thread", exact=True).click()
    desk.get_by_label("A word to all readers").fill("Please stay on the topic.")
    desk.get_by_label("Who waits").select_option("everyone")
    desk.get_by_role("button", name="Save the rules").click()
    expect(desk.get_by_role("status")).to_contain_text("saved")
    expect(desk.get_by_label("A word to all readers")).to_have_value("Please stay on the topic.")
    expect(desk.get_by_label("Who waits")).to_have_value("all")
    desk.get_by_role("button", name="Close the thread").click()
    expect(desk.get_by_role("heading", name="Comments are closed")).to_be_visible()
    is_fine(desk, width)

    desk.goto("/desk/reported/")
    card.get_by_role("button", name="Keep the comment").click()
    expect(desk.get_by_text("Nothing is reported.")).to_be_visible()
    expect(desk.get_by_role("link", name="Reported")).to_be_visible()


def test_without_a_script_a_reader_votes(
    scene: Scene, visit: Visit, said: int, backstage: Backstage
) -> None:
    address = f"{scene.service}/t/news?page={scene.origin}/story"
    page = visit(address, java_script_enabled=False)
    page.get_by_role("button", name="Vote up the comment by Ann").click()
    expect(page).to_have_url(re.compile(rf"#comment-{said}$"))
    expect(page.locator(f"#comment-{said} .comment-votes").first).to_have_text("1")
    assert backstage.comment(said).votes_up == 1


@pytest.mark.parametrize("look", LOOKS, ids=["phone", "desktop"])
def test_a_reader_reports_on_a_page_that_has_no_script(
    scene: Scene, visit: Visit, said: int, picture: Picture, look: Any
) -> None:
    page = visit(f"{scene.service}/t/news?page={scene.origin}/story", **look)
    width = look["viewport"]["width"]
    report = page.get_by_role("link", name="Report the comment by Ann")
    page.goto(str(report.get_attribute("href")))
    expect(page.get_by_text("The minutes are public")).to_be_visible()
    assert page.locator("script").count() == 0
    is_fine(page, width)
    picture(page, f"report-{width}")
    page.get_by_role("button", name="Send the report").click()
    reason = page.get_by_label("What is wrong with it?")
    expect(reason).to_be_focused()
    expect(reason).to_have_accessible_description("Please choose a reason.")
    is_fine(page, width)
    picture(page, f"report-fault-{width}")
    page.get_by_label("What is wrong").select_option("Insults, hate or threats")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    is_fine(page, width)
    picture(page, f"report-thanks-{width}")
    page.get_by_role("link", name="Back to the comments").click()
    expect(page.locator(f"#comment-{said}")).to_be_visible()


def is_fine(page: Page, width: int) -> None:
    """No fault that axe knows, nothing wider than the screen, and on a phone room for a finger."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 600:
        for target in page.locator("button:visible, select:visible, nav a:visible").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= FINGER, target.text_content()
