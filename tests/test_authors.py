"""What moderators know of an author: their record, notes on them, and who gets to see it."""

from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import Backstage, Desk, Reader, whatever_the_database
from tests.pages import OpenDesk, page, press, submit, token
from widget.db import db, writing
from widget.models import (
    AuthorNote,
    Comment,
    Effect,
    Entry,
    Membership,
    Moderator,
    Move,
    Role,
    Rule,
    Status,
)
from widget.moderation import authors
from widget.privacy import erasure, purging


def address(app: Flask, comment_id: int, site: str = "news") -> str:
    """Where an author's page is."""
    with app.app_context():
        reference = authors.reference(db.session.get_one(Comment, comment_id))
    return f"/desk/authors/{quote(reference)}?site={site}"


def write(desk: Desk, at: str, text: str) -> TestResponse:
    (form,) = page(desk.client.get(at)).xpath("//section[form//textarea]/form[.//textarea]")
    form.fields["text"] = text
    return submit(desk, form)


def erase(app: Flask, comment_id: int) -> None:
    with app.app_context(), writing():
        erasure.erase(db.session.get_one(Comment, comment_id))
        db.session.commit()


def test_a_purge_takes_the_notes_with_an_authors_last_comment(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    kept, gone, alone = bob.say("One."), bob.say("Two."), ann.say("Three.", key=None)
    bob.say("The newest.", key=None)
    for comment_id in (gone, alone):
        assert write(max_, address(app, comment_id), "Noted.").status_code == 303
        backstage.move(comment_id, Move.trash)

    def purge(*ids: int) -> int:
        with app.app_context(), writing():
            site = db.session.get_one(Comment, ids[0]).site
            purging.purge(site.id, Status.trash, ids)
            db.session.commit()
        return backstage.count(AuthorNote)

    assert purge(gone, alone) == 1, "Bob has written something else"
    backstage.move(kept, Move.trash)
    assert purge(kept) == 0


@pytest.mark.parametrize("key", ["a key that only Bob's browser holds", None])
def test_an_authors_page_shows_what_became_of_what_they_wrote(
    ann: Reader, bob: Reader, backstage: Backstage, desk: OpenDesk, key: str | None
) -> None:
    bob.key = key
    public, spam, waits = (bob.say(f"Bob’s no. {number}.") for number in range(3))
    ann.say("Not Bob’s.")
    backstage.approve(public)
    backstage.move(spam, Move.spam)
    max_ = desk("Max")
    shown = page(max_.client.get(address(backstage.app, waits)))
    assert shown.xpath("string(//h1)") == "Bob"
    record = {
        each.text_content(): each.get("href") for each in shown.xpath("//ul[@class='links']//a")
    }
    assert {"1 approved", "1 spam", "1 pending"} <= set(record)
    queue = max_.client.get(record["1 spam"])
    assert "Bob’s no. 1." in queue.text
    latest = shown.xpath("string(//ul[@class='sample'])")
    assert latest.index("no. 2") < latest.index("no. 1") < latest.index("no. 0")
    assert "Not Bob’s" not in latest
    text = max_.client.get(address(backstage.app, waits)).text
    assert "bob@example.org" not in text


@whatever_the_database
def test_one_button_trusts_an_author_and_another_ends_it(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    first = bob.say()
    max_, at = desk("Max"), address(app, first)
    trusted = press(max_, page(max_.client.get(at)), "Trust this author")
    assert trusted.headers["Location"].endswith(at.partition("/desk")[2].replace("%3A", ":"))
    shown = page(max_.client.get(at))
    assert "The browser of Bob: trusted" in shown.text_content()
    later = bob.say("Another.")
    backstage.screen(later)
    assert backstage.comment(later).status is Status.approved
    press(max_, shown, "End")
    assert "trusted" not in max_.client.get(at).text
    with app.app_context():
        (rule,) = db.session.scalars(select(Rule))
        assert (rule.effect, rule.ended_at is None) == (Effect.trust, False)

    (ban,) = page(max_.client.get(at)).xpath("//a[text()='Ban…']")
    assert "The browser of Bob: 2 " not in max_.client.get(at).text
    assert "1 pending, 1 approved" in max_.client.get(ban.get("href")).text


def test_moderators_tell_each_other_of_an_author(bob: Reader, app: Flask, desk: OpenDesk) -> None:
    first = bob.say()
    max_, olga, at = desk("Max"), desk("Olga"), address(app, first)
    assert write(max_, at, "Kind, but <b>loud</b>.\n").status_code == 303
    assert write(olga, at, "I spoke to him.").status_code == 303
    assert "Please write something." in write(max_, at, "  ").text
    too_long = write(max_, at, "x" * 2001)
    assert "has 2,001" in too_long.text
    assert "x" * 2001 in too_long.text, "what was typed stays"

    shown = page(max_.client.get(at))
    notes = [" ".join(each.text_content().split()) for each in shown.xpath("//*[@class='note']")]
    assert notes[0].startswith("I spoke to him. Olga,")
    assert notes[1].startswith("Kind, but <b>loud</b>. Max,")
    assert "2 notes" in max_.client.get("/desk/pending/").text
    # Max may remove what he wrote, an owner whatever was written.
    ids = [int(each.get("id").removeprefix("note-")) for each in shown.xpath("//*[@class='note']")]
    sent = max_.client.post(f"/desk/notes/{ids[0]}/remove", data=token(max_))
    assert sent.status_code == 403
    assert press(max_, shown, "Remove").status_code == 303
    assert "loud" not in max_.client.get(at).text
    press(olga, page(olga.client.get(at)), "Remove")
    assert not page(olga.client.get(at)).xpath("//*[@class='note']")
    with app.app_context():
        lines = db.session.execute(
            select(Entry.action, Moderator.name).join(Entry.moderator).order_by(Entry.id)
        ).all()
        assert [tuple(line) for line in lines] == [
            ("note added", "Max"), ("note added", "Olga"),
            ("note removed", "Max"), ("note removed", "Olga"),
        ]  # fmt: skip
        assert not any(
            "loud" in f"{each.subject}{each.after}" for each in db.session.scalars(select(Entry))
        )


def test_with_an_authors_last_comment_goes_all_that_was_noted_on_them(
    ann: Reader, bob: Reader, app: Flask, desk: OpenDesk
) -> None:
    first, second, anns = bob.say("One."), bob.say("Two."), ann.say("Mine.")
    max_ = desk("Max")
    write(max_, address(app, first), "About Bob.")
    write(max_, address(app, anns), "About Ann.")
    banned = {"match": "key", "comment": first, "effect": "hold", "period": "week", "step": "add"}
    max_.client.post("/desk/sites/news/bans", data={**banned, **token(max_)})
    erase(app, first)
    with app.app_context():
        assert db.session.scalars(select(Rule.about)).one() == ""
        assert len(db.session.scalars(select(AuthorNote)).all()) == 2, "he has another comment"
    erase(app, second)
    with app.app_context():
        assert db.session.scalars(select(AuthorNote.text)).all() == ["About Ann."]
    assert "Bob" not in max_.client.get("/desk/sites/news/bans").text


def test_viewers_see_the_record_alone_and_neighbours_nothing(
    bob: Reader, app: Flask, desk: OpenDesk
) -> None:
    first = bob.say()
    max_, nina, at = desk("Max"), desk("Nina"), address(app, first)
    write(max_, at, "Between us.")
    with app.app_context():
        note_id = db.session.scalars(select(AuthorNote.id)).one()
    for strange in (at, at.replace("news", "other")):
        assert nina.client.get(strange).status_code == 404
        noted = strange.replace("?", "/notes?")
        assert nina.client.post(noted, data={"text": "x", **token(nina)}).status_code == 404
    assert nina.client.post(f"/desk/notes/{note_id}/remove", data=token(nina)).status_code == 404
    for nobody in ("key:nothing", "email:x.1", "nonsense", "email:x.99999999999999999999"):
        assert max_.client.get(f"/desk/authors/{nobody}?site=news").status_code == 404

    with app.app_context(), writing():
        db.session.execute(update(Membership).values(role=Role.viewer))
        db.session.commit()
    shown = max_.client.get(at)
    assert shown.status_code == 200
    for hidden in ("Between us.", "Trust this author", "Ban…", "Write a note"):
        assert hidden not in shown.text
    noted = at.replace("?", "/notes?")
    assert max_.client.post(noted, data={"text": "x", **token(max_)}).status_code == 403
    assert max_.client.post(f"/desk/notes/{note_id}/remove", data=token(max_)).status_code == 403
