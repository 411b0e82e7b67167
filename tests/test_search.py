"""The search of the queue: what is understood, what is found by it, and what is said otherwise."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import update

from tests.conftest import Backstage, Desk, Reader
from tests.pages import OpenDesk, cards, page
from widget.db import db, writing
from widget.models import Comment, Kind, Membership, Move, Status
from widget.moderation.search import Reach, parse


def found(desk: Desk, query: str, view: str = "pending") -> set[int]:
    """What a search finds in a view."""
    return set(cards(desk.client.get(f"/desk/{view}/?{urlencode({'q': query})}")))


def fault(desk: Desk, query: str) -> str:
    """What is said beside the field; what was typed stays in it."""
    shown = page(desk.client.get(f"/desk/pending/?{urlencode({'q': query})}"))
    (field,) = shown.xpath("//input[@name='q']")
    assert field.get("value") == query
    assert not shown.xpath("//article")
    return " ".join(shown.xpath(f"string(//*[@id='{field.get('aria-describedby')}'])").split())


def change(app: Flask, comment_id: int, **values: Any) -> None:
    """Make a comment what no reader can."""
    with app.app_context(), writing():
        db.session.execute(update(Comment).where(Comment.id == comment_id).values(**values))
        db.session.commit()


def test_each_operator_finds_what_it_names_and_a_minus_leaves_it_out(
    app: Flask, ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.set(hold_words="casino")
    a = ann.say("Die Größe des Parks, 100% casino.", author="Ann Ödmark")
    b = bob.say(
        "See www.minutes.example/page_14", page="http://news.example.org/other", title="Bees"
    )
    c = bob.say("Under the bridge.", website="https://bob.example/")
    backstage.screen(a, b, c)
    change(app, a, created_at=datetime(2026, 3, 1, 12, tzinfo=UTC), written_in="de")
    change(app, c, kind=Kind.pingback)
    olga = desk("Olga")

    everything = {a, b, c}
    assert found(olga, "") == everything
    for query, those in (
        ("größe", {a}),
        ("GRÖSSE", set()),
        ("GRÖßE", {a}),
        ('"the bridge"', {c}),
        ("text:bridge under", {c}),
        ("100%", {a}),
        ("page_14", {b}),
        ("pageX14", set()),
        ("author:ödmark", {a}),
        ('author:"ann ödmark"', {a}),
        ("page:/other", {b}),
        ("page:bees", {b}),
        ("link:minutes.example", {b}),
        ("link:https://www.minutes.example/page", {b}),
        ("link:example", {b, c}),
        ("link:bob.example", {c}),
        ("rule:hold-words", {a}),
        ('rule:"hold words"', {a}),
        ("lang:de", {a}),
        ("kind:Pingback", {c}),
        ("kind:comment", {a, b}),
        ("before:2026-03-02", {a}),
        ("before:2026-03-01", set()),
        ("after:2026-03-01 before:2026-04", {a}),
        ("after:2026-04", {b, c}),
        ("email:ann@", {a}),
        ("site:news", everything),
        ("status:pending", everything),
        ("https://www.nowhere.example", set()),
    ):
        assert found(olga, query) == those, query
        if query and " " not in query:
            operator, _, value = query.rpartition(":") if "//" not in query else ("", "", query)
            minus = f"-{operator}:{value}" if operator else f"-{query}"
            if "status" not in minus and "site" not in minus:
                assert found(olga, minus) == everything - those, minus


def test_a_status_finds_beyond_the_view(ann: Reader, desk: OpenDesk, backstage: Backstage) -> None:
    waits, spam, trash = ann.say("One."), ann.say("Two."), ann.say("Three.")
    backstage.move(spam, Move.spam)
    backstage.move(trash, Move.trash)
    olga = desk("Olga")

    assert found(olga, "status:spam") == {spam}
    assert found(olga, "status:spam status:trash") == {spam, trash}
    assert found(olga, "status:any") == {waits, spam, trash}
    assert found(olga, "-status:spam") == {waits, trash}
    # Each card has the buttons of its own status.
    shown = page(olga.client.get("/desk/pending/?q=status:spam"))
    moves = shown.xpath("//form[@class='moves']//button/@value")
    assert moves == ["restore", "approve", "trash"]


def test_what_is_not_understood_is_said_and_nothing_is_looked_for(
    ann: Reader, desk: OpenDesk
) -> None:
    ann.say("One.")
    olga = desk("Olga")
    for query, words in (
        ("colour:red", "There is no “colour:”"),
        ("before:yesterday", "“yesterday” is no date"),
        ("after:2026-02-30", "“2026-02-30” is no date"),
        ("status:lost", "There is no status “lost”"),
        ("kind:letter", "There is no kind “letter”"),
        ("site:other", "“other” is none of the sites"),
        ("a" + " a" * 20, "A search can have 20 words."),
        ("author:", "Say after “author:” what to look for"),
    ):
        assert words in fault(olga, query), query
        assert found(olga, query) == set()


def test_addresses_can_be_looked_for_only_by_those_who_may_see_them(
    app: Flask, ann: Reader, desk: OpenDesk
) -> None:
    waits = ann.say("One.")
    max_ = desk("Max")

    assert "You may not see readers’ e-mail addresses" in fault(max_, "email:ann@example.org")
    # Nor by leaving out: whoever is missing then would be told.
    assert "You may not see" in fault(max_, "-email:ann@example.org")
    assert "ann@example.org" not in max_.client.get("/desk/pending/").text

    with app.app_context(), writing():
        db.session.execute(update(Membership).values(see_emails=True))
        db.session.commit()

    assert found(max_, "email:ann@example.org") == {waits}
    assert "ann@example.org" in max_.client.get("/desk/pending/").text


@pytest.mark.parametrize(
    "typed",
    ["-", '"', ":", '-"', '""', "a:", "-:", "::::", "%", "_", "\\", "'; --", "(((", "x" * 401],
)
def test_nothing_that_can_be_typed_breaks_it(typed: str) -> None:
    search = parse(typed, Reach(sites=[]))
    assert search.typed == typed[:400]
    assert search.where(Comment) is not None


def test_dates_begin_where_the_site_is() -> None:
    search = parse("after:2026-11 before:2027", Reach(sites=[], zone="America/New_York"))

    assert search.since == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert search.until == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert search.statuses is None
    assert parse("status:spam", Reach(sites=[])).statuses == (Status.spam,)
