"""The queue's pages under load and narrowed down: filters, paging, what I decided, the cost."""

import itertools
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update

from tests.conftest import Backstage, Desk, Reader, whatever_the_database
from tests.long_threads import statements
from tests.pages import OpenDesk, card, cards, page, path_of, press, submit, token
from tests.test_pages import explain
from widget.db import db, now, writing
from widget.models import (
    AuthorNote,
    Comment,
    LinkedHost,
    Move,
    Role,
    SavedFilter,
    Site,
    Status,
    Thread,
)
from widget.moderation import authors, listing, marking, people
from widget.moderation.listing import PAGE_SIZE
from widget.web.desk.views import VIEWS

_numbers = itertools.count()
JSON = {"Accept": "application/json"}


def ids(desk: Desk, view: str = "pending", **query: Any) -> list[int]:
    """The comments that a page shows."""
    return cards(desk.client.get(f"/desk/{view}/?{urlencode(query)}"))


def fill(app: Flask, count: int, *, site: str = "news", **values: Any) -> list[int]:
    """Write many comments at once, each a minute older than the next."""
    with app.app_context(), writing():
        site_id = db.session.scalars(select(Site.id).where(Site.key == site)).one()
        thread = Thread(site_id=site_id, page=f"http://{site}.example.org/long-{next(_numbers)}")
        db.session.add(thread)
        db.session.flush()
        first = 1_000_000 * thread.id
        written = [now() - timedelta(minutes=count - number) for number in range(count)]
        rows = [
            {
                "id": first + number, "site_id": site_id, "thread_id": thread.id,
                "author": "Many", "email": f"reader{number % 50}@example.org",
                "body": f"Number {number}.", "body_html": f"<p>Number {number}.</p>",
                "body_hash": "0", "sanitizer_version": 1, "created_at": written[number],
                "priority_at": written[number], "screened_at": written[number],
                "path": number.to_bytes(8, "big"), "key_hash": f"{number % 40:064x}",
                "network_hash": f"{number % 30:064x}", "cluster_id": first + number % 20,
                **values,
            }
            for number in range(count)
        ]  # fmt: skip
        db.session.execute(insert(Comment), rows)
        db.session.commit()
        return [row["id"] for row in rows]


# --------------------------------------------------------------------------------- narrowed down


def test_filters_narrow_a_view_down_and_come_off_one_by_one(
    app: Flask, ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.set(hold_words="casino")
    a, b = ann.say("Casino."), ann.say("The minutes.")
    c = bob.say("Casino, too.", page="http://news.example.org/other", title="Other")
    backstage.screen(a, b, c)
    one = backstage.comment(a)
    with app.app_context(), writing():
        month = now() - timedelta(days=30)
        aged = {"created_at": month, "written_in": "de", "network_hash": "f" * 64}
        db.session.execute(update(Comment).where(Comment.id == a).values(**aged))
        db.session.commit()
    olga = desk("Olga")

    assert ids(olga) == [a, b, c]
    assert ids(olga, rule="hold-words") == [a, c]
    assert ids(olga, thread=one.thread_id) == [a, b]
    assert ids(olga, author=f"key:{one.key_hash}") == [a, b]
    assert ids(olga, network="f" * 64) == [a]
    assert ids(olga, lang="de") == [a]
    assert ids(olga, older=29) == [a]
    assert ids(olga, older=31) == []
    assert ids(olga, rule="hold-words", author=f"key:{one.key_hash}") == [a]
    assert ids(olga, cluster=b) == [b]
    assert ids(olga, cluster=b + 1_000_000) == []
    assert ids(olga, author="nobody") == []

    shown = olga.client.get("/desk/pending/?rule=hold-words&lang=de&q=casino")
    chips = page(shown).xpath("//ul[@class='narrowed']//a[not(@class)]")
    assert [chip.findtext("bdi") for chip in chips] == [
        *("held for listed words", "written in “de”", "search: casino"),
    ]
    assert path_of(chips[1].get("href")) == "/desk/pending/?q=casino&rule=hold-words"
    # The way from a card to all by its author, and under its article.
    links = [link.get("href") for link in card(olga, a).xpath(".//*[@class='onto']/a")]
    narrowed = [set(cards(olga.client.get(link))) for link in links if "/desk/pending/" in link]
    assert {frozenset({a, b}), frozenset({a})} == set(map(frozenset, narrowed))
    assert "Nothing matches." in olga.client.get("/desk/pending/?lang=fr").text


def test_near_duplicates_lead_to_each_other_and_can_be_decided_at_once(
    bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    alike = [
        bob.say(f"Buy the very best of all cheap watches here today, discount number {number}.")
        for number in range(3)
    ]
    backstage.screen(*alike, bob.say("Something else altogether."))
    olga = desk("Olga")

    (link,) = card(olga, alike[0]).xpath(".//*[@class='likes']/a")
    assert link.text == "And 2 like it"
    whole = olga.client.get(link.get("href"))
    assert cards(whole) == alike
    (form,) = page(whole).xpath("//form[@class='whole']")
    press(olga, form, "Spam all 3")

    assert {backstage.comment(each).status for each in alike} == {Status.spam}
    assert ids(olga, "spam") == alike[::-1]


def test_comments_with_the_same_link_lead_to_each_other_and_can_be_decided_at_once(
    app: Flask, ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    first = bob.say("Watches: https://shop.spam.example/a")
    second = ann.say("Nothing in the text.", website="https://www.spam.example/")
    other = ann.say("The minutes: https://minutes.example/")
    backstage.screen(first, second, other)
    with app.app_context(), writing():
        db.session.execute(update(Thread).values(url="https://news.example.org/2026/park"))
        db.session.commit()
    max_ = desk("Max")

    shown = card(max_, first)
    assert "https://news.example.org/2026/park" in shown.xpath(".//*[@class='where']/a/@href")
    links = {link.findtext("bdi"): link.get("href") for link in shown.xpath(".//p/a[bdi]")}
    assert cards(max_.client.get(links["shop.spam.example"])) == [first]
    whole = max_.client.get(links["spam.example"])
    assert cards(whole) == [first, second]
    (chip,) = page(whole).xpath("//ul[@class='narrowed']//bdi")
    assert chip.text == "with a link to spam.example"
    assert ids(max_, "reported", link="spam.example") == ids(max_, link="nowhere.example") == []
    (form,) = page(whole).xpath("//form[@class='whole']")
    press(max_, form, "Spam all 2")

    assert ids(max_, "spam", link="SPAM.example") == [second, first]
    assert ids(max_) == [other]


@whatever_the_database
def test_what_is_ticked_is_decided_without_a_script(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    first, second, third = ann.say("One."), ann.say("Two."), ann.say("Three.")
    olga = desk("Olga")
    shown = page(olga.client.get("/desk/pending/"))
    boxes = {box.get("value"): box for box in shown.xpath("//input[@name='ids']")}
    assert {box.get("form") for box in boxes.values()} == {"selected"}

    form = shown.get_element_by_id("selected")
    (button,) = form.xpath(".//button[@value='trash']")
    # The first button is what Enter presses in a line to write in: it decides nothing.
    assert form.xpath(".//button[1]/@disabled")
    form.fields["reason"] = "As <agreed>."
    fields = {name: str(value) for name, value in form.form_values()}
    olga.client.post(
        form.action, data=fields | {"move": button.get("value"), "ids": [first, third]}
    )

    assert ids(olga) == [second]
    assert ids(olga, "trash") == [third, first]
    assert olga.client.get("/desk/log").text.count("As &lt;agreed&gt;.") == 2


@whatever_the_database
def test_one_at_a_time_goes_on_and_past_a_comment_without_a_script(
    ann: Reader, desk: OpenDesk
) -> None:
    first, second, third = ann.say("One."), ann.say("Two."), ann.say("Three.")
    olga = desk("Olga")

    def next_of(address: str) -> str:
        shown = page(olga.client.get(address))
        return path_of(shown.xpath("//a[text()='Next']/@href")[0])

    past = next_of("/desk/pending/?zen=1&q=T")
    assert past == f"/desk/pending/?q=T&zen=1&after={second}"
    past = next_of("/desk/pending/?zen=1")
    assert cards(olga.client.get(past)) == [second, third]
    # Whoever decides stays with one at a time, and past what was left alone.
    answer = press(olga, card(olga, second, past), "Approve")
    assert path_of(answer.location).partition("#")[0] == past
    after = page(olga.client.get(past))
    assert after.get("class") == "zen"
    assert [int(each) for each in after.xpath("//input[@name='ids']/@value")] == [third]
    (start,) = after.xpath("//*[@class='title']//a[text()='Back to the start']/@href")
    assert cards(olga.client.get(start)) == [first, third]


def test_filters_are_kept_under_a_name_by_each_moderator_alone(
    app: Flask, ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    ann.say("One.")
    spam = ann.say("Two.")
    backstage.move(spam, Move.spam)
    olga = desk("Olga")
    shown = page(olga.client.get("/desk/spam/?q=two&order=priority"))
    (form,) = shown.xpath("//form[@class='keep-filter']")
    form.fields["name"] = "<b>Twos</b>"
    submit(olga, form)

    kept = page(olga.client.get("/desk/pending/"))
    (link,) = kept.xpath("//details[@class='kept']//li/a")
    assert link.text_content() == "<b>Twos</b>"
    led = olga.client.get(link.get("href"))
    assert path_of(led.location) == "/desk/spam/?q=two&order=priority"
    assert cards(olga.client.get(led.location)) == [spam]

    with app.app_context():
        number = db.session.scalars(select(SavedFilter.id)).one()
    other = desk("Max")
    assert "Twos" not in other.client.get("/desk/pending/").text
    assert other.client.get(f"/desk/filters/{number}").status_code == 404
    refused = other.client.post(f"/desk/filters/{number}/remove", data=token(other))
    assert refused.status_code == 404
    for strange in ("view=lost&q=x", "view=pending&q=%00"):
        asked = {"name": "x", "query": strange, **token(other)}
        assert other.client.post("/desk/filters", data=asked).status_code == 400
    (remove,) = kept.xpath("//details[@class='kept']//li/form")
    submit(olga, remove)
    assert backstage.count(SavedFilter) == 0


# ----------------------------------------------------------------------------------- what I decided


def test_mine_lists_what_i_decided_with_what_became_of_it(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    first, second, third = ann.say("One."), ann.say("Two."), ann.say("Three.")
    max_ = desk("Max")
    for each in (first, second, third):
        max_.decide(each, "spam")
    backstage.move(third, Move.trash)  # by Olga

    def counted() -> str:
        counts: dict[str, str] = max_.client.get("/desk/mine/", headers=JSON).get_json()["counts"]
        return counts["mine"]

    assert counted() == "3"
    shown = page(max_.client.get("/desk/mine/"))
    told = [" ".join(each.text_content().split()) for each in shown.xpath("//article")]
    assert [re.search(r"One|Two|Three", each)[0] for each in told] == ["Three", "Two", "One"]  # type: ignore[index]
    assert "Since then: Moved to the trash by Olga" in told[0]
    assert not shown.xpath("//article")[0].xpath(".//button[@class='undo']")
    press(max_, shown.xpath("//article")[1], "Undo")

    after = page(max_.client.get("/desk/mine/")).xpath("//article")
    assert len(after) == int(counted()) == 3
    assert "undone" in after[1].text_content()
    assert not after[1].xpath(".//button")
    assert "undone" not in after[2].text_content()
    assert backstage.comment(second).status is Status.pending
    assert not page(desk("Olga").client.get("/desk/mine/?q=One")).xpath("//article")
    assert len(page(max_.client.get("/desk/mine/?q=One")).xpath("//article")) == 1


# ------------------------------------------------------------------------------------------- a card


@whatever_the_database
def test_a_card_knows_its_author(
    app: Flask, ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    old, spam, waits = ann.say("One."), ann.say("Two."), ann.say("Three.")
    backstage.approve(old)
    backstage.move(spam, Move.spam)
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, waits)
        name = authors.identity(authors.reference(comment))
        for text_ in ("An old word.", "Kind, but " + "very " * 30):
            db.session.add(AuthorNote(site_id=comment.site_id, author=name, text=text_))
            db.session.flush()
        db.session.commit()

    (record,) = card(desk("Max"), waits).xpath(".//*[@class='record']")
    said = " ".join(record.text_content().split())
    assert "1 approved, 1 pending, 1 spam" in said
    assert "· 2 notes, the latest: Kind, but very" in said
    assert said.endswith("very…")
    assert "An old word." not in said
    assert "/desk/authors/key:" in record.xpath("./a/@href")[0]


def test_an_author_without_a_key_is_known_by_a_digest_of_the_address(
    app: Flask, ann: Reader, desk: OpenDesk
) -> None:
    ann.key = None
    first, second = ann.say("One."), ann.say("Two.", author="Annie")
    with app.app_context():
        names = [authors.reference(db.session.get_one(Comment, each)) for each in (first, second)]
        assert len({authors.identity(name) for name in names}) == 1
        site_id = db.session.get_one(Comment, first).site_id
        record = authors.record(site_id, names[0])
        assert record.counts == {Status.pending: 2}
        # Neither another site nor a changed digest leads to anybody.
        assert authors.record(site_id + 1, names[0]).counts == {}
        forged = names[0].replace("email:", "email:0")
        assert authors.record(site_id, forged).counts == {}
    assert "ann@" not in "".join(names)
    assert ids(desk("Max"), author=names[1]) == [first, second]


@pytest.mark.parametrize(
    ("html", "spans", "marked"),
    [
        ("<p>The Casino.</p>", ["casino"], "<p>The <mark>Casino</mark>.</p>"),
        (
            "<p>ca<em>si</em>no &amp; co</p>",
            ["casino & co"],
            "<p><mark>ca</mark><em><mark>si</mark></em><mark>no &amp; co</mark></p>",
        ),
        ('<a href="https://casino">x</a>', ["casino"], '<a href="https://casino">x</a>'),
        ("<p>one<br>two</p>", ["onetwo"], "<p>one<br>two</p>"),
        ("<p>a &lt;b&gt; c</p>", ["<b>"], "<p>a <mark>&lt;b&gt;</mark> c</p>"),
        ("<p>Straße</p>", ["STRASSE"], "<p><mark>Straße</mark></p>"),
        ("<p>x</p>", ["", " "], "<p>x</p>"),
    ],
)
def test_what_matched_is_marked_and_nothing_else_is_changed(
    html: str, spans: list[str], marked: str
) -> None:
    assert marking.mark(html, spans) == marked


# -------------------------------------------------------------------------------- pages, and costs


@pytest.mark.parametrize("order", ["age", "priority"])
def test_the_script_gets_pages_as_json_and_each_comment_once(
    app: Flask, desk: OpenDesk, order: str
) -> None:
    written = fill(app, 2 * PAGE_SIZE + 7)
    olga = desk("Olga")
    seen: list[int] = []
    after = None
    while True:
        query = urlencode({"order": order, **({"after": after} if after else {})})
        answer = olga.client.get(f"/desk/pending/?{query}", headers=JSON).get_json()
        seen += [int(found) for found in re.findall(r'id="comment-(\d+)"', answer["cards"])]
        assert set(answer["counts"]) == set(VIEWS)
        after = answer["after"]
        if after is None:
            break
    assert seen == written
    assert answer["counts"]["pending"] == str(len(written))


def test_what_no_index_holds_is_looked_for_so_far_and_further_on_demand(
    app: Flask, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_THROUGH", 30)
    written = fill(app, 70)
    olga = desk("Olga")

    first = olga.client.get("/desk/pending/?q=%22Number+65.%22")
    assert cards(first) == []
    assert "Nothing found so far." in first.text
    assert "30 comments were looked through" in first.text
    (further,) = page(first).xpath("//a[@rel='next']")
    assert further.text == "Look further"
    second = olga.client.get(further.get("href"))
    (further,) = page(second).xpath("//a[@rel='next']")
    third = olga.client.get(further.get("href"))
    assert cards(third) == [written[65]]
    assert not page(third).xpath("//a[@rel='next']")


def test_a_thread_is_shown_to_its_end_however_much_else_there_is(
    app: Flask, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_THROUGH", 30)
    written = fill(app, 70)
    with app.app_context():
        thread = db.session.get_one(Comment, written[0]).thread_id
    olga, found = desk("Olga"), []
    following = [f"/desk/pending/?thread={thread}"]
    while following:
        shown = olga.client.get(following[0])
        found += cards(shown)
        following = page(shown).xpath("//a[@rel='next']/@href")
    assert found == written


def test_pages_of_several_sites_are_looked_through_without_leaving_one_out(
    app: Flask, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_THROUGH", 60)
    with app.app_context(), writing():
        other = db.session.scalars(select(Site).where(Site.key == "other")).one()
        people.add(other, email="olga@example.org", password="", role=Role.moderator)
        db.session.commit()
    mine, theirs = fill(app, 50), fill(app, 90, site="other")
    olga, found = desk("Olga"), []
    address = "/desk/pending/?q=Number"
    for _ in range(20):
        shown = olga.client.get(address)
        found += cards(shown)
        following = page(shown).xpath("//a[@rel='next']/@href")
        if not following:
            break
        (address,) = following
    assert sorted(found) == sorted([*mine, *theirs])


def test_a_full_page_asks_no_more_than_a_short_one(app: Flask, desk: OpenDesk) -> None:
    fill(app, 2)
    olga = desk("Olga")
    asked = []
    for _ in range(2):
        ids(olga)  # whatever is asked once in a process
        with statements(app) as found:
            ids(olga)
        asked.append(len(found))
        fill(app, PAGE_SIZE)
    assert asked[0] == asked[1] <= 30


# Which index holds what is asked for.
INDEXED = {
    "": "ix_comment_queue",
    "order=priority": "ix_comment_priority",
    "q=before:2100&order=age": "ix_comment_queue",
    "older=1": "ix_comment_queue",
    f"author=key:{3:064x}": "ix_comment_key",
    f"network={3:064x}": "ix_comment_network",
    "cluster={cluster}": "ix_comment_cluster",
    "thread={thread}": "ix_comment_thread",
    "link=spam.example": "ix_linked_host_host",
    "author={email}": "ix_comment_email",
}


def test_every_listing_reads_an_index_and_never_the_table(app: Flask, desk: OpenDesk) -> None:
    written = fill(app, 1500, status=Status.approved, published_at=now())
    for status in (Status.pending, Status.spam, Status.trash, Status.rejected):
        fill(app, 400 + len(status), status=status)
    with app.app_context(), writing():
        one = db.session.get_one(Comment, written[3])
        named: dict[str, object] = {"thread": one.thread_id, "cluster": one.cluster_id}
        named["email"] = f"email:{authors._digest(one.email)}.{one.id}"
        linked = {"site_id": one.site_id, "host": "spam.example"}
        rows = [{"comment_id": each, **linked} for each in written[::100]]
        db.session.execute(insert(LinkedHost), rows)
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        dialect = db.engine.dialect.name
    olga = desk("Olga")
    for view in ("pending", "approved", "spam", "trash", "rejected"):
        # One of either direction with all that can be asked; the others differ by a value alone.
        whole = view in {"pending", "approved"}
        for query, index in INDEXED.items() if whole else itertools.islice(INDEXED.items(), 2):
            address = f"/desk/{view}/?{query.format(**named)}&after={written[700]}"
            with statements(app) as asked:
                assert olga.client.get(address).status_code == 200
            found = next(each for each in asked if is_listing(each[0]))
            with app.app_context():
                if dialect == "postgresql":  # of so few rows it would rather read all
                    db.session.execute(text("SET LOCAL enable_seqscan = off"))
                plan = explain(dialect, *found)
            assert reads(plan, index), f"{address}\n{plan}"


def is_listing(statement: str) -> bool:
    """Is this the statement that finds a page's comments?"""
    return re.search(r"FROM \(SELECT comment\..*LEFT OUTER JOIN", statement, re.DOTALL) is not None


def reads(plan: str, index: str) -> bool:
    """The comments come from this index, and no table of comments is read from end to end."""
    if "Execution Time" not in plan:
        return (
            re.search(rf"SEARCH \w+ USING (COVERING )?INDEX {index} ", plan) is not None
            and "SCAN comment\n" not in plan
        )
    return re.search(rf"using {index}|on {index}", plan) is not None and (
        "Seq Scan on comment" not in plan
    )
