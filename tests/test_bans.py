"""Trust and bans: who may make which rule, what it would have caught, and what it does."""

import re
from datetime import UTC, timedelta
from typing import Any

import pytest
from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import event, select, update
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from tests.conftest import Backstage, Desk, Reader, opened, whatever_the_database
from tests.long_threads import statements
from tests.pages import OpenDesk, page, press, submit, token
from widget.db import db, now, writing
from widget.models import (
    Comment,
    Decision,
    Effect,
    Entry,
    Match,
    Membership,
    Move,
    Role,
    Rule,
    Status,
    Via,
)
from widget.moderation import rules

BANS = "/desk/sites/news/bans"
SHOP = "Cheap watches at http://shop.spam.example/1 for you."


def rows(app: Flask) -> list[Rule]:
    with app.app_context():
        found = list(db.session.scalars(select(Rule).order_by(Rule.id)))
        db.session.expunge_all()
        return found


def logged(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(each.action, each.subject) for each in db.session.scalars(select(Entry))]


def begun(desk: Desk, comment_id: int, match: str) -> HtmlElement:
    """The form, as a card leads to it."""
    shown = page(desk.client.get(f"{BANS}?match={match}&comment={comment_id}"))
    (form,) = shown.xpath("//section[@id='new']//form")
    return form


def make(desk: Desk, form: HtmlElement, **typed: str) -> TestResponse:
    """Fill in the form, and press “Make the rule”."""
    for name, value in typed.items():
        form.fields[name] = value
    (button,) = [each for each in form.iter("button") if each.text_content() == "Make the rule"]
    return submit(desk, form, button)


def ban(desk: Desk, comment_id: int, match: str = "key", **typed: str) -> None:
    answer = make(desk, begun(desk, comment_id, match), **typed)
    assert answer.status_code == 303, page(answer).xpath("string(//*[@class='fault'])")


def faults(answer: TestResponse) -> str:
    assert answer.status_code == 200
    return " ".join(each.text_content() for each in page(answer).xpath("//*[@class='fault']"))


@pytest.fixture
def free(backstage: Backstage) -> None:
    """Whoever has nothing against them is published at once."""
    backstage.set("news", hold="none", hold_links=0)


# --------------------------------------------------------------------------------- what they do


# What a ban is on, something that it catches, and something much like it that it does not.
CAUGHT: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("key", {}, {"key": "another key that only this browser holds"}),
    ("email", {"email": "BOB@Example.org"}, {"email": "rob@example.org"}),
    ("domain", {"email": "jo@mail.example.org"}, {"email": "jo@notexample.org"}),
    (
        "link spam.example",
        {"body": "Read it all and more on http://a.spam.example/2"},
        {"body": "notspam.example"},
    ),
    ("link spam.example", {"website": "www.SPAM.example"}, {"website": "spam.example.net"}),
)


@pytest.mark.usefixtures("free")
def test_a_ban_catches_what_it_is_about_and_nothing_else(
    bob: Reader, nell: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set("other", hold="none", hold_links=0)
    first = bob.say(SHOP, website="http://spam.example")
    olga = desk("Olga")
    for number, (what, caught, spared) in enumerate(CAUGHT):
        form = begun(olga, first, what.partition(" ")[0])
        assert make(olga, form, match=what, effect="trash", period="ever").status_code == 303
        unknown: dict[str, Any] = {} if what == "key" else {"key": None}
        for fields, status in ((caught, Status.trash), (spared, Status.approved)):
            body = f"No. {number} goes to {status}."
            comment_id = bob.say(**{"body": body, **unknown, **fields})
            backstage.screen(comment_id)
            assert backstage.comment(comment_id).status is status, (what, fields)
            if what == "key":
                assert "ban" not in bob.mine().text, "nobody is told"
        elsewhere = nell.say(**{"body": f"No. {number}.", **unknown, **caught})
        backstage.screen(elsewhere)
        assert backstage.comment(elsewhere).status is Status.approved, "the neighbour's own affair"
        assert press(olga, page(olga.client.get(BANS)), "End").status_code == 303


@pytest.mark.usefixtures("free")
def test_what_was_banned_is_in_spam_with_the_reason_and_can_be_brought_back(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    ban(max_, bob.say(), period="day", note="Insults everybody")
    later = bob.say("And you are all fools.")
    backstage.screen(later)
    comment = backstage.comment(later)
    assert comment.status is Status.spam
    with app.app_context():
        (decision,) = db.session.scalars(select(Decision).where(Decision.comment_id == later))
        assert (decision.via, decision.reason) == (Via.policy, "This browser is banned")
    (rule,) = rows(app)
    assert comment.rules == f" banned rule-{rule.id} "
    assert [signal["rule_id"] for signal in comment.signals] == [rule.id]

    shown = page(max_.client.get(BANS))
    (row,) = shown.xpath(f"//tr[@id='rule-{rule.id}']")
    words = " ".join(row.text_content().split())
    for word in ("The browser of Bob", "banned, to spam", "Max", "Insults everybody"):
        assert word in words
    (caught,) = row.xpath(".//td[@class='number']/a")
    assert caught.text_content() == "1"
    assert "you are all fools" in max_.client.get(caught.get("href")).text
    assert str(backstage.comment(later).key_hash) not in max_.client.get(BANS).text
    assert "Bob" not in repr(logged(app)), "the log keeps no name"

    assert max_.decide(later, "restore").status_code == 303
    assert backstage.comment(later).status is Status.pending


@pytest.mark.usefixtures("free")
def test_a_rule_ends_by_itself_or_by_hand(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    ban(max_, bob.say(), period="week")
    with app.app_context(), writing():
        (rule,) = db.session.scalars(select(Rule))
        assert rule.until is not None
        assert timedelta(days=6) < rule.until - now() <= timedelta(days=7)
        rule.until = now()
        db.session.commit()
    free = bob.say("After a week.")
    backstage.screen(free)
    assert backstage.comment(free).status is Status.approved

    ban(max_, free, period="week")
    assert press(max_, page(max_.client.get(BANS)), "End").status_code == 303
    again = bob.say("After it was ended.")
    backstage.screen(again)
    assert backstage.comment(again).status is Status.approved
    assert [action for action, _ in logged(app)] == ["rule added", "rule added", "rule ended"]


@whatever_the_database
def test_whom_a_moderator_trusts_is_published_unless_it_looks_like_spam(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set("news", hold="all")
    max_ = desk("Max")
    first = bob.say()
    form = begun(max_, first, "key")
    ban(max_, first, effect="trust", period="ever")
    good, bad = bob.say("As always."), bob.say("A.", subject="a field that people do not see")
    backstage.screen(good, bad)
    assert backstage.comment(good).status is Status.approved
    assert backstage.comment(bad).status is Status.pending

    for match in ("email", "network"):
        told = faults(make(max_, form, match=match, effect="trust"))
        assert "Only an author’s browser can be trusted" in told
    assert len(rows(app)) == 1


@pytest.mark.usefixtures("free")
def test_what_a_rule_holds_waits_and_what_people_held_no_rule_takes_away(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    first = bob.say()
    backstage.approve(first)
    ban(max_, first, effect="hold")
    waits = bob.say("I wait.")
    backstage.screen(waits)
    held = backstage.comment(waits)
    assert (held.status, held.held_for) == (Status.pending, "This browser is held by a rule")

    assert max_.decide(first, "unapprove").status_code == 303
    ban(max_, first, effect="trash")
    with app.app_context():
        assert [rule.ended_at is None for rule in db.session.scalars(select(Rule))] == [
            False,
            True,
        ], "a rule comes in the place of the one on the same"
    with app.app_context(), writing():
        db.session.execute(update(Comment).where(Comment.id == first).values(screened_at=None))
        db.session.commit()
    backstage.screen(first)
    assert backstage.comment(first).status is Status.pending


@pytest.mark.usefixtures("free")
def test_no_number_of_links_hides_a_banned_one_and_no_number_of_rules_is_too_many(
    bob: Reader, app: Flask, backstage: Backstage
) -> None:
    links = " ".join(f"http://host-{number:03}.example/" for number in range(150))
    comment_id = bob.say(links)
    with app.app_context(), writing():
        site_id = db.session.get_one(Comment, comment_id).site_id
        hosts = [f"host-{number:03}.example" for number in range(40, 150)]
        db.session.add_all(
            Rule(
                site_id=site_id, match=Match.link, pattern=host,
                effect=Effect.trash if host == hosts[-1] else Effect.hold,
            )
            for host in hosts
        )  # fmt: skip
        db.session.commit()
    backstage.screen(comment_id)
    comment = backstage.comment(comment_id)
    assert comment.status is Status.trash
    assert f" rule-{rows(app)[-1].id} " in comment.rules
    assert len(comment.signals) <= 30


@pytest.mark.usefixtures("free")
def test_a_change_of_the_secret_key_frees_nobody(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk, settings: dict[str, Any]
) -> None:
    for match, effect in (("key", "spam"), ("network", "hold")):
        ban(desk("Max"), bob.say(f"Before, for the {match}."), match=match, effect=effect)
    rotated = {
        "secret_key": "another secret, also long enough for it",
        "secret_key_fallbacks": [settings["secret_key"]],
    }
    with opened(**settings | rotated) as new:
        later, again = Backstage(new), Reader(new.test_client(), "Bob", bob.key)
        mine, keyless = again.say("It is me."), again.say("And me.", key=None)
        later.screen(mine, keyless)
        assert later.comment(mine).status is Status.spam
        assert later.comment(mine).rules.count("rule-") == 2
        assert later.comment(keyless).status is Status.pending


# ------------------------------------------------------------------------------- what they cost


def test_however_many_rules_there_are_an_index_finds_those_that_match(
    bob: Reader, app: Flask, backstage: Backstage
) -> None:
    comment_id = bob.say(SHOP)
    statements: list[tuple[str, Any]] = []
    with app.app_context():
        comment = db.session.get_one(Comment, comment_id)

        def note(_c: object, _cursor: object, said: str, values: Any, *_: object) -> None:
            statements.append((said, values))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert rules.matching(comment) == []
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        ((said, values),) = statements
        connection = db.session.connection()
        if backstage.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = "EXPLAIN "
        else:
            plan = "EXPLAIN QUERY PLAN "
        told = "\n".join(map(str, connection.exec_driver_sql(plan + said, values)))
    assert "ix_rule_pattern" in told
    assert "Seq Scan" not in told
    assert "SCAN rule" not in told


def test_the_page_asks_as_much_for_one_rule_as_for_many(
    bob: Reader, app: Flask, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    ban(max_, bob.say())
    (rule,) = rows(app)
    asked = []
    for _ in range(2):
        max_.client.get(BANS)  # whatever is asked once in a process
        with statements(app) as found:
            assert max_.client.get(BANS).status_code == 200
        asked.append(len(found))
        with app.app_context(), writing():
            db.session.add_all(
                Rule(
                    site_id=rule.site_id, match=Match.link, pattern=f"{number}.example",
                    effect=Effect.spam,
                )
                for number in range(20)
            )  # fmt: skip
            db.session.commit()
    assert asked[0] == asked[1]


# ------------------------------------------------------------------------------ what is shown first


def test_a_preview_says_what_a_ban_would_have_caught_and_can_take_it_away_and_back(
    bob: Reader, ann: Reader, nell: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    app = backstage.app
    backstage.set("news", hold_links=0)
    public, waits = bob.say(SHOP), ann.say("See http://deep.shop.spam.example/ now.")
    spam, clean = bob.say(f"{SHOP} Again."), ann.say("I read it.", email="ann@deep.example.org")
    nell.say(SHOP)
    backstage.screen(public, waits, spam, clean)
    backstage.approve(public)
    backstage.move(spam, Move.spam)
    max_ = desk("Max")
    asked = page(max_.client.get(BANS)).xpath("//section[@id='new']//form")[0]
    asked.fields["pattern"] = "https://www.Shop.spam.example/"
    (show,) = [each for each in asked.iter("button") if each.text_content().startswith("Show")]
    shown = page(submit(max_, asked, show))
    said = " ".join(shown.xpath("//*[@class='preview']")[0].text_content().split())
    assert "Links to shop.spam.example: 1 pending, 1 approved, 1 in spam." in said
    assert "also move the 2 that are public or pending" in said
    assert "I read it" not in said
    assert rows(app) == [], "nothing is made before that is asked for"
    whole = olga_looks_at_the_domain(desk("Olga"), public)
    assert "E-mail addresses at example.org: 2 pending, 1 approved, 1 in spam." in whole

    (form,) = shown.xpath("//section[@id='new']//form")
    answer = make(max_, form, clean="1")
    assert answer.status_code == 303
    states = {each: backstage.comment(each).status for each in (public, waits, spam, clean)}
    assert states == {
        public: Status.spam, waits: Status.spam, spam: Status.spam, clean: Status.pending,
    }  # fmt: skip
    assert press(max_, page(max_.client.get(BANS)), "Undo").status_code == 303
    states = {each: backstage.comment(each).status for each in (public, waits, spam)}
    assert states == {public: Status.approved, waits: Status.pending, spam: Status.spam}
    assert len(rows(app)) == 1, "the rule stays"


def test_a_rule_on_an_ending_catches_every_host_that_ends_so(
    bob: Reader, free: None, backstage: Backstage, desk: OpenDesk
) -> None:
    said = [
        bob.say(f"Read it all and more on http://{host}/1")
        for host in ("win.top", "a.b.top", "top.example")
    ]
    backstage.screen(*said)
    backstage.approve(*said)
    max_ = desk("Max")
    for typed in (".top", "*.TOP"):
        sent = {"match": "link", "pattern": typed, "step": "preview", **token(max_)}
        shown = page(max_.client.post(BANS, data=sent))
        caught = " ".join(shown.xpath("string(//*[@class='preview'])").split())
        assert "Links to *.top: 2 approved." in caught
    (form,) = shown.xpath("//section[@id='new']//form")
    assert make(max_, form).status_code == 303
    later = [
        bob.say("There is even more on http://new.top/2"),
        bob.say("And the minutes of July are at http://top.example/2"),
    ]
    backstage.screen(*later)
    assert [backstage.comment(each).status for each in later] == [Status.spam, Status.approved]


def olga_looks_at_the_domain(olga: Desk, comment_id: int) -> str:
    shown = page(olga.client.get(f"{BANS}?match=domain&comment={comment_id}"))
    return " ".join(shown.xpath("string(//*[@class='preview'])").split())


def test_nobody_bans_by_what_cannot_be_known(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    olga = desk("Olga")
    nameless = bob.say(key=None)
    for typed, told in (
        ({"match": "link", "pattern": "spam"}, "Please enter a host"),
        ({"match": "link", "pattern": "http://[spam"}, "Please enter a host"),
        ({"match": "link", "pattern": "https://bit.ly/abc123"}, "a whole host: enter bit.ly"),
        ({"match": "link", "pattern": "bit.ly?u=abc123"}, "as a word under House rules"),
        ({"match": "link", "pattern": "*.org"}, "the site’s own address"),
        ({"match": "link", "pattern": "news.example.org"}, "the site’s own address"),
        ({"match": "link", "pattern": "example.org"}, "the site’s own address"),
        ({"match": "email", "pattern": "bob"}, "a complete e-mail address"),
        ({"match": "domain", "pattern": "@"}, "Please enter a host"),
        ({"match": "key", "pattern": "x"}, "begin at one of the author’s comments"),
        ({"match": "key", "comment": nameless}, "without a browser’s key"),
        ({"match": "link", "comment": nameless}, "links to nothing"),
        ({"match": "link", "pattern": "a.example", "note": "x" * 501}, "plain text of up to 500"),
    ):
        sent = {"step": "add", "period": "week", "effect": "spam", **typed, **token(olga)}
        assert told in faults(olga.client.post(BANS, data=sent)), typed
    assert rows(app) == []
    for strange in ({"match": "name"}, {"effect": "hang"}, {"period": "year"}):
        sent = {"match": "link", "pattern": "a.example", **strange, **token(olga)}
        assert olga.client.post(BANS, data=sent).status_code == 400


@whatever_the_database
def test_a_rule_on_a_network_ends_with_the_month(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    first = bob.say()
    assert f"{rules.networks_change():%b} 1 at the latest" in max_.client.get(BANS).text
    ban(max_, first, "network", effect="hold", period="ever")
    (rule,) = rows(app)
    assert rule.match is Match.network
    assert rule.until == rules.networks_change()
    assert rule.until.astimezone(UTC).day == 1

    with app.app_context(), writing():
        db.session.execute(update(Comment).values(created_at=now() - timedelta(days=32)))
        db.session.commit()
    form = begun(max_, first, "network")
    assert "codes that stand for networks change" in form.text_content()


# --------------------------------------------------------------------------------- who may do what


@whatever_the_database
def test_moderators_ban_for_a_time_and_admins_for_good_and_whole_domains(
    bob: Reader, app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    first = bob.say()
    max_, olga = desk("Max"), desk("Olga")
    assert "may ban for good" in faults(make(max_, begun(max_, first, "key"), period="ever"))
    assert "a whole domain" in faults(make(max_, begun(max_, first, "domain"), period="day"))
    assert rows(app) == []
    ban(olga, first, period="ever")
    (rule,) = rows(app)
    told = faults(make(max_, begun(max_, first, "key"), period="day"))
    assert "only an owner or an admin may end" in told
    assert not page(max_.client.get(BANS)).xpath(f"//tr[@id='rule-{rule.id}']//button")
    sent = max_.client.post(f"{BANS}/{rule.id}/end", data=token(max_))
    assert sent.status_code == 403
    assert rows(app)[0].ended_at is None


def test_who_may_not_see_addresses_cannot_ask_for_them_here(
    bob: Reader, app: Flask, desk: OpenDesk
) -> None:
    first = bob.say()
    max_, olga = desk("Max"), desk("Olga")
    sent = {"match": "email", "pattern": "bob@example.org", "step": "preview"}
    assert "may not see readers’ e-mail" in faults(
        max_.client.post(BANS, data={**sent, **token(max_)})
    )
    ban(max_, first, "email", period="day")
    (rule,) = rows(app)
    assert "bob" not in f"{rule.pattern}{rule.note}".lower()
    for who, sees in ((max_, False), (olga, True)):
        text = who.client.get(BANS).text
        assert ("b…@example.org" in text) is sees
        assert "bob@example.org" not in text
    with app.app_context(), writing():
        db.session.execute(update(Membership).values(see_emails=True))
        db.session.commit()
    found = max_.client.post(BANS, data={**sent, **token(max_)})
    assert "1 pending" in page(found).xpath("string(//*[@class='preview'])")


def test_viewers_and_neighbours_see_no_rules(
    bob: Reader, nell: Reader, app: Flask, desk: OpenDesk
) -> None:
    first, hers = bob.say(), nell.say()
    olga, nina, max_ = desk("Olga"), desk("Nina"), desk("Max")
    ban(olga, first, period="week")
    (rule,) = rows(app)
    for address in (BANS, f"{BANS}?match=key&comment={first}"):
        assert nina.client.get(address).status_code == 404
    assert nina.client.post(f"{BANS}/{rule.id}/end", data=token(nina)).status_code == 404
    its = f"/desk/sites/other/bans/{rule.id}/end"
    assert nina.client.post(its, data=token(nina)).status_code == 404
    assert olga.client.get(f"{BANS}?match=key&comment={hers}").status_code == 404
    with app.app_context(), writing():
        db.session.execute(update(Membership).values(role=Role.viewer))
        db.session.commit()
    assert max_.client.get(BANS).status_code == 403
    assert max_.client.post(f"{BANS}/{rule.id}/end", data=token(max_)).status_code == 403
    assert rows(app)[0].ended_at is None
    assert re.search("a moderator may do that", max_.client.get(BANS).text)
