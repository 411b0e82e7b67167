"""Rules, authors and texts in a real browser.

Fixtures: `scene` runs the service, `visit` opens a browser (tests/browser/conftest.py).
"""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Scene, Visit
from tests.conftest import PASSWORD, Backstage, Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def spam(scene: Scene, bob: Reader, backstage: Backstage) -> list[int]:
    """Three comments of Bob's that wait."""
    bob.origin, bob.page = scene.origin, f"{scene.origin}/story"
    ids = [bob.say(f"Cheap watches, no. {n}, at http://shop.example/{n}") for n in range(3)]
    backstage.screen(*ids)
    return ids


def test_a_spammer_is_banned_from_a_card_on(scene: Scene, visit: Visit, spam: list[int]) -> None:
    desk = visit(f"{scene.service}/desk/", base_url=scene.service)
    desk.get_by_label("Email").fill("olga@example.org")
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()

    card = desk.locator(f"#comment-{spam[0]}")
    card.get_by_text("More", exact=True).click()
    card.get_by_role("link", name="the author").click()
    expect(desk.get_by_role("status")).to_contain_text("The browser of Bob: 3 pending.")
    desk.get_by_label("Why").fill("Sells watches")
    desk.get_by_label("also move the 3").check()
    desk.get_by_role("button", name="Make the rule").click()
    row = desk.get_by_role("row", name="The browser of Bob")
    expect(row).to_contain_text("Sells watches")
    expect(desk.get_by_role("status")).to_contain_text("The rule counts from now on.")
    desk.goto("/desk/spam/")
    expect(desk.locator("article.card")).to_have_count(3)
    desk.locator(f"#comment-{spam[0]}").get_by_role("link", name="Author").click()
    desk.get_by_label("Write a note").fill("The third shop since May.")
    desk.get_by_role("button", name="Keep the note").click()
    expect(desk.get_by_text("The third shop since May.")).to_be_visible()

    desk.get_by_role("link", name="Texts").click()
    reasons = desk.get_by_role("region", name="Reasons for rejecting")
    reasons.get_by_label("Title").fill("Off topic")
    reasons.get_by_label("Text").fill("Please stay with the subject.")
    reasons.get_by_role("button", name="Keep the text").click()
    reasons.get_by_text("Off topic").click()
    expect(reasons.get_by_label("Text").first).to_have_value("Please stay with the subject.")
