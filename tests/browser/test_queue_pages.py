"""What I decided, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.conftest import Backstage, Reader
from widget.models import Move

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_what_i_decided_is_kept_up_to_date_and_taken_back(
    enter: Enter, bob: Reader, backstage: Backstage
) -> None:
    backstage.set(origins=[bob.origin])
    comment_id = bob.say("Cheap watches.")
    backstage.screen(comment_id)
    backstage.move(comment_id, Move.trash)
    desk = enter()

    with desk.expect_response(lambda answer: "/desk/changes" in answer.url) as heard:
        desk.goto("/desk/mine/")
    assert heard.value.ok
    desk.get_by_role("button", name="Undo: Moved to the trash").click()
    expect(desk.locator(".kind", has_text="undone")).to_be_visible()
