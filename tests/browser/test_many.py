"""Many at once, without a script: a whole cluster, how far it is, taking it back, emptying."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update

from tests.browser.conftest import Enter, Scene
from tests.conftest import Backstage, Reader
from widget import jobs
from widget.db import db, writing
from widget.models import Batch, Comment, Decision, Status
from widget.moderation import batches

LIKE = 120
FINGER = 44
PHONE = 600


@pytest.mark.parametrize("width", [320, 1280])
def test_a_cluster_is_marked_watched_taken_back_and_emptied_without_a_script(
    enter: Enter,
    line: Callable[[int], list[int]],
    scene: Scene,
    picture: Callable[[Page, str], None],
    width: int,
) -> None:
    ids = line(LIKE)
    app = scene.app
    with app.app_context(), writing():
        db.session.execute(update(Comment).values(cluster_id=ids[0]))
        db.session.commit()
    scheme = "dark" if width < PHONE else "light"
    desk = enter(viewport={"width": width, "height": 800}, color_scheme=scheme)
    # Not by the browser's own switch: then axe could not look at the page either.
    desk.route("**/*.js", lambda route: route.abort())

    def look(name: str) -> None:
        is_fine(desk, width)
        picture(desk, f"many-{name}-{width}")

    desk.goto("/desk/pending/")
    desk.get_by_role("link", name=f"And {LIKE - 1} like it").first.click()
    desk.get_by_role("button", name=f"Spam all {LIKE}").click()
    expect(desk.get_by_text(f"0 of {LIKE} comments marked as spam so far.")).to_be_visible()
    with app.app_context():
        batch_id = db.session.scalars(select(Batch.id)).one()
    address = f"/desk/batches/{batch_id}"
    desk.goto(address)
    expect(desk.get_by_role("progressbar")).to_be_visible()
    look("under-way")
    with app.app_context():
        jobs.move_batch(batch_id)
    # The page comes again by itself.
    expect(desk.get_by_text(f"{LIKE} comments were marked as spam.")).to_be_visible()

    desk.goto("/desk/spam/")
    desk.get_by_role("button", name="for good").click()
    expect(desk.get_by_role("heading", name="Empty spam?")).to_be_visible()
    look("empty")
    desk.get_by_role("link", name="Keep them").click()
    expect(desk.get_by_role("heading", name="Spam")).to_be_visible()
    desk.goto(address)
    desk.get_by_role("button", name="Take all of it back").click()
    with app.app_context():
        jobs.move_batch(batch_id + 1)
    assert {scene.backstage.comment(each).status for each in ids} == {Status.pending}


def test_a_cluster_is_followed_in_place_and_can_be_taken_back_while_it_is_under_way(
    enter: Enter, line: Callable[[int], list[int]], scene: Scene
) -> None:
    ids = line(LIKE)
    app = scene.app
    with app.app_context(), writing():
        db.session.execute(update(Comment).values(cluster_id=ids[0]))
        db.session.commit()
    desk = enter()
    desk.goto(f"/desk/pending/?site=news&cluster={ids[0]}")
    expect(desk.locator(".cards.live")).to_be_attached()
    toast = desk.locator("#toast")

    desk.get_by_role("button", name=f"Spam all {LIKE}").dblclick()
    expect(toast.get_by_role("progressbar")).to_be_visible()
    with app.app_context():
        begun = db.session.scalars(select(Batch)).one()  # two clicks are one batch
        number = begun.id
        batches.step(begun)
        db.session.commit()
    with desk.expect_response("**/undo"):
        toast.get_by_role("button", name="Undo").click()
    with app.app_context():
        undoing = db.session.scalars(select(Batch.id).where(Batch.id > number))
        jobs.move_batch(undoing.one())

    expect(toast).to_contain_text(f"{batches.STEP} comments were put back to where they were.")
    assert {scene.backstage.comment(each).status for each in ids} == {Status.pending}


def say_why(card: Locator) -> Locator:
    """Open the line for a moderator's reason."""
    card.get_by_text("Say why").click()
    return card.get_by_label("Reason, for moderators alone")


def test_what_comes_to_an_open_page_joins_its_list_and_can_be_selected(
    enter: Enter,
    bob: Reader,
    scene: Scene,
    backstage: Backstage,
    picture: Callable[[Page, str], None],
) -> None:
    backstage.set(origins=[bob.origin])
    desk = enter(viewport={"width": 320, "height": 800})
    cards, selected = desk.locator(".cards .card"), desk.locator("#selected")
    expect(desk.get_by_text("Nothing waits.")).to_be_visible()
    expect(selected).to_be_hidden()

    first = bob.say("One.")
    expect(cards).to_have_count(1)
    reason = say_why(cards)
    reason.press_sequentially("asd")
    more = [bob.say("Two."), bob.say("Three."), bob.say("Four.")]
    expect(cards).to_have_count(4)
    expect(desk.locator("#arrived")).to_contain_text("New comments have come.")
    shown = cards.evaluate_all("all => all.map((one) => one.id)")
    assert shown == [f"comment-{each}" for each in (first, *more)]
    expect(reason.first).to_be_focused()
    reason.first.press("Enter")  # decides nothing
    expect(reason.first).to_have_value("asd")
    picture(desk, "many-reason-320")

    for each in more[:2]:
        desk.locator(f"#comment-{each}").get_by_label("Select").check()
    selected.get_by_label("Reason").fill("Off topic.")
    is_fine(desk, 320)
    picture(desk, "many-selected-320")
    selected.get_by_role("button", name="Reject").click()
    expect(cards).to_have_count(2)
    expect(selected.get_by_label("Reason")).to_have_value("")
    expect(desk.locator("#toast")).to_be_visible()
    is_fine(desk, 320)
    cards.first.get_by_role("button", name="Reject").click()
    expect(cards).to_have_count(1)
    with scene.app.app_context():
        reasons = db.session.scalars(select(Decision.reason).order_by(Decision.id)).all()
    assert reasons == ["Off topic.", "Off topic.", "asd"]

    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keys")).to_be_visible()
    is_fine(desk, 320)
    desk.keyboard.press("Escape")
    cards.first.focus()
    desk.keyboard.press("r")
    expect(desk.get_by_label("Your reply")).to_be_focused()
    is_fine(desk, 320)


def is_fine(page: Page, width: int) -> None:
    """No fault that axe knows, nothing wider than the screen, on a phone buttons for a finger."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator("main button:visible").all():
        box = button.bounding_box()
        assert box
        assert width > PHONE or box["height"] >= FINGER, button.text_content()
