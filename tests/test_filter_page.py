"""The page of the spam filter: what it knows, how it does, what another threshold changes."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from lxml import etree
from lxml.html import HtmlElement
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.conftest import Backstage, Desk, Reader
from tests.filtering import by_machine, news, readers, said, sellers, taught
from tests.long_threads import statements
from tests.pages import OpenDesk, page, press, token
from tests.test_charts import decide, write
from widget import jobs
from widget.db import db, now, writing
from widget.models import (
    Comment,
    Decision,
    Entry,
    Membership,
    Move,
    Role,
    Shields,
    SpamModel,
    Status,
)
from widget.moderation import shields
from widget.web.desk.filter_words import percent

ADDRESS = "/desk/sites/news/filter"
ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def promote(app: Flask, role: Role) -> None:
    """Give Max another role."""
    with app.app_context(), writing():
        place = next(
            each for each in db.session.scalars(select(Membership)) if each.moderator.name == "Max"
        )
        place.role = role
        db.session.commit()


def words(answer: TestResponse, within: str = "//main") -> str:
    """What stands there, with single blanks."""
    assert answer.status_code == 200, answer.text
    return " ".join(str(page(answer).xpath(f"string({within})")).split())


def panel(answer: TestResponse, title: str) -> HtmlElement:
    (found,) = page(answer).xpath(f"//section[@aria-labelledby='{title}']")
    return found


def rows(answer: TestResponse, title: str) -> dict[str, list[str]]:
    """The first table in a panel, by the head of each row."""
    table = panel(answer, title).xpath(".//table")[0]
    return {
        row[0].text_content(): [" ".join(cell.text_content().split()) for cell in row[1:]]
        for row in table.xpath("./tbody/tr")
    }


def tune(desk: Desk, path: str = "", **fields: str) -> TestResponse:
    """Send the form of the threshold."""
    return desk.client.post(ADDRESS + path, data=token(desk) | fields)


def logged(app: Flask) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    with app.app_context():
        entries = db.session.scalars(select(Entry).order_by(Entry.id))
        return [(each.action, each.before, each.after) for each in entries]


@ON_ONE
def test_before_there_is_enough_it_says_how_much_is_missing(app: Flask, desk: OpenDesk) -> None:
    max_ = desk("Max")
    assert "0 of 50 decisions" in words(max_.client.get(ADDRESS))
    said(app, sellers(5), Move.spam)
    said(app, readers(3), Move.approve)

    shown = words(max_.client.get(ADDRESS))

    assert "8 of 50 decisions: 5 spam, 3 not." in shown
    assert "at least 10 of either kind" in shown
    assert "Show what would change" not in shown
    assert not page(max_.client.get(ADDRESS)).xpath("//img")

    said(app, readers(60), Move.approve)
    assert "45 of 50 decisions: 5 spam, 50 or more not." in words(max_.client.get(ADDRESS))


def test_it_shows_what_it_has_learned(app: Flask, desk: OpenDesk) -> None:
    taught(app)
    max_ = desk("Max")
    with statements(app) as asked:
        answer = max_.client.get(ADDRESS)
    assert len(asked) < 50  # however many decisions there are

    assert "Version 1 judges, learned just now from 130 decisions." in words(answer)
    telling = panel(answer, "words").xpath(".//ul")
    assert "click" in telling[0].text_content()
    assert "click" not in telling[1].text_content()
    assert "It has learned from these decisions" not in words(answer), "some were kept back"
    for name in ("calibration", "curve"):
        (source,) = panel(answer, name).xpath(".//img/@src")
        drawn = desk("Max").client.get(source)
        assert etree.fromstring(drawn.data).tag.endswith("svg")
        assert "script" not in drawn.text
        assert panel(answer, name).xpath(".//tbody/tr")
    assert desk("Max").client.get(f"{ADDRESS}/other.svg").status_code == 404


def test_what_moderators_reversed_is_counted_with_how_sure_that_is(
    app: Flask, desk: OpenDesk
) -> None:
    called = said(app, ["Buy"] * 8, None)
    by_machine(app, called, Move.spam)
    passed = said(app, ["Fine"] * 10, None)
    by_machine(app, passed, Move.approve)
    held = said(app, ["Hm"] * 3, None)
    decide(app, called[0], Move.approve, timedelta(hours=1))
    decide(app, called[1], Move.restore, timedelta(hours=1))  # “Not spam”
    decide(app, passed[0], Move.spam, timedelta(hours=1))
    decide(app, passed[1], Move.trash, timedelta(hours=1))  # which is no word on spam
    decide(app, held[0], Move.approve, timedelta(hours=1))
    write(app, [now()], source="disqus", status=Status.approved)  # never judged here
    write(app, [now()], screened_at=None, status=Status.pending)  # nor this one, so far

    answer = desk("Max").client.get(ADDRESS)

    assert "Of the last 21 comments" in words(answer)
    assert rows(answer, "does") == {
        "published": ["10", "spam after all: 1 of 10: 10 % (1.8 % to 40.4 %)"],
        "held": ["3", "1 approved, 0 spam, 0 rejected or trash, 2 not decided"],
        "called spam": ["8", "no spam after all: 2 of 8: 25 % (7.1 % to 59.1 %)"],
    }
    links = panel(answer, "does").xpath(".//ol//a/@href")
    assert {int(link.rpartition("-")[2]) for link in links} == {*called[:2], passed[0]}
    for link in links:
        found = desk("Max").client.get(link)
        assert f'id="comment-{link.rpartition("-")[2]}"' in found.text


def test_what_was_purged_still_counts(app: Flask, desk: OpenDesk) -> None:
    gone = said(app, ["Buy"] * 3, None)
    by_machine(app, gone, Move.spam)
    with app.app_context(), writing():
        db.session.delete(db.session.get_one(Comment, gone[0]))
        db.session.commit()
    assert rows(desk("Max").client.get(ADDRESS), "does")["called spam"][0] == "3"


@ON_ONE
def test_a_threshold_is_tried_on_past_decisions_before_it_is_saved(
    app: Flask, desk: OpenDesk
) -> None:
    taught(app, 30)
    said(app, [f"Fresh offer {n}" for n in range(30)], Move.spam, probability=0.97)
    said(app, [f"Fresh word {n}" for n in range(29)], Move.approve, probability=0.02)
    (odd,) = said(app, ["An odd one"], Move.approve, probability=0.9)
    olga = desk("Olga")

    answer = tune(olga, "/try", how="own", **{"from": "95"}, was="99", decides="1")

    assert "Tried on the latest 60 decisions; nothing is saved yet." in words(answer)
    found = rows(answer, "threshold-title")
    assert found["spam that it calls spam"][1].startswith("30 of 30: 100 %")
    assert found["good comments that it calls spam"][1].startswith("0 of 30: 0 %")
    answer = tune(olga, "/try", how="own", **{"from": "80"}, was="99")
    assert rows(answer, "threshold-title")["good comments that it calls spam"][1].startswith("1 of")
    shown = page(answer).xpath("//*[@id='result']//ol//a/@href")
    assert [link.rpartition("-")[2] for link in shown] == [str(odd)]
    answer = tune(olga, "/try", how="own", **{"from": "98"}, was="99")
    assert "Spam that would not be called so: 30" in words(answer)
    assert rows(answer, "threshold-title")["held for a moderator"][1].startswith("31 of 60")
    assert not logged(app)
    with app.app_context():
        assert news().spam_from is None


@ON_ONE
def test_what_the_checks_hold_is_held_whatever_the_filter_thinks(
    app: Flask, desk: OpenDesk
) -> None:
    taught(app, 30)
    weak = {"rule": "caps", "reason": "Capitals", "score": 0.2, "holds": False}
    strong = {"rule": "links", "reason": "3 links", "score": 0.5}
    opinion = {"rule": "filter", "reason": "Looks like spam", "score": 0.9}
    for signals in ([], [weak], [weak, opinion], [strong]):
        said(app, readers(15, len(signals)), Move.approve, probability=0.0, signals=signals)
    answer = tune(desk("Olga"), "/try", how="own", **{"from": "95"})
    assert rows(answer, "threshold-title")["held for a moderator"][1].startswith("15 of 60")


@ON_ONE
def test_what_it_learned_from_is_said_to_be_too_good_to_be_true(app: Flask, desk: OpenDesk) -> None:
    taught(app, 30)
    shown = words(tune(desk("Olga"), "/try", how="own", **{"from": "90"}))
    assert "It has learned from most of them: on new ones it does less well." in shown
    # Too few to keep some back: then these alone can show what a probability means.
    answer = desk("Olga").client.get(ADDRESS)
    assert "It has learned from these decisions" in words(answer)
    asked = rows(answer, "calibration").values()
    assert sum(int(cells[0]) for cells in asked) == 60


@ON_ONE
def test_saving_counts_and_leaves_a_line(app: Flask, desk: OpenDesk) -> None:
    olga = desk("Olga")
    assert tune(olga, how="own", **{"from": "97,5"}).status_code == 303
    with app.app_context():
        assert (news().spam_from, news().filter_decides) == (97.5, False)
    assert 'value="97.5"' in olga.client.get(ADDRESS).text
    assert tune(olga, how="automatic", **{"from": "97.5"}, decides="1").status_code == 303
    tune(olga, how="automatic", decides="1")  # as it is already
    with app.app_context():
        assert (news().spam_from, news().filter_decides) == (None, True)
    assert logged(app) == [
        ("filter changed", {"filter_decides": True, "spam_from": None},
         {"filter_decides": False, "spam_from": 97.5}),
        ("filter changed", {"filter_decides": False, "spam_from": 97.5},
         {"filter_decides": True, "spam_from": None}),
    ]  # fmt: skip
    assert "filter changed" in olga.client.get("/desk/log").text


@ON_ONE
@pytest.mark.parametrize("typed", ["", "often", "nan", "inf", "12", "101", "-1", "1e400"])
def test_what_is_no_threshold_is_refused_in_words(app: Flask, desk: OpenDesk, typed: str) -> None:
    answer = tune(desk("Olga"), how="own", **{"from": typed}, was="")
    assert "Please enter a number from 50 to 100." in words(answer)
    (field,) = page(answer).xpath("//input[@name='from']")
    assert field.get("value") == typed
    with app.app_context():
        assert news().spam_from is None


@ON_ONE
def test_without_script_whichever_was_moved_counts(app: Flask, desk: OpenDesk) -> None:
    olga = desk("Olga")
    asked = {"how": "own", "was": "99", "slid": "99"}
    tune(olga, **asked, **{"from": "99", "slider": "88"})
    with app.app_context():
        assert news().spam_from == 88
    tune(olga, **asked, **{"from": "91", "slider": "88"})
    with app.app_context():
        assert news().spam_from == 91


def test_shields_are_set_by_hand_and_told_in_words(app: Flask, desk: OpenDesk) -> None:
    max_ = desk("Max")
    assert "Down. A flood raises them by itself." in words(max_.client.get(ADDRESS))
    sent = max_.client.post(f"{ADDRESS}/shields", data=token(max_) | {"shields": "up"})
    assert sent.status_code == 303
    assert "Up, by hand: every comment is held." in words(max_.client.get(ADDRESS))
    with app.app_context():
        assert news().shields is Shields.up
    assert logged(app) == [("shields set", {"shields": "automatic"}, {"shields": "up"})]
    odd = max_.client.post(f"{ADDRESS}/shields", data=token(max_) | {"shields": "sideways"})
    assert odd.status_code == 400


@ON_ONE
def test_a_flood_is_told_with_its_times(app: Flask, backstage: Backstage, desk: OpenDesk) -> None:
    since, until = now() - timedelta(minutes=9), now() + timedelta(minutes=21)
    backstage.set(timezone="Asia/Kathmandu", flooded_at=since, flooded_until=until)
    begun, ends = (
        f"{each.astimezone(ZoneInfo('Asia/Kathmandu')):%H:%M}" for each in (since, until)
    )
    shown = words(desk("Max").client.get(ADDRESS))
    assert re.search(rf"Raised by a flood since [^.]*{begun}, until {ends} at least\.", shown)


@ON_ONE
def test_that_a_flood_is_over_is_nobodys_doing(
    app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(flooded_at=now() - timedelta(hours=1), flooded_until=now() - timedelta(minutes=1))
    with app.app_context(), writing():
        shields.lower()
        db.session.commit()
    line = words(desk("Max").client.get("/desk/log"), "//ol[@class='log']")
    assert "The service by itself shields lowered" in line
    assert "Down." in words(desk("Max").client.get(ADDRESS))


def test_it_learns_now_when_told(app: Flask, backstage: Backstage, desk: OpenDesk) -> None:
    said(app, sellers(30), Move.spam)
    said(app, readers(30), Move.approve)
    olga = desk("Olga")
    assert press(olga, page(olga.client.get(ADDRESS)), "Learn now").status_code == 303
    assert "It learns now." in words(olga.client.get(ADDRESS))
    with app.app_context():
        site_id = news().id
        db.session.rollback()
        jobs.learn(site_id)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SpamModel)) == 1
    assert ("filter taught", {}, {}) in logged(app)


@ON_ONE
def test_it_forgets_when_somebody_is_sure(app: Flask, desk: OpenDesk) -> None:
    taught(app, 30)
    olga = desk("Olga")
    count = select(func.count()).select_from(SpamModel)
    olga.client.post(f"{ADDRESS}/forget", data=token(olga))
    assert "please tick that you are sure" in words(olga.client.get(ADDRESS))
    with app.app_context():
        assert db.session.scalar(count) == 1
    olga.client.post(f"{ADDRESS}/forget", data=token(olga) | {"sure": "1"})
    assert "50 of 50 decisions" in words(olga.client.get(ADDRESS))
    with app.app_context():
        assert db.session.scalar(count) == 0
        assert db.session.scalar(select(func.count()).select_from(Decision)) == 60
    assert [action for action, _, _ in logged(app)] == ["filter forgotten"]


@ON_ONE
@pytest.mark.parametrize(
    ("role", "raises", "tunes"),
    [(Role.viewer, 403, 403), (Role.moderator, 303, 403), (Role.admin, 303, 303)],
)
def test_all_look_moderators_raise_shields_and_admins_set(
    app: Flask, desk: OpenDesk, role: Role, raises: int, tunes: int
) -> None:
    promote(app, role)
    max_ = desk("Max")
    sent = max_.client.post(f"{ADDRESS}/shields", data=token(max_) | {"shields": "up"})
    assert sent.status_code == raises
    assert tune(max_, how="automatic").status_code == tunes
    assert tune(max_, "/try", how="automatic").status_code == (403 if raises == 403 else 200)
    for path in ("learn", "forget"):
        sent = max_.client.post(f"{ADDRESS}/{path}", data=token(max_) | {"sure": "1"})
        assert sent.status_code == tunes
    shown = page(max_.client.get(ADDRESS))
    assert bool(shown.xpath("//fieldset[@disabled]")) == (tunes == 403)
    buttons = {each.text_content() for each in shown.iter("button")}
    assert ("Set the shields" in buttons) == (raises == 303)
    assert ("Save" in buttons) == (tunes == 303)


@ON_ONE
def test_a_neighbour_finds_nothing(app: Flask, desk: OpenDesk) -> None:
    nina = desk("Nina")
    assert nina.client.get(ADDRESS).status_code == 404
    assert nina.client.get(f"{ADDRESS}/curve.svg").status_code == 404
    for path in ("", "/try", "/shields", "/learn", "/forget"):
        assert nina.client.post(ADDRESS + path, data=token(nina)).status_code == 404


@ON_ONE
def test_the_card_tells_the_filters_opinion_and_leads_to_its_page(
    app: Flask, ann: Reader, desk: OpenDesk
) -> None:
    reason = "Looks like spam to the filter (97 %)"
    span = "casino, bonus, free"
    found(app, ann.say(), {"rule": "filter", "reason": reason, "span": span, "score": 0.97})
    (chip,) = page(desk("Max").client.get("/desk/pending/")).find_class("chip")
    assert f"{reason}: {span}" in chip.text_content()
    assert "strong" in chip.get("class")
    assert chip.xpath("./a/@href") == [f"{ADDRESS}#threshold"]
    narrowed = words(desk("Max").client.get("/desk/pending/?rule=filter"))
    assert "held for looking like spam to the filter" in narrowed


@ON_ONE
def test_what_the_filter_calls_spam_leaves_no_word_of_the_reader_in_the_log(
    app: Flask, ann: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    taught(app)
    backstage.set(spam_from=60)
    called = ann.say("Free casino spins this week only. Click here: http://shop9.example")
    backstage.screen(called)
    assert backstage.comment(called).status is Status.spam

    max_ = desk("Max")
    card = page(max_.client.get("/desk/spam/")).get_element_by_id(f"comment-{called}")
    (chip,) = (each for each in card.find_class("chip") if each.text_content()[:6] == "filter")
    assert re.search(r"to the filter \(\d\d %\): .*\bshop9.example\b", chip.text_content())
    assert "What was found" in card.text_content(), "it was never held"
    log = words(max_.client.get(f"/desk/log?comment={called}"))
    assert "Looks like spam to the filter" in log
    assert not re.search("casino|spins|shop9|any link", log)


@ON_ONE
def test_what_speaks_for_a_comment_is_no_reason_to_hold_it(
    app: Flask, ann: Reader, desk: OpenDesk
) -> None:
    against = {"rule": "caps", "reason": "Most letters are capitals", "score": 0.2, "holds": False}
    good = {"rule": "good-author", "reason": "12 approved", "score": 0.0, "trust": 0.5}
    found(app, ann.say(), against, good)
    answer = desk("Max").client.get("/desk/pending/")
    (chip,) = page(answer).find_class("chip")
    assert "capitals" in chip.text_content()
    (why,) = page(answer).find_class("why")
    assert "Speaks for it: 12 approved" in why.text_content()
    assert why.text_content().count("Most letters are capitals") == 1


def found(app: Flask, comment_id: int, *signals: dict[str, Any]) -> None:
    """It was screened, and held for what speaks against it."""
    against = [each for each in signals if "trust" not in each]
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        comment.signals, comment.screened_at = list(signals), now()
        comment.rules = f" {' '.join(each['rule'] for each in against)} "
        comment.held_for = "; ".join(each["reason"] for each in against)
        db.session.commit()


@pytest.mark.parametrize(
    ("rate", "said_"),
    [
        (0.0, "0 %"), (1.0, "100 %"), (0.5, "50 %"), (0.973, "97.3 %"), (0.9996, "99.96 %"),
        (0.999999, "99.99 %"), (0.0004, "0.04 %"), (0.1234, "12.3 %"),
    ],
)  # fmt: skip
def test_a_percentage_never_says_more_than_is_known(rate: float, said_: str) -> None:
    assert percent(rate).replace("\u00a0", " ") == said_
