"""Two moderators at the same queue: nothing is decided twice, and nothing lost."""

from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Enter, Scene
from widget.db import db
from widget.models import Comment, Decision, Status

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Line = Callable[[int], list[int]]


def card(desk: Page, comment_id: int) -> Locator:
    """One comment."""
    return desk.locator(f"#comment-{comment_id}")


def focused(desk: Page) -> str:
    """The id of the element that has the focus."""
    return str(desk.evaluate("document.activeElement.id"))


def ready(desk: Page) -> Page:
    """A page whose script listens."""
    expect(desk.locator(".cards.live")).to_be_attached()
    return desk


def test_what_one_reads_is_marked_for_the_other_and_what_one_decides_leaves_both_lists(
    enter: Enter, line: Line, picture: Callable[[Page, str], None]
) -> None:
    ids = line(4)
    max_, olga = ready(enter("Max")), ready(enter("Olga"))

    max_.keyboard.press("j")
    expect(card(olga, ids[0])).to_contain_text("Max is looking at this")
    picture(olga, "desk-looked-at")
    olga.keyboard.press("j")
    expect(card(olga, ids[1])).to_be_focused()  # the first one is not handed to her
    expect(card(max_, ids[1])).to_contain_text("Olga is looking at this")
    max_.keyboard.press("a")
    expect(card(max_, ids[2])).to_be_focused()
    expect(card(olga, ids[0])).to_have_count(0)

    # Her button is quicker than the news: the late decision is told in the card's place.
    olga.route("**/desk/changes*", lambda route: route.abort())
    card(max_, ids[3]).get_by_role("button", name="Spam").click()
    expect(card(max_, ids[3])).to_have_count(0)
    card(olga, ids[3]).get_by_role("button", name="Approve").click()
    expect(olga.locator(".cards .overtaken")).to_contain_text("was marked as spam by Max just now")
    expect(card(olga, ids[3])).to_have_count(0)


def test_thirty_comments_are_decided_by_two_at_once_each_exactly_once(
    scene: Scene, enter: Enter, line: Line
) -> None:
    ids = line(30)
    desks = [ready(enter("Max")), ready(enter("Olga"))]
    at_once = (
        "button => document.querySelector('.cards .card:not([data-state]) ' + button)?.click()"
    )

    # At the same moment, and on the same comment: the first button of each one's list.
    for _ in range(5):
        for desk in desks:
            desk.evaluate(f"setTimeout({at_once}, 0, '.move[value=approve]')")
    # In turn, each by keyboard, wherever the focus has led them: one from the top, one from below.
    desks[1].evaluate("[...document.querySelectorAll('.cards .card')].at(-1).focus()")
    while any(desk.locator(".cards .card").count() for desk in desks):
        for desk, key in zip(desks, "sd", strict=True):
            if not focused(desk).startswith("comment-"):
                desk.keyboard.press("j")
            desk.keyboard.press(key)

    for desk in desks:
        expect(desk.get_by_role("link", name="Pending")).to_contain_text("0")
    with scene.app.app_context():
        decided = Counter(db.session.scalars(select(Decision.comment_id)).all())
        left = db.session.scalars(select(Comment.id).where(Comment.status == Status.pending)).all()
        deciders = set(db.session.scalars(select(Decision.moderator_id)).all())
    assert decided == Counter(ids)
    assert left == []
    assert len(deciders) == 2
