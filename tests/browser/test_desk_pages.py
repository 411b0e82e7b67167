"""Every page of the desk, in a newsroom where each has something to show, for everyone.

On a small phone in the dark, where no script runs, and on a desktop in the light: axe finds
nothing, nothing is wider than the screen, and a finger hits every target. A new page has to say
here where it is, or why it is none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import select

from tests import filtering
from tests.browser.conftest import Enter, Scene
from tests.browser.test_everyone import AXE, RUN, TOO_WIDE
from tests.browser.test_people import invitation_of
from tests.conftest import PASSWORD
from tests.newsroom import Newsroom, open_newsroom
from tests.pages import OpenDesk
from tests.test_second_factor import new_codes, set_up
from widget.db import db
from widget.models import Moderator, Move
from widget.notify import links
from widget.notify.links import MailedMove

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Picture = Callable[[Page, str], None]

PHONE: dict[str, Any] = {
    "viewport": {"width": 320, "height": 640}, "color_scheme": "dark", "has_touch": True,
}  # fmt: skip
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
# A page whose address names what it is about, in the words of Newsroom.ids.
PAGES: dict[str, tuple[str, ...]] = {
    "desk.view": (
        "/desk/pending/?order=priority",
        "/desk/pending/?site=news&cluster={cluster}",
        "/desk/pending/?zen=1",
        "/desk/pending/?q=colour:red&rule=links&lang=en",
        # A month of comments is more than axe has to read.
        *(f"/desk/{view}/?thread={{thread}}"
          for view in ("reported", "approved", "spam", "rejected", "trash", "mine")),
    ),
    "log.page": ("/desk/log",),
    "sites.index": ("/desk/sites/",),
    "rules.page": ("/desk/sites/news/rules",),
    "bans.page": ("/desk/sites/news/bans?comment={offer}&match=key",),
    "texts.page": ("/desk/sites/news/texts",),
    "people.page": ("/desk/sites/news/people",),
    "webhooks.page": ("/desk/sites/news/webhooks",),
    "filter.page": ("/desk/sites/news/filter",),
    "charts.page": ("/desk/sites/news/charts",),
    "standalone.page": ("/t/news?page={article}",),
    "authors.page": ("/desk/authors/{reference}?site=news",),
    "batches.page": ("/desk/batches/{batch}",),
    "editing.page": ("/desk/comments/{waiting}/edit",),
    "editing.reply": ("/desk/comments/{waiting}/reply",),
    "curating.thread": ("/desk/threads/{thread}",),
    "mailbox.index": ("/desk/mail/",),
    "account.page": ("/desk/account/",),
    "telling.page": ("/desk/account/telling",),
    "security.change_password": ("/desk/password",),
    "security.two_factor_setup": ("/desk/second",),
    "security.mf_recovery_codes": ("/desk/recovery-codes",),
    "security.wan_register": ("/desk/passkeys",),
    "security.verify": ("/desk/verify",),
}  # fmt: skip
# Before one is signed in; and between the password and the code.
OUTSIDE: dict[str, tuple[str, ...]] = {
    "security.login": ("/desk/login",),
    "security.wan_signin": ("/desk/passkey",),
    "security.forgot_password": ("/desk/forgot",),
    "security.reset_password": ("/desk/forgot/{forgot}",),
    "invited.ask": ("{invitation}",),
    "mailed.ask": ("/desk/decide/{decide}",),
    "transparency.page": ("/t/news/transparency",),
}
HALFWAY: dict[str, tuple[str, ...]] = {
    "security.two_factor_token_validation": ("/desk/second/code",),
    "security.mf_recovery": ("/desk/recovery",),
}
NO_PAGE = {
    "desk.home": "leads to the queue",
    "filters.show": "leads to a view",
    "live.changes": "answers the script",
    "live.current": "answers the script",
    "charts.picture": "a picture within a page",
    "filter.picture": "a picture within a page",
    "log.file": "a file",
    "security.static": "files that no page asks for",
    "security.two_factor_rescue": "leads to the recovery codes",
    "security.tf_select": "leads to the code",
    "security.wan_delete": "leads to the passkeys",
    "security.wan_verify": "is the page that asks for the password, and answers the script",
}
ON_PAPER: ViewportSize = {"width": 1000, "height": 640}
# What the documents show of them (`make pictures`).
PICTURES = {
    (320, "/desk/pending/?order=priority"): "queue-phone",
    (1280, "/desk/pending/?order=priority"): "queue",
    (1280, "/desk/pending/?site=news&cluster={cluster}"): "cluster",
    (1280, "/desk/pending/?zen=1"): "zen",
    (1280, "/desk/sites/news/bans?comment={offer}&match=key"): "bans",
    (1280, "/desk/sites/news/charts"): "charts",
    (1280, "/desk/log"): "log",
    (1280, "/desk/login"): "sign-in",
}
TOO_SMALL = """() => [...document.querySelectorAll(
        "main :is(button, select, summary), nav a, header button")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => each.getBoundingClientRect().height < 43.9)
    .map((each) => each.outerHTML.slice(0, 120))"""
DRAWN = "() => [...document.images].every((each) => each.complete || each.offsetTop > innerHeight)"
# What is the ninth of its kind takes axe as long as the first, and has the same faults.
THIN = """() => document.querySelectorAll("main :is(li, tbody > tr):nth-child(n + 9)")
    .forEach((each) => each.remove())"""
OPEN = "() => document.querySelectorAll('main details').forEach((each) => { each.open = true; })"


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Mail goes to files, and can be looked at."""
    return {**settings, "development": True}


def test_every_page_is_walked_or_none(app: Flask) -> None:
    found = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule.startswith("/desk")
    }
    assert found | {"transparency.page", "standalone.page"} == {
        *PAGES,
        *OUTSIDE,
        *HALFWAY,
        *NO_PAGE,
    }


@dataclass
class Walk:
    """From page to page, in one look."""

    page: Page
    room: Newsroom
    picture: Picture
    faults: list[str] = field(default_factory=list)

    def through(self, pages: dict[str, tuple[str, ...]]) -> None:
        """Open each, and note what is wrong with it."""
        assert self.page.viewport_size
        for pattern in (address for addresses in pages.values() for address in addresses):
            address = self.room.address(pattern)
            answer = self.page.goto(address)
            assert answer
            path = urlsplit(self.page.url)._replace(scheme="", netloc="").geturl()
            assert (answer.status, path) == (200, address)
            if name := PICTURES.get((self.page.viewport_size["width"], pattern)):
                self.show(name)
            self.judge(address)

    def judge(self, address: str) -> None:
        """Look at the page with all that it can unfold."""
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        self.page.evaluate(OPEN)
        found = [f"too wide: {each}" for each in self.page.evaluate(TOO_WIDE)]
        self.page.evaluate(THIN)
        self.page.evaluate(AXE)
        found += [
            f"{each['id']}: {each['nodes'][0]['html'][:160]}"
            for each in self.page.evaluate(RUN)["violations"]
        ]
        if self.page.viewport_size == PHONE["viewport"]:
            found += [f"too small: {each}" for each in self.page.evaluate(TOO_SMALL)]
        self.faults += [f"{address}: {each}" for each in found]

    def show(self, name: str) -> None:
        """Take a picture for the documents."""
        size = self.page.viewport_size
        assert size
        self.page.set_viewport_size(ON_PAPER if size["width"] > ON_PAPER["width"] else size)
        self.page.wait_for_function(DRAWN)
        if size == PHONE["viewport"]:
            self.page.locator("h1").evaluate("each => each.scrollIntoView()")
        self.picture(self.page, name)
        self.page.set_viewport_size(size)


@pytest.mark.parametrize("look", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_for_everyone(
    scene: Scene, enter: Enter, desk: OpenDesk, picture: Picture, look: dict[str, Any]
) -> None:
    room = open_newsroom(scene.app, [scene.origin])
    max_ = desk("Max")
    set_up(max_)
    new_codes(max_)
    room.ids |= _tokens(scene, room.ids["waiting"])
    page = enter(**look)
    walk = Walk(page, room, picture)
    if look is PHONE:
        # Not by the browser's own switch: then axe could not look at the page either.
        page.route("**/*.js", lambda route: route.abort())
    walk.through(PAGES)
    _simulate(walk)
    filtering.in_use(scene.app)
    _try_threshold(walk)
    page.context.clear_cookies()
    walk.through(OUTSIDE)
    page.goto("/desk/login")
    page.get_by_label("Email").fill("max@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("textbox", name="Code")).to_be_visible()
    walk.through(HALFWAY)
    assert not walk.faults, "\n".join(["These were found:", *walk.faults])


def _simulate(walk: Walk) -> None:
    """Try rules before they are saved: a page that no address names."""
    walk.page.goto("/desk/sites/news/rules")
    walk.page.get_by_label("Disallowed comment keys").fill("watches\n*casino*")
    walk.page.get_by_role("button", name="Show what would change").click()
    expect(walk.page.get_by_text("would have gone elsewhere").first).to_be_visible()
    if walk.page.viewport_size == DESKTOP["viewport"]:
        walk.show("rules")
    walk.judge("rules tried")


def _try_threshold(walk: Walk) -> None:
    """The spam filter's page when it has learned, and when a threshold is tried."""
    walk.page.goto("/desk/sites/news/filter")
    walk.judge("filter that has learned")
    walk.page.reload()
    walk.page.get_by_label("from this probability on").check()
    walk.page.get_by_label("Probability in percent").fill("90")
    walk.page.get_by_role("button", name="Show what would change").click()
    expect(walk.page.get_by_text("Tried on the latest")).to_be_visible()
    if walk.page.viewport_size == DESKTOP["viewport"]:
        walk.show("filter")
    walk.judge("threshold tried")


def _tokens(scene: Scene, comment_id: int) -> dict[str, str]:
    """What stands in the links of mails."""
    invitation = invitation_of(scene, "mia.with.a.rather.long.address@example.org")
    with scene.app.test_request_context():
        olga = db.session.scalars(select(Moderator).where(Moderator.name == "Olga")).one()
        asked = MailedMove(comment_id=comment_id, moderator_id=olga.id, move=Move.approve)
        return {
            "invitation": invitation.removeprefix(scene.service),
            "forgot": generate_reset_password_token(olga),  # type: ignore[no-untyped-call]
            "decide": links.sign(scene.app.extensions["settings"], asked),
        }
