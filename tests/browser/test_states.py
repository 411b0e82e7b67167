"""The main states of a thread, under the demo's article. `make pictures` shows them in docs/."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import render_template
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit
from tests.browser.test_embed import WORDS, mine, send, write
from widget.db import db, now, writing
from widget.models import Comment
from widget.models.comment import Badge

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Picture = Callable[[Page, str], None]
SCREEN: dict[str, Any] = {"viewport": {"width": 720, "height": 640}}
ASK = "The board voted for parking. Nobody voted for a list of who was at the clinic."


def article(scene: Scene, path: str, attributes: str = "") -> str:
    """The demo's article, with a thread of its own."""
    url = scene.origin + path
    with scene.app.test_request_context():
        html = render_template(
            "demo/article.html", service=scene.service, site="news", page=url
        ).replace("<script async", f"<script async data-lazy=off {attributes}")
    scene.pages[path] = ({}, html)
    return url


def say(scene: Scene, url: str, author: str, words: str, hours: int, **more: Any) -> int:
    """Someone with any name wrote there, some hours ago."""
    number = scene.say(url, words, parent=more.pop("parent", None))
    with scene.app.app_context(), writing():
        comment = db.session.get_one(Comment, number)
        comment.author, comment.created_at = author, now() - timedelta(hours=hours)
        for name, value in more.items():
            setattr(comment, name, value)
        comment.thread.version += 1
        db.session.commit()
    return number


def discuss(scene: Scene, url: str) -> None:
    """What people said there, over the last day."""
    note = (
        'Everything quoted here is in the <a href="https://pellmere.example/audit">audit</a>. Ask '
        "me if a page number is missing."
    )
    rule = (
        "<blockquote>A search needs a case number and a reason.</blockquote>\nPage 14 of the "
        "minutes. The rule was there; <em>nobody</em> was told to check it."
    )
    thanks = "Thank you. The list of searches starts on page 31."
    told = "Were the nine people who were looked up told?"
    say(scene, url, "Harriet Lindqvale", note, 26, badge=Badge.author, pinned_at=now())
    ask = say(scene, url, "Ann Alder", ASK, 22, votes_up=14)
    answer = say(scene, url, "Bob Birch", rule, 20, votes_up=9, parent=ask)
    say(scene, url, "Ann Alder", thanks, 5, parent=answer)
    say(scene, url, "Carla Dunmore", told, 2, votes_up=3)


def show(page: Page, what: str = ".comments") -> None:
    """Scroll there, with a little room above."""
    page.locator(what).first.evaluate(
        "(each) => scrollTo(0, each.getBoundingClientRect().top + scrollY - 24)"
    )


def test_a_thread_on_a_desk_in_the_dark_and_on_a_phone(
    scene: Scene, visit: Visit, picture: Picture
) -> None:
    url = article(scene, "/story")
    discuss(scene, url)
    for name, look in {
        "thread": {"viewport": {"width": 720, "height": 690}},
        "dark": {**SCREEN, "color_scheme": "dark"},
        "phone": {"viewport": {"width": 375, "height": 760}, "is_mobile": True},
    }.items():
        page = visit(f"{url}#comments", **look)
        expect(page.locator(".comments-pinned")).to_contain_text("Author")
        expect(page.locator(".comment", has_text=ASK).locator(".comment-votes").first).to_have_text(
            "14"
        )
        show(page)
        picture(page, name)


def test_a_thread_that_is_empty_then_faulty_then_waits(
    scene: Scene, visit: Visit, picture: Picture
) -> None:
    page = visit(article(scene, "/empty"), **SCREEN)
    expect(page.locator(".comments-empty")).to_have_text(
        "No comments yet. Yours could be the first."
    )
    show(page)
    picture(page, "empty")
    page.get_by_label("Comment *").fill(ASK)
    page.get_by_label("Email *").fill("ann@example")
    send(page)
    expect(page.get_by_label("Name *")).to_have_accessible_description("Please enter your name.")
    expect(page.get_by_label("Comment *")).to_have_value(ASK)
    show(page, ".comment-form")
    picture(page, "error")
    write(page, ASK)
    expect(mine(page)).to_contain_text("Your comment is awaiting moderation.")
    mine(page).locator(".comment-receipt summary").click()
    expect(mine(page).get_by_role("link", name="Erase all of it…")).to_be_visible()
    page.set_viewport_size({"width": 720, "height": 560})
    show(page)
    picture(page, "pending")


def test_a_closed_thread(scene: Scene, visit: Visit, picture: Picture) -> None:
    url = article(scene, "/closed")
    say(scene, url, "Ann Alder", ASK, 300)
    scene.close(say(scene, url, "Bob Birch", WORDS, 200))
    page = visit(url, viewport={"width": 720, "height": 400})
    expect(page.locator(".comments-closed")).to_have_text("Comments are closed here.")
    expect(page.locator(".comment-form")).to_have_count(0)
    show(page)
    picture(page, "closed")


def test_a_thread_from_right_to_left(scene: Scene, visit: Visit, picture: Picture) -> None:
    url = article(scene, "/arabic", 'data-lang="ar"')
    told = "هل أُبلغ الأشخاص التسعة الذين جرى البحث عنهم؟"
    first = say(scene, url, "كريمة", told, 20, votes_up=14)
    answer = "ليس بعد. الصفحة 14 من المحضر تشرح من يحق له البحث، ولماذا."
    say(scene, url, "سامي", answer, 3, parent=first)
    page = visit(url, **SCREEN, locale="ar")
    expect(page.locator(".comments")).to_have_css("direction", "rtl")
    ends = page.locator(".comment-author").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect().right)"
    )
    assert ends[1] < ends[0], "a reply stands further in"
    show(page)
    picture(page, "right-to-left")
