"""The page of the house rules: what can be set there, what cannot, and what others saved."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse, encode_multipart

from tests.conftest import Backstage, Desk, Reader, whatever_the_database
from widget.db import db
from widget.models import Entry, Hold, Order, Role, Site, Telling, Votes
from widget.moderation import people
from widget.moderation.settings import SETTINGS
from widget.web.desk.rules import SECTIONS

RULES = "/desk/sites/news/rules"
Enter = Callable[[str], Desk]


def form_of(text: str) -> dict[str, str]:
    """A page's form as a browser would send it, unchanged."""
    form = {
        name: unescape(value)
        for tag in re.findall(r"<input\b[^>]*>", text)
        if 'type="checkbox"' not in tag and 'type="radio"' not in tag
        for name in re.findall(r'\bname="([^"]+)"', tag)
        for value in re.findall(r'\bvalue="([^"]*)"', tag)
    }
    for tag in re.findall(r"<input\b[^>]*\bchecked\b[^>]*>", text):
        form[re.findall(r'\bname="([^"]+)"', tag)[0]] = re.findall(r'\bvalue="([^"]*)"', tag)[0]
    for name, listed in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL
    ):
        form[name] = "\r\n".join(unescape(listed).split("\n")).replace("\r\r", "\r")
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL
    ):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        form[name] = (chosen or re.findall(r'value="([^"]*)"', options))[0]
    return form


def send(at: Desk, form: dict[str, Any], to: str = RULES) -> TestResponse:
    boundary, body = encode_multipart(form)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return at.client.post(to, data=body, content_type=kind)


def change(at: Desk, **fields: Any) -> TestResponse:
    """Open the page, change these fields, save."""
    return send(at, {**form_of(at.client.get(RULES).text), **fields})


@pytest.fixture
def row(app: Flask) -> Callable[[], Site]:
    """The site as it is set now."""

    def read() -> Site:
        with app.app_context():
            return db.session.scalars(select(Site).where(Site.key == "news")).one()

    return read


def entries(app: Flask) -> list[Entry]:
    with app.app_context():
        return list(db.session.scalars(select(Entry).order_by(Entry.id)))


@whatever_the_database
def test_every_setting_has_its_place_on_the_page(desk: Enter) -> None:
    assert sorted(name for *_, names in SECTIONS for name in names) == sorted(SETTINGS)
    text = desk("Olga").client.get(RULES).text
    assert all(f'id="{name}"' in text for name in SETTINGS), "cards link to the columns' names"


def test_all_can_be_set_at_once_and_the_log_tells_what_changed(
    app: Flask, desk: Enter, row: Callable[[], Site]
) -> None:
    olga, before = desk("Olga"), row()
    wanted = {
        "hold": "all", "hold_links": "5", "hold_reports": "1,000", "require_email": "no",
        "hold_words": "casino*\r\n# a remark\r\nwin@example.org\r\n", "spam_words": "viagra",
        "depth": "3", "page_size": "20", "order": "newest", "infinite_scroll": "yes",
        "votes": "both", "markdown": "yes", "edit_minutes": "0", "close_after_days": "14",
        "trash_days": "7", "spam_days": "0", "tell_reasons": "yes", "transparent": "yes",
        "new_telling": "daily", "reader_mail": "no",
        "name": " The  News ", "language": "de", "timezone": "America/New_York",
        "origins": "https://News.example.org/\r\nhttps://b\u00fccher.example",
    }  # fmt: skip
    assert set(wanted) == set(SETTINGS)
    saved = change(olga, **wanted)
    assert (saved.status_code, saved.location) == (303, RULES)
    after = row()
    assert (after.hold, after.hold_links, after.hold_reports) == (Hold.all, 5, 1000)
    assert after.hold_words == "casino*\n# a remark\nwin@example.org\n"
    assert (after.spam_words, after.require_email, after.depth) == ("viagra", False, 3)
    assert (after.page_size, after.order, after.infinite_scroll) == (20, Order.newest, True)
    assert (after.votes, after.markdown, after.edit_minutes) == (Votes.both, True, 0)
    assert (after.close_after_days, after.trash_days, after.spam_days) == (14, 7, 0)
    assert (after.new_telling, after.reader_mail) == (Telling.daily, False)
    assert (after.tell_reasons, after.transparent, after.name) == (True, True, "The News")
    assert (after.language, after.timezone) == ("de", "America/New_York")
    assert after.origins == ["https://news.example.org", "https://xn--bcher-kva.example"]
    assert after.version > before.version, "readers' pages are made anew"

    (entry,) = entries(app)
    assert (entry.action, entry.subject) == ("site changed", "The News")
    assert (entry.before["hold"], entry.after["hold"]) == ("first", "all")
    assert entry.before["hold_words"] == "0 lines"
    assert "2 lines" in entry.after["hold_words"]
    assert "“casino*”" in entry.after["hold_words"]
    assert "win@" not in entry.after["hold_words"], "a listed address is somebody's"

    change(olga, spam_words="casino", hold="all")
    assert entries(app)[1].after == {"spam_words": "1 line; added: “casino”; removed: “viagra”"}
    version = row().version
    assert "Nothing was changed." in olga.client.get(change(olga).location).text
    assert len(entries(app)) == 2
    assert row().version == version == after.version, "no reader sees these lists"


@whatever_the_database
def test_what_cannot_be_is_told_beside_the_field_and_all_that_was_typed_stays(
    app: Flask, desk: Enter, row: Callable[[], Site]
) -> None:
    olga = desk("Olga")
    wrong = {
        "hold": "sometimes", "hold_links": "-1", "depth": "11", "page_size": "many",
        "markdown": "perhaps", "timezone": "Mars/Olympus", "language": "tlh", "name": " ",
        "origins": "nowhere", "hold_words": f"fine\r\n{'x' * 201}", "spam_words": "# all\r\n**",
    }  # fmt: skip
    told = change(olga, **wrong, edit_minutes="33")
    assert told.status_code == 200
    for name in ("hold_links", "depth", "page_size", "name", "origins", "hold_words", "spam_words"):
        field = re.search(rf'<(?:input|textarea) id="set-{name}"[^>]*>', told.text)
        assert field
        assert 'aria-invalid="true"' in field[0]
        assert f"{name}-fault" in field[0], "the field says where its fault is told"
    assert all(f'id="{name}-fault"' in told.text for name in wrong)
    assert "Line 2 is longer than 200 characters." in told.text
    assert "Line 2 says nothing to look for: “**”." in told.text
    typed = form_of(told.text)
    assert (typed["edit_minutes"], typed["page_size"], typed["origins"]) == (
        "33",
        "many",
        "nowhere",
    )
    assert typed["spam_words"] == "# all\r\n**"
    assert row().edit_minutes == 15
    assert not entries(app)


def test_two_lists_of_twenty_thousand_words_can_be_saved(
    desk: Enter, row: Callable[[], Site]
) -> None:
    many = "\r\n".join(f"listed-word-{number}" for number in range(20_000))
    assert change(desk("Olga"), hold_words=many, spam_words=many).status_code == 303
    assert len(row().spam_words.splitlines()) == 20_000
    assert "bytes" in change(desk("Olga"), hold_words="\r\n".join(["x" * 199] * 2100)).text


def test_what_someone_else_saved_meanwhile_is_never_written_over_unseen(
    app: Flask, backstage: Backstage, desk: Enter, row: Callable[[], Site]
) -> None:
    olga = desk("Olga")
    page = form_of(olga.client.get(RULES).text)
    backstage.set(name="The Other Name", depth=2, hold_words="theirs")

    kept = send(olga, {**page, "page_size": "10"})
    assert kept.status_code == 303, "we changed different things: both stand"
    assert "Someone else had changed" in olga.client.get(RULES).text
    assert (row().page_size, row().depth, row().name) == (10, 2, "The Other Name")

    told = send(olga, {**page, "depth": "7", "hold_words": "mine", "edit_minutes": "5"})
    assert told.status_code == 200
    assert "theirs is “2”" in told.text
    assert re.search(r"<pre[^>]*>theirs</pre>", told.text)
    assert (row().depth, row().hold_words, row().edit_minutes) == (2, "theirs", 15)
    again = form_of(told.text)
    assert (again["depth"], again["hold_words"], again["name"]) == ("7", "mine", "The Other Name")
    assert send(olga, again).status_code == 303
    assert (row().depth, row().hold_words, row().edit_minutes) == (7, "mine", 5)


@whatever_the_database
def test_only_owners_and_admins_open_it(app: Flask, desk: Enter) -> None:
    with app.app_context():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people.add(
            news, email="ada@example.org", name="Ada", password="a long enough password",
            role=Role.admin,
        )  # fmt: skip
        db.session.commit()
    ada = Desk(app.test_client())
    ada.sign_in("Ada", "a long enough password")
    assert ada.client.get(RULES).status_code == 200
    for name, code in (("Max", 403), ("Nina", 404)):
        other = desk(name)
        token = other.csrf("/desk/pending/")
        assert other.client.get(RULES).status_code == code
        for to in (RULES, f"{RULES}/simulate"):
            assert send(other, {"csrf_token": token, "depth": "2"}, to).status_code == code
    old = send(ada, {"depth": "2"})
    assert old.status_code == 303, "without a token of the session nothing is changed"
    assert not entries(app)


def test_trying_rules_shows_what_would_go_elsewhere_and_saves_nothing(
    ann: Reader, bob: Reader, backstage: Backstage, desk: Enter, row: Callable[[], Site]
) -> None:
    backstage.set(hold=Hold.none)
    backstage.screen(ann.say("We met at the Casino on Main Street."), bob.say("A quiet word."))
    olga = desk("Olga")
    form = form_of(olga.client.get(RULES).text)
    try_at = f"{RULES}/simulate"

    tried = send(olga, {**form, "hold_words": "casino", "depth": "2"}, try_at).text
    assert "1 of the last 2 comments would have gone elsewhere" in tried
    assert "published at once → held" in tried
    assert "Contains “Casino”" in tried
    assert re.search(r'href="/desk/approved/\?[^"]*thread=\d+[^"]*#comment-\d+"', tried)
    assert "A quiet word." not in tried
    assert (form_of(tried)["hold_words"], form_of(tried)["depth"]) == ("casino", "2")
    assert (row().hold_words, row().depth) == ("", 5)

    assert "Nothing would change" in send(olga, {**form, "hold_words": "bingo"}, try_at).text
    cannot_tell = send(olga, {**form, "edit_minutes": "0"}, try_at).text
    assert "Nothing would change" not in cannot_tell
    assert "Earlier comments cannot tell" in cannot_tell
    assert "what would come of it: “Authors may change what they wrote for”." in cannot_tell
    assert "is a number" in send(olga, {**form, "hold_links": "x"}, try_at).text
    assert send(olga, form_of(tried)).status_code == 303
    assert row().hold_words == "casino"
