"""Work that the service asks a browser for before it takes a post: its reader only waits a little.

Fixtures: `scene` runs a service and host pages on another origin, `visit` opens a browser of
one's own (tests/browser/conftest.py).
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit, on_phone_and_desktop
from tests.browser.test_embed import WORDS, comments_posted, mine, send, write
from tests.browser.test_host_pages import strict
from tests.browser.test_races import hold
from widget.models import Shields
from widget.spam import work

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Says where solutions come from: from the page itself, or from a worker.
COUNT_WORKERS = """
  window.workers = 0;
  window.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", () => window.workers++);
    }
  };
"""


def arrivals(scene: Scene) -> list[str]:
    """What became of the work for each comment."""
    count = comments_posted(scene)
    return [scene.backstage.comment(each + 1).arrival["work"] for each in range(count)]


@pytest.fixture
def guarded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The site's shields are up; and work is short."""
    monkeypatch.setattr(work, "_HARD", 100)
    scene.backstage.set(shields=Shields.up)
    return scene


@on_phone_and_desktop
def test_it_is_done_beside_the_page_while_its_reader_is_told(
    guarded: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(guarded.host_page(), before=lambda page: page.add_init_script(COUNT_WORKERS))
    waiting = hold(page, "**/embed-work.js")
    write(page)
    expect(page.get_by_role("status")).to_have_text("Checking…")
    expect(page.get_by_role("button", name="Posting…")).to_be_focused()
    expect(page.get_by_label("Comment *")).to_have_value(WORDS)
    assert comments_posted(guarded) == 0
    picture(page, "embed-checking")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_have_text("Checking…")
    waiting[0].continue_()
    expect(mine(page)).to_contain_text(WORDS)
    expect(page.get_by_role("status")).to_have_text("Your comment is awaiting moderation.")
    picture(page, "embed-held-by-shields")
    assert arrivals(guarded) == ["done"]
    assert page.evaluate("workers") == 1
    assert page.evaluate("Object.keys(localStorage)") == ["comments-key:news"]
    assert page.context.cookies() == []


def test_whoever_is_not_asked_does_not_load_it(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page())
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert arrivals(scene) == ["none"]
    assert not [asked for asked in scene.asked if "embed-work" in asked or "embed-solve" in asked]


def open_ours(scene: Scene) -> str:
    """Our own page of the thread, whose policy and origin are the service's."""
    return f"{scene.service}/t/news?page={scene.host_page()}"


@pytest.mark.parametrize("where", ["a page that forbids workers", "our own page"])
def test_where_the_policy_is_strict_it_is_done_all_the_same(
    where: str, guarded: Scene, visit: Visit
) -> None:
    url = open_ours(guarded) if "own" in where else guarded.host_page(csp=strict(guarded))
    faults: list[Any] = []
    page = visit(url, before=lambda page: page.on("pageerror", lambda fault: faults.append(fault)))  # noqa: PLW0108
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert arrivals(guarded) == ["done"]
    assert faults == []


@pytest.mark.parametrize("missing", ["embed-work.js", "embed-solve.js"])
def test_where_it_cannot_be_done_the_words_arrive_and_are_held(
    missing: str, guarded: Scene, visit: Visit
) -> None:
    page = visit(guarded.host_page())
    page.route(f"**/{missing}", lambda route: route.abort())
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert arrivals(guarded) == ["missing"]


def test_a_page_that_is_not_secure_cannot_do_it_and_is_not_asked(
    guarded: Scene, visit: Visit
) -> None:
    without = "Object.defineProperty(crypto, 'subtle', { value: undefined })"
    page = visit(guarded.host_page(), before=lambda page: page.add_init_script(without))
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert arrivals(guarded) == ["impossible"]


def test_i_may_stop_it_and_send_my_words_later(guarded: Scene, visit: Visit) -> None:
    page = visit(guarded.host_page())
    waiting = hold(page, "**/embed-work.js")
    write(page)
    expect(page.get_by_role("status")).to_have_text("Checking…")
    page.get_by_role("button", name="Stop sending").click()
    waiting[0].continue_()
    expect(page.get_by_role("status")).to_contain_text("Sending was stopped.")
    expect(page.get_by_label("Comment *")).to_have_value(WORDS)
    assert comments_posted(guarded) == 0
    send(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert arrivals(guarded) == ["done"]


def test_offline_meanwhile_it_waits_and_is_done_when_the_network_is_back(
    guarded: Scene, visit: Visit
) -> None:
    page = visit(guarded.host_page())
    waiting = hold(page, "**/embed-work.js")
    write(page)
    expect(page.get_by_role("status")).to_have_text("Checking…")
    page.context.set_offline(True)
    waiting[0].abort()
    page.unroute("**/embed-work.js")
    expect(page.get_by_role("status")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(mine(page)).to_contain_text(WORDS)
    assert arrivals(guarded) == ["done"]


def test_who_leaves_meanwhile_finds_the_draft(guarded: Scene, visit: Visit) -> None:
    page = visit(guarded.host_page())
    hold(page, "**/embed-work.js")
    write(page)
    expect(page.get_by_role("status")).to_have_text("Checking…")
    page.unroute_all()
    page.reload()
    expect(page.get_by_label("Comment *")).to_have_value(WORDS)
    assert comments_posted(guarded) == 0


def test_without_a_script_nobody_is_asked(guarded: Scene, visit: Visit) -> None:
    page = visit(open_ours(guarded), java_script_enabled=False)
    write(page)
    expect(page.get_by_text("Your comment is awaiting moderation.")).to_be_visible()
    assert arrivals(guarded) == ["impossible"]


def test_it_tells_for_how_long_somebody_wrote_however_slowly_the_script_came(
    scene: Scene, visit: Visit
) -> None:
    page = visit(scene.host_page(), before=lambda page: page.clock.install())
    words, an_hour = page.get_by_label("Comment *"), 3_600_000
    expect(words).to_be_visible()
    page.clock.fast_forward(an_hour)
    waiting = hold(page, "**/embed-write.js")
    with page.expect_request("**/embed-write.js"):
        words.focus()
    page.clock.fast_forward(90_000)
    waiting[0].continue_()
    write(page)
    expect(mine(page)).to_contain_text(WORDS)
    assert 90_000 <= scene.backstage.comment(1).arrival["took"] < an_hour
