"""Texts used again: replies and reasons, who changes them, and what an author hears of a reason."""

from datetime import timedelta

import pytest
from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import Backstage, Desk, Reader, whatever_the_database
from tests.mailroom import Post, text_of
from tests.pages import OpenDesk, card, page, press, submit, token
from widget.db import db, writing
from widget.models import Canned, CannedKind, Decision, Entry, Membership, Role, Site
from widget.moderation import canned
from widget.notify import readers

TEXTS = "/desk/sites/news/texts"
OFF_TOPIC = "Please stay with the subject of the article."


def section(desk: Desk, kind: str) -> HtmlElement:
    return page(desk.client.get(TEXTS)).xpath(f"//section[@aria-labelledby='{kind}']")[0]


def add(desk: Desk, kind: str, title: str, text: str) -> TestResponse:
    form = section(desk, kind).xpath(".//form")[-1]
    form.fields["title"], form.fields["text"] = title, text
    return submit(desk, form)


@whatever_the_database
def test_admins_keep_texts_change_them_and_take_them_away(
    app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    olga, max_ = desk("Olga"), desk("Max")
    assert add(olga, "reason", "  Off  topic ", f"{OFF_TOPIC}\r\nThank you.").status_code == 303
    assert add(olga, "reply", "Thanks", "Thank you, <b>we</b> look into it.").status_code == 303
    assert add(olga, "reason", "Abuse", "No insults, please.").status_code == 303
    titles = section(olga, "reason").xpath(".//summary/bdi/text()")
    assert titles == ["Abuse", "Off topic"], "by their titles"
    with app.app_context():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        (reply,) = canned.of(news.id, CannedKind.reply)
        assert reply.text == "Thank you, <b>we</b> look into it."

    form = section(olga, "reason").xpath(".//form")[1]
    form.fields["text"] = "Another place, please."
    assert submit(olga, form).status_code == 303
    reading = section(max_, "reason")
    assert "Another place, please." in reading.text_content()
    assert not reading.xpath(".//form"), "a moderator uses them, and does not change them"
    (remove,) = section(olga, "reason").xpath(".//details[1]//button[@formaction]")
    assert olga.client.post(remove.get("formaction"), data=token(olga)).status_code == 303
    assert section(olga, "reason").xpath(".//summary/bdi/text()") == ["Off topic"]
    with app.app_context():
        lines = [
            (each.action, each.before, each.after) for each in db.session.scalars(select(Entry))
        ]
    assert [action for action, _, _ in lines] == [
        "text added", "text added", "text added", "text changed", "text removed",
    ]  # fmt: skip
    assert lines[3][1:] == (
        {"text": f"{OFF_TOPIC}\nThank you."}, {"text": "Another place, please."},
    )  # fmt: skip


def test_a_text_that_cannot_be_kept_stays_in_the_form_with_words_beside_it(
    app: Flask, desk: OpenDesk
) -> None:
    olga = desk("Olga")
    for title, text, told in (
        ("", "x", "Please write something here."),
        ("A", " ", "Please write something here."),
        ("y" * 101, "x", "This can have 100 characters; it has 101."),
        ("A", "z" * 2001, "This can have 2,000 characters; it has 2,001."),
    ):
        answer = add(olga, "reply", title, text)
        shown = page(answer)
        (fault,) = shown.xpath("//*[@class='fault']")
        assert fault.text_content() == told
        (field,) = shown.xpath("//*[@aria-invalid='true']")
        assert field.get("aria-describedby") == fault.get("id")
        assert shown.get_element_by_id("title-reply").get("value") == title
    with app.app_context():
        assert db.session.scalars(select(Canned)).all() == []


def test_neighbours_moderators_and_viewers_change_no_text(app: Flask, desk: OpenDesk) -> None:
    olga, nina, max_ = desk("Olga"), desk("Nina"), desk("Max")
    add(olga, "reason", "Off topic", OFF_TOPIC)
    with app.app_context():
        text_id = db.session.scalars(select(Canned.id)).one()
    change = {"kind": "reason", "title": "A", "text": "B"}
    for who, status, site in ((nina, 404, "news"), (nina, 404, "other"), (max_, 403, "news")):
        here = f"/desk/sites/{site}/texts"
        for path in (f"{here}/{text_id}", f"{here}/{text_id}/remove"):
            answer = who.client.post(path, data={**change, **token(who)})
            assert answer.status_code == status, path
    assert nina.client.get(TEXTS).status_code == 404
    assert max_.client.post(TEXTS, data={**change, **token(max_)}).status_code == 403
    with app.app_context(), writing():
        assert db.session.scalars(select(Canned.text)).one() == OFF_TOPIC
        db.session.execute(update(Membership).values(role=Role.viewer))
        db.session.commit()
    assert max_.client.get(TEXTS).status_code == 403


@pytest.mark.parametrize("tells", [True, False])
def test_a_reason_that_was_chosen_is_told_to_the_author_where_the_site_says_so(
    ann: Reader,
    desk: OpenDesk,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    tells: bool,
) -> None:
    backstage = Backstage(post.app)
    backstage.set("news", tell_reasons=tells)
    monkeypatch.setattr(readers, "_GRACE", timedelta())
    olga, max_ = desk("Olga"), desk("Max")
    add(olga, "reason", "Off topic", OFF_TOPIC)
    comment_id = ann.say("Buy this!", tell="y")
    backstage.screen(comment_id)

    shown = card(max_, comment_id)
    (choice,) = shown.xpath(".//input[@name='reason']")
    (offered,) = shown.xpath(f".//datalist[@id='{choice.get('list')}']/option")
    assert offered.get("value") == OFF_TOPIC
    (label,) = shown.xpath(f".//label[@for='{choice.get('id')}']")
    assert ("told to the author" in label.text_content()) is tells
    choice.value = OFF_TOPIC
    assert press(max_, shown, "Reject").status_code in {200, 303}
    with backstage.app.app_context():
        assert db.session.scalars(select(Decision.reason)).one() == OFF_TOPIC

    assert (OFF_TOPIC in ann.mine().text) is tells
    assert "Your comment was not published." in ann.mine().text
    (told,) = [mail for mail in post.brought() if "not published" in mail["Subject"]]
    assert (OFF_TOPIC in text_of(told)) is tells
