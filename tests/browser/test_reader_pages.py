"""The pages behind a reader's links, as a phone shows them, by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Scene
from tests.conftest import Reader
from widget.db import db
from widget.models import Comment, Subscription
from widget.notify import links
from widget.notify.links import Purpose
from widget.privacy import receipt

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def check(page: Page) -> None:
    """Axe finds nothing, nothing is wider than the screen, and a finger hits every button."""
    found = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def links_of(scene: Scene, comment_id: int) -> list[str]:
    """What mails and the receipt lead to."""
    with scene.app.app_context():
        settings = scene.app.extensions["settings"]
        comment = db.session.get_one(Comment, comment_id)
        mailed = [
            links.for_reader(
                settings,
                purpose,
                site_id=comment.site_id,
                thread_id=comment.thread_id,
                email=comment.email,
            )
            for purpose in (Purpose.confirm, Purpose.unsubscribe)
        ]
        return [*mailed, receipt.receipt(settings, comment).erase]


def test_confirm_manage_unsubscribe_and_erase_by_keyboard_on_a_phone(
    scene: Scene, browser: Browser, picture: Callable[[Page, str], None]
) -> None:
    ann = Reader(scene.app.test_client(), origin=scene.origin, page=f"{scene.origin}/article")
    mine = ann.say("I read the whole report.", subscribe="thread", title="A title " * 12)
    scene.backstage.approve(mine)
    confirm, unsubscribe, erase = links_of(scene, mine)
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()

    def press(name: str) -> None:
        page.get_by_role("button", name=name).first.focus()
        page.keyboard.press("Enter")

    page.goto(confirm)
    check(page)
    picture(page, "reader-confirm")
    press("Subscribe")
    expect(page.get_by_role("heading", name="You are subscribed.")).to_be_visible()
    check(page)

    page.get_by_role("link", name="Your subscriptions").click()
    expect(page.get_by_role("button", name="Send one mail a day")).to_be_visible()
    check(page)
    picture(page, "reader-manage")
    press("Send one mail a day")
    expect(page.get_by_text("in one mail a day")).to_be_visible()

    page.goto(unsubscribe)
    check(page)
    press("Unsubscribe")
    expect(page.get_by_role("heading", name="You are unsubscribed.")).to_be_visible()
    with scene.app.app_context():
        assert db.session.scalars(select(Subscription)).all() == []

    page.goto(erase)
    check(page)
    picture(page, "reader-erase")
    press("Erase it")
    expect(page.get_by_role("heading", name=re.compile("is erased"))).to_be_visible()
    page.goto(erase)
    expect(page.get_by_role("heading", name=re.compile("is gone"))).to_be_visible()
    check(page)
    assert context.cookies() == []
    context.close()
