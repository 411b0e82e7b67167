"""The page of the spam filter in a real browser: the slider, with and without script."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import filtering
from tests.browser.conftest import Enter, Scene
from tests.browser.test_house_rules import is_in_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ADDRESS = "/desk/sites/news/filter"
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}


def test_a_threshold_is_found_by_its_consequence(
    scene: Scene, enter: Enter, picture: Callable[[Page, str], None]
) -> None:
    filtering.in_use(scene.app)
    page = enter(viewport={"width": 1280, "height": 800})
    page.goto(ADDRESS)
    expect(page.get_by_text("Version 1 judges")).to_be_visible()
    slider, number = page.get_by_role("slider"), page.get_by_label("Probability in percent")
    slider.focus()
    slider.press("End")
    expect(number).to_have_value("100")
    expect(page.get_by_label("from this probability on")).to_be_checked()
    number.fill("60")
    expect(slider).to_have_value("60")
    page.get_by_role("button", name="Show what would change").click()
    result = page.get_by_role("status").filter(has_text="Tried on the latest")
    expect(result).to_contain_text("From 60 % on")
    expect(number).to_have_value("60")
    is_in_order(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("It counts for comments from now on.")
    expect(number).to_have_value("60")
    page.get_by_label("Now", exact=True).check()
    page.get_by_role("button", name="Set the shields").click()
    expect(page.get_by_role("main")).to_contain_text("Up, by hand")
    is_in_order(page)


def test_the_slider_counts_without_script(scene: Scene, enter: Enter) -> None:
    filtering.in_use(scene.app)
    page = enter(**PHONE, java_script_enabled=False)
    page.goto(ADDRESS)
    page.get_by_label("from this probability on").check()
    page.get_by_role("slider").focus()
    page.get_by_role("slider").press("Home")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("status").filter(has_text="Tried")).to_contain_text("From 50 % on")
    expect(page.get_by_label("Probability in percent")).to_have_value("50")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Probability in percent")).to_have_value("50")
