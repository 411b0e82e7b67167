"""The page of the house rules in a real browser: on a phone, without scripts, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.conftest import HOST, Backstage, Reader
from widget.models import Hold

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def is_in_order(page: Page) -> None:
    """No fault that axe knows, and nothing wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_admin_tries_rules_then_saves_them(
    enter: Enter,
    ann: Reader,
    backstage: Backstage,
) -> None:
    backstage.set(hold=Hold.none, origins=[HOST])
    backstage.screen(
        ann.say("We met at the Casino on Main Street."),
        ann.say("I read in http://minutes.example.org who had asked for it."),
        ann.say("The minutes are public: page 14 says who may search it."),
    )
    desk = enter(viewport={"width": 320, "height": 800}, color_scheme="dark")
    desk.goto("/desk/sites/")
    desk.get_by_role("main").get_by_role("link", name="House rules").click()
    desk.get_by_label("Comment moderation keys").fill("casino*\n# more later")
    desk.get_by_label("Hold a comment from").fill("1")
    desk.get_by_label("Threaded comments").fill("99")
    desk.get_by_role("button", name="Show what would change").click()
    expect(desk.get_by_label("Threaded comments")).to_have_accessible_description(
        "Deeper replies stand on the last level. 1: a flat list. levels deep "
        "This is a number from 1 to 10."
    )
    is_in_order(desk)
    desk.get_by_label("Threaded comments").fill("3")
    desk.get_by_role("button", name="Show what would change").click()
    result = desk.get_by_role("status").filter(has_text="would have gone elsewhere")
    expect(result).to_contain_text("2 of the last 3 comments")
    expect(result.get_by_role("listitem")).to_have_count(2)
    # The bar at the foot of the screen covers nothing that has the focus.
    field = desk.get_by_label("Time zone")
    field.focus()
    bar = desk.get_by_role("button", name="Save", exact=True)
    field_box, bar_box = field.bounding_box(), bar.bounding_box()
    assert field_box
    assert bar_box
    assert field_box["y"] + field_box["height"] <= bar_box["y"]
    desk.get_by_label("Everyone").check()
    bar.click()
    expect(desk.get_by_role("status")).to_contain_text("Saved: “Who waits for a moderator”")
    expect(desk.get_by_label("Comment moderation keys")).to_have_value("casino*\n# more later")
    expect(desk.get_by_label("Everyone")).to_be_checked()
