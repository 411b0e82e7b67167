"""The queue by keyboard alone: decided in one sitting, without a page load, and all taken back."""

from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import func, select

from tests import parts
from tests.browser.conftest import PHONE, Enter, Scene
from tests.conftest import PASSWORD, Backstage
from widget.db import db
from widget.models import Batch, Comment, Decision, Move, Status
from widget.moderation.listing import PAGE_SIZE
from widget.web.desk import live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Line = Callable[[int], list[int]]
LEADS_TO = {"a": "approved", "s": "spam", "d": "trash", "n": "rejected"}


def card(desk: Page, comment_id: int) -> Locator:
    """One comment."""
    return desk.locator(f"#comment-{comment_id}")


def listens(desk: Page) -> Page:
    """Wait until the page's script has run: it shows this button, and then hears keys."""
    expect(desk.locator(".cards.live")).to_be_attached()
    return desk


def statuses(scene: Scene) -> Counter[str]:
    """How many comments stand where."""
    with scene.app.app_context():
        rows = db.session.execute(select(Comment.status, func.count()).group_by(Comment.status))
        return Counter({status.value: number for status, number in rows.all()})


def stays(desk: Page) -> list[str]:
    """The pages that are gone to from here on: none, if all is well."""
    left: list[str] = []
    desk.on("framenavigated", lambda frame: left.append(frame.url))
    return left


def test_a_hundred_comments_are_decided_by_keyboard_alone_and_all_taken_back(
    scene: Scene,
    enter: Enter,
    line: Line,
    picture: Callable[[Page, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However long the list has become, no question about it is longer than the service takes.
    monkeypatch.setattr(live, "_MAX_IDS", 50)
    ids = line(100)
    desk = enter("Max", viewport={"width": 1280, "height": 800})
    listens(desk)
    left = stays(desk)
    keys = [list(LEADS_TO)[place % len(LEADS_TO)] for place in range(100)]

    desk.keyboard.press("a")  # no card has the focus: nothing was meant
    desk.keyboard.press("j")
    for place, comment_id in enumerate(ids):
        expect(card(desk, comment_id)).to_be_focused()
        desk.keyboard.press(keys[place])
        if place == 40:
            picture(desk, "desk-deciding")

    expect(desk.get_by_text("Nothing waits.")).to_be_visible()
    assert statuses(scene) == Counter(LEADS_TO[key] for key in keys)
    expect(desk.get_by_role("link", name="Pending")).to_contain_text("0")
    expect(desk.get_by_role("link", name="Spam")).to_contain_text("25")

    for place, comment_id in reversed(list(enumerate(ids))):
        desk.keyboard.press("z")
        if place % 10 == 0:
            expect(card(desk, comment_id)).to_be_focused()
    expect(desk.get_by_role("link", name="Pending")).to_contain_text("100")
    assert statuses(scene) == {"pending": 100}
    order = desk.locator(".cards .card").evaluate_all("all => all.map((one) => one.id)")
    assert order[:100] == [f"comment-{comment_id}" for comment_id in ids]
    with desk.expect_response(lambda answer: "/desk/changes" in answer.url) as heard:
        desk.keyboard.press("z")
    assert heard.value.ok
    expect(desk.get_by_text("There is nothing to take back.")).to_be_visible()
    assert left == []


def test_whoever_is_faster_than_the_network_is_led_on_when_more_has_come(
    enter: Enter, line: Line
) -> None:
    ids = line(PAGE_SIZE + 2)
    desk = listens(enter("Max"))
    on_its_way: list[Route] = []

    def hold(route: Route) -> None:
        on_its_way.append(route)

    desk.route("**/desk/pending/?*after=*", hold)
    desk.keyboard.press("j")
    for comment_id in ids[:PAGE_SIZE]:
        expect(card(desk, comment_id)).to_be_focused()
        desk.keyboard.press("a")
    expect(desk.locator(".cards .card")).to_have_count(0)
    expect(desk.locator("#main")).to_be_focused()

    (held,) = on_its_way
    held.continue_()
    expect(card(desk, ids[PAGE_SIZE])).to_be_focused()


def test_what_is_selected_is_decided_as_one_step(scene: Scene, enter: Enter, line: Line) -> None:
    ids = line(6)
    desk = listens(enter("Max"))
    left = stays(desk)
    for _ in range(3):
        desk.keyboard.press("j")
        desk.keyboard.press("x")
    expect(desk.locator("#tally")).to_have_text("3 selected")
    desk.keyboard.press("a")
    expect(desk.locator("#tally")).to_have_text("2 selected")
    desk.keyboard.press("z")
    expect(card(desk, ids[2])).to_be_focused()
    desk.keyboard.press("x")
    expect(desk.locator("#tally")).to_have_text("3 selected")
    desk.keyboard.press("j")

    desk.keyboard.press("Shift+S")
    desk.keyboard.press("Shift+S")
    expect(desk.locator(".cards .card")).to_have_count(3)
    expect(card(desk, ids[3])).to_be_focused()
    assert statuses(scene) == {"spam": 3, "pending": 3}
    with scene.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 1
    desk.keyboard.press("z")
    expect(desk.locator(".cards .card")).to_have_count(6)
    assert statuses(scene) == {"pending": 6}
    assert left == []


def test_replying_editing_and_looking_at_one_alone_need_no_other_page(
    scene: Scene, enter: Enter, line: Line, backstage: Backstage
) -> None:
    ids = line(4)
    desk = listens(enter("Max"))
    left = stays(desk)

    card(desk, ids[0]).focus()
    desk.keyboard.press("r")
    desk.get_by_label("Your reply").fill("It is on page 14.")
    desk.get_by_role("button", name="Approve and reply").click()
    expect(card(desk, ids[0])).to_have_count(0)
    assert backstage.comment(ids[0]).status is Status.approved
    expect(card(desk, ids[1])).to_be_focused()

    desk.keyboard.press("e")
    desk.get_by_label("Comment", exact=True).fill("In other words.")
    desk.keyboard.press("Escape")
    desk.keyboard.press("e")
    expect(desk.get_by_label("Comment", exact=True)).to_have_value("In other words.")
    desk.get_by_role("button", name="Save").click()
    expect(card(desk, ids[1])).to_contain_text("In other words.")
    expect(card(desk, ids[1])).to_be_focused()

    desk.keyboard.press(".")
    expect(card(desk, ids[2])).to_be_hidden()
    desk.keyboard.press("n")
    expect(card(desk, ids[2])).to_be_focused()
    expect(desk.locator(".cards .card:visible")).to_have_count(1)
    desk.keyboard.press(".")
    expect(card(desk, ids[3])).to_be_visible()
    assert [url for url in left if "zen" not in url and not url.endswith("/pending/")] == []
    parts.until(
        lambda: backstage.comment(ids[1]).status is Status.rejected, "the decision to be stored"
    )

    desk.goto("/desk/rejected/")
    listens(desk)
    desk.keyboard.press("j")
    desk.keyboard.press("u")
    expect(desk.get_by_text("Nothing is rejected.")).to_be_visible()
    assert backstage.comment(ids[1]).status is Status.pending


def test_a_lost_network_loses_no_decision_and_doubles_none(
    scene: Scene, enter: Enter, line: Line
) -> None:
    ids = line(3)
    desk = listens(enter("Max"))
    is_lost = True

    def lose(route: Route) -> None:
        if is_lost:
            route.abort()
        else:
            route.continue_()

    desk.route("**/desk/comments/*/move", lose)
    desk.keyboard.press("j")
    desk.keyboard.press("a")
    failed = card(desk, ids[0])
    expect(failed).to_contain_text("Not sent")
    expect(card(desk, ids[1])).to_be_focused()
    assert statuses(scene) == {"pending": 3}

    is_lost = False
    desk.evaluate(
        "id => { const [first] = document.querySelectorAll(`#comment-${id} .note button`);"
        " first.click(); first.click(); }",
        ids[0],
    )
    expect(failed).to_have_count(0)
    desk.keyboard.press("s")
    desk.keyboard.press("k")
    expect(card(desk, ids[1])).to_have_count(0)
    assert statuses(scene) == {"approved": 1, "spam": 1, "pending": 1}
    with scene.app.app_context():
        moves = db.session.scalars(select(Decision.move).order_by(Decision.id)).all()
    assert moves == [Move.approve, Move.spam]


def test_words_and_decisions_outlive_the_session_and_one_is_asked_before_they_are_lost(
    scene: Scene, enter: Enter, line: Line
) -> None:
    ids = line(4)
    desk = listens(enter("Max"))
    reply = desk.get_by_label("Your reply")

    desk.keyboard.press("j")
    desk.keyboard.press("r")
    reply.fill("For the first.")
    desk.mouse.click(5, 5)  # beside the pane: no field has the focus, and keys decide nothing
    desk.keyboard.press("?")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    desk.keyboard.press("j")
    desk.keyboard.press("r")
    expect(reply).to_have_value("")
    reply.fill("For the second.")
    desk.keyboard.press("Escape")

    other = desk.context.new_page()
    other.goto("/desk/log")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("Password")).to_be_visible()
    desk.keyboard.press("j")
    desk.keyboard.press("s")
    expect(card(desk, ids[2])).to_contain_text("You are signed out")
    assert statuses(scene) == {"pending": 4}
    other.get_by_label("Email").fill("max@example.org")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    card(desk, ids[2]).get_by_role("button", name="Try again").click()
    expect(card(desk, ids[2])).to_have_count(0)
    card(desk, ids[0]).focus()
    desk.keyboard.press("r")
    expect(reply).to_have_value("For the first.")
    desk.get_by_role("button", name="Approve and reply").click()
    expect(card(desk, ids[0])).to_have_count(0)
    assert statuses(scene) == {"spam": 1, "approved": 2, "pending": 2}
    with desk.expect_event("dialog") as asked:
        desk.evaluate("setTimeout(() => location.assign('/desk/log'))")
    asked.value.dismiss()
    desk.keyboard.press("r")
    expect(reply).to_have_value("For the second.")


def test_on_a_phone_a_swipe_decides_and_can_be_undone(
    scene: Scene, enter: Enter, line: Line, picture: Callable[[Page, str], None]
) -> None:
    ids = line(3)
    desk = listens(enter("Max", **PHONE, is_mobile=True))

    session = desk.context.new_cdp_session(desk)

    def swipe(comment_id: int, by: int, *, lets_go: bool = True) -> None:
        box = card(desk, comment_id).locator(".words").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + 8
        points = [("touchStart", x), ("touchMove", x + by / 4), ("touchMove", x + by)]
        for kind, at in points:
            touch = {"type": kind, "touchPoints": [{"x": at, "y": y}]}
            session.send("Input.dispatchTouchEvent", touch)
        if lets_go:
            session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(ids[0], 40)  # not far enough to be meant
    expect(card(desk, ids[0])).to_be_visible()
    swipe(ids[0], 170)
    expect(card(desk, ids[0])).to_have_count(0)
    swipe(ids[1], -170, lets_go=False)
    picture(desk, "desk-swipe")
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(card(desk, ids[1])).to_have_count(0)
    assert statuses(scene) == {"approved": 1, "trash": 1, "pending": 1}

    desk.locator("#toast").get_by_role("button", name="Undo").click()
    expect(card(desk, ids[1])).to_be_visible()
    assert statuses(scene) == {"approved": 1, "pending": 2}
    desk.get_by_role("link", name="One at a time").click()
    expect(desk.locator(".cards .card:visible")).to_have_count(1)
    picture(desk, "desk-zen-phone")
