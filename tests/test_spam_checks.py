"""The checks: what each finds, and what each lets pass."""

import logging
from typing import Any

import pytest

from widget import sanitize
from widget.models import Site
from widget.spam import Candidate, History, Signal, assess, checks
from widget.spam.checks import Record

CLEAN: dict[str, Any] = {
    "author": "Ann",
    "email": "ann@example.org",
    "website": "",
    "body": "I read the whole report.",
    "arrival": {"honeypot": False, "token": "fresh", "has_nonce": True},
    "hold_links": 2,
    "hold_words": "",
}


def candidate(**changes: Any) -> Candidate:
    known = {**CLEAN, **changes}
    known.setdefault("body_html", str(sanitize.clean(known["body"])))
    return Candidate(**known)


def rules(same_body: int = 0, alike: int = 0, **changes: Any) -> list[str]:
    """Without what a first comment with a link gives as well."""
    known = History(same_body=same_body, alike=alike, key=Record(approved=1))
    return [signal.rule for signal in assess(candidate(**changes), known).signals]


def arrival(**changes: Any) -> dict[str, Any]:
    return {"arrival": {**CLEAN["arrival"], **changes}}


def test_a_plain_comment_gives_no_signal() -> None:
    assert rules() == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (arrival(honeypot=True), "honeypot"),
        (arrival(token="missing"), "form-token"),
        (arrival(token="stale"), "form-token"),
        (arrival(token="forged"), "form-token"),
        (arrival(token="of a kind yet unknown"), "form-token"),
        (arrival(has_nonce=False), "nonce"),
        ({"same_body": 1}, "duplicate"),
        ({"alike": 1}, "near-duplicate"),
        ({"body": "All of it is at http://a.example.org and http://b.example.org"}, "links"),
        ({"hold_words": "report"}, "hold-words"),
    ],
)
def test_each_fault_gives_its_signal(changes: dict[str, Any], rule: str) -> None:
    assert rules(**changes) == [rule]


def test_every_signal_is_kept_in_the_order_of_the_checks() -> None:
    everything = {
        **arrival(honeypot=True, token="missing", has_nonce=False),
        "body": "I saw it at http://a.example.org and http://b.example.org too, a zebra",
        "hold_words": "zebra",
        "same_body": 3,
    }
    assert rules(**everything) == [
        "honeypot", "form-token", "nonce", "links", "hold-words", "duplicate",
    ]  # fmt: skip


def test_a_comment_of_unknown_arrival_is_not_taken_for_a_good_one() -> None:
    assert {"form-token", "nonce"} <= set(rules(arrival={}))


@pytest.mark.parametrize(
    ("body", "limit", "held"),
    [
        ("http://a.example.org", 2, False),
        ("http://a.example.org http://a.example.org", 2, True),
        ('<a href="http://a.example.org">one</a> and www.b.example.org', 2, True),
        ("http://a.example.org http://b.example.org", 3, False),
        ("http://a.example.org", 1, True),
        ("http://a.example.org " * 50, 0, False),  # 0 turns the rule off
        ("no link", 1, False),
        ('a < href="http://a.example.org" &lt;a href', 1, True),
        ("javascript://a.example.org ftp://b.example.org", 1, False),
    ],
)
def test_links_are_counted_as_they_are_published(body: str, limit: int, held: bool) -> None:
    assert ("links" in rules(body=body, hold_links=limit)) is held


def test_two_links_are_the_default() -> None:
    assert Site.__table__.c.hold_links.default.arg == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "All ZEBRA chips"},
        {"body": "All z\u00e9bra chips"},
        {"body": "All zeb\u200bra\u2060 chips"},
        {"body": "All zeb<b></b>ra chips"},
        {"body": "All &#122;ebra chips"},
        {"body": "All \uff5a\uff45\uff42\uff52\uff41 chips"},
        {"author": "Zebra, Royal"},
        {"email": "ann@zebra.example.org"},
        {"website": "https://zebra.example.org/"},
        {"body": "a tall grass for you"},
    ],
)
def test_a_listed_word_is_found_wherever_it_stands(changes: dict[str, Any]) -> None:
    assert rules(**changes, hold_words="\n zebra \n\nTall Grass\n")[:1] == ["hold-words"]


@pytest.mark.parametrize("body", ["oczebranal", "zebras", "tall\ngrasses", "ze bra"])
def test_a_listed_word_is_a_whole_word(body: str) -> None:
    assert rules(body=body, hold_words="zebra\ntall grass") == []


def test_a_listed_word_means_itself_and_is_shown() -> None:
    listed = "c++\n(free)\n.+"
    (signal,) = assess(candidate(body="I like C++.", hold_words=listed), History()).signals
    assert (signal.rule, signal.span) == ("hold-words", "C++")
    assert "C++" in signal.reason
    assert rules(body="anything else", hold_words=listed) == []


def test_a_duplicate_says_how_often() -> None:
    def reason(times: int) -> str:
        (signal,) = assess(candidate(), History(same_body=times)).signals
        return signal.reason

    assert "once" in reason(1)
    assert "7 times" in reason(7)


def test_a_check_that_fails_holds_the_comment_and_the_others_still_speak(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_candidate: Candidate, _history: History) -> Signal | None:
        raise RuntimeError("no model here")

    found = assess(candidate(**arrival(honeypot=True)), History(), [broken, *checks.CHECKS])

    assert [signal.rule for signal in found.signals] == ["unchecked", "honeypot"]
    assert "broken" in found.signals[0].reason
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_signal_is_kept_with_its_rule_words_span_and_weight() -> None:
    (signal,) = assess(candidate(hold_words="report"), History()).as_list()
    assert set(signal) == {"rule", "reason", "span", "score"}
    assert signal["span"] == "report"
    assert 0 < signal["score"] <= 1
