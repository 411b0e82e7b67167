"""The charts and the public figures in a real browser: each look has its own pictures."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.browser.conftest import Enter, Scene
from tests.conftest import HOST, Backstage
from tests.test_charts import decide, write
from widget.db import now
from widget.models import Move

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ("/desk/sites/news/charts?days=90", "/t/news/transparency")


@pytest.mark.parametrize("look", [(320, "light"), (1280, "dark")], ids=["phone", "dark desktop"])
def test_pictures_are_drawn_for_the_screen(
    app: Flask, scene: Scene, backstage: Backstage, enter: Enter, look: tuple[int, str]
) -> None:
    backstage.set(origins=[HOST, scene.origin], transparent=True)
    days = [now() - timedelta(days=number) for number in range(1, 20)]
    for comment_id in write(app, days, rules=" links ", held_for="2 links"):
        decide(app, comment_id, Move.reject, timedelta(hours=3))
    width, scheme = look
    desk = enter()
    desk.set_viewport_size({"width": width, "height": 800})
    desk.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in PAGES:
        desk.goto(scene.service + address)
        for picture in desk.get_by_role("img").all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", value=True)
            assert picture.evaluate("image => image.naturalWidth")
            narrow = "narrow=1" in picture.evaluate("image => image.currentSrc")
            assert narrow == (width < 640)
