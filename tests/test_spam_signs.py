# ruff: noqa: E501 (a case reads best on one line)
"""What single checks take for a sign of spam, what they let pass, and what all come to together."""

import time
from datetime import timedelta
from typing import Any

import pytest

from widget import sanitize
from widget.spam import Assessment, Candidate, History, Signal, assess
from widget.spam.checks import Record

ARRIVAL: dict[str, Any] = {"honeypot": False, "token": "fresh", "has_nonce": True}
YEAR = timedelta(days=365)
# Somebody who is known, so that a link is nothing new.
KNOWN = History(key=Record(approved=1))


def found(history: History = KNOWN, **changes: Any) -> Assessment:
    said: dict[str, Any] = {
        "author": "Ann",
        "email": "",
        "website": "",
        "body": "I read the whole report and found nothing about the cost.",
        "arrival": ARRIVAL,
        "hold_links": 0,
        "origins": ("https://news.example.org",),
        **changes,
    }
    said.setdefault("body_html", str(sanitize.clean(said["body"])))
    return assess(Candidate(**said), history)


def signs(history: History = KNOWN, **changes: Any) -> list[str]:
    return [signal.rule for signal in found(history, **changes).signals]


def took(milliseconds: object) -> dict[str, Any]:
    return {"arrival": {**ARRIVAL, "took": milliseconds}}


SPOKEN = [
    ("fast", took(900)),
    ("fast", took(0)),
    ("bare-link", {"body": "look https://a.example.com/now"}),
    ("disguised-link", {"body": '<a href="https://evil.example.net/">www.mybank.example.com</a> said so yesterday evening'}),
    ("look-alike-host", {"body": "They say so at https://n\u0435ws.example.org/2026 as well, I believe"}),
    ("look-alike-host", {"website": "https://xn--80ak6aa92e.com/"}),
    ("look-alike-host", {"website": "https://examp1e.org/"}),
    ("odd-host", {"website": "http://185.220.101.4/"}),
    ("odd-host", {"website": "https://something.click/"}),
    ("shortener", {"body": "The whole of it is at https://bit.ly/3abc if you ask me"}),
    ("foreign-markup", {"body": "[url=https://a.example.com]this is what I mean[/url], dear all of you"}),
    ("hidden-link", {"body": "The whole of it is at my-place [dot] example if you ask me"}),
    ("hidden-link", {"body": "The whole of it is at www . myplace . com if you ask me"}),
    ("invisible", {"body": "I read the whole rep\u200bort and found nothing"}),
    ("invisible", {"body": "I read the whole \u202etroper and found nothing"}),
    ("mixed-scripts", {"body": "I read the whole r\u0435port and found nothing"}),
    ("repeated", {"body": "Nooooooooooooooo, not again"}),
    ("repeated", {"body": "never never never never never again"}),
    ("caps", {"body": "WHY DOES NOBODY TALK ABOUT THE NOISE?"}),
    ("language", {"body": "Das ist alles ganz falsch.", "written_in": "de", "site_language": "en"}),
    ("author-ad", {"author": "best online casino"}),
    ("author-ad", {"author": "myshop.com"}),
    ("author-ad", {"author": "kitchen cabinets new york", "website": "https://a.example.com"}),
    ("website-ad", {"website": "https://a.example.com/payday-loans"}),
    ("website-ad", {"website": "https://topcasinobonus.example.com/"}),
    ("praise", {"body": "Great post, thanks for sharing!", "website": "https://a.example.com"}),
    ("selling", {"body": "Payday loans, apply now, no fees"}),
    ("selling", {"body": "Get v1agra here"}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "changes"), SPOKEN)
def test_a_sign_is_found_and_shown(rule: str, changes: dict[str, Any]) -> None:
    signal = next(each for each in found(**changes).signals if each.rule == rule)
    assert signal.reason
    assert 0 < signal.score <= 1
    written = " ".join(str(value) for value in changes.values())
    if rule not in {"fast", "language", "repeated", "caps", "look-alike-host", "disguised-link"}:
        assert signal.span in written, "as it is written"


@pytest.mark.parametrize(
    "changes",
    [
        took(4000),
        took("soon"),
        took(None),
        {"body": "Nothing I know of is better than https://a.example.com/page for that."},
        {"body": "https://news.example.org/2025/other"},
        {"body": '<a href="https://a.example.com/long/way">a.example.com</a> has all the figures of that year of it'},
        {"body": '<a href="https://www.a.example.com/x">https://a.example.com/</a> has all the figures of that year'},
        {"website": "https://b\u00fccher.example.de/"},
        {"website": "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/"},
        {"website": "https://www.example.org/"},
        {"body": "The mean is 5 \u03bcm, and \u03a9m stays the same for both of them."},
        {"body": "\u06a9\u062a\u0627\u0628\u200c\u0647\u0627 \u0631\u0627 \u062e\u0648\u0627\u0646\u062f\u0645"},
        {"body": "Well done \U0001f468\u200d\U0001f469\u200d\U0001f467 to all of you"},
        {"body": "NATO and the EU agree."},
        {"body": "Das ist richtig.", "written_in": "de", "site_language": "de"},
        {"body": "Das ist richtig.", "written_in": "", "site_language": "en"},
        {"author": "Maria del Carmen Ruiz", "website": "https://maria.example.com"},
        {"body": "Great post, thanks for sharing!"},
        {"body": "It is a casino down there.", "page": "The casino at the harbour is closed"},
        {"body": "Long ago my grandfather drove it, from the depot to the sea and back."},
    ],
)  # fmt: skip
def test_what_readers_write_is_no_sign(changes: dict[str, Any]) -> None:
    assert signs(**changes) == []


def test_what_is_usual_in_a_thread_is_no_other_language() -> None:
    german = {"body": "Das ist richtig.", "written_in": "de", "site_language": "en"}
    usual = History(languages=frozenset({"en", "de"}), key=Record(approved=1))
    assert signs(usual, **german) == []
    assert signs(History(languages=frozenset({"en"})), **german) == ["language"]


def test_short_words_that_anybody_says_are_no_copy() -> None:
    again = History(same_body=3)
    assert not found(again, body="Thank you!").holding
    assert found(again, body="I have the best watches in town for you").holding


def test_praise_that_speaks_of_the_article_counts_less() -> None:
    told: dict[str, Any] = {
        "body": "Great article about the tramway!",
        "website": "https://a.example.com",
    }
    empty = found(**told).risk
    assert found(**told, page="The tramway is late").risk < empty
    assert found(History(parent="The tramway is late"), **told).risk < empty


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        (History(by_key=(12, 12)), "rate"),
        (History(by_network=(3, 120)), "rate"),
        (History(by_text=(4, 4)), "rate"),
        (History(alike_elsewhere=1), "near-duplicate"),
        (History(key=Record(spam=1)), "author-record"),
        (History(network=Record(approved=1, spam=4)), "network-record"),
        (History(key=Record(approved=12, age=YEAR)), "good-author"),
        (History(network=Record(approved=80, age=YEAR)), "good-network"),
    ],
)
def test_what_was_there_before_speaks(history: History, rule: str) -> None:
    assert signs(history) == [rule]


def test_many_at_once_hold_a_program_and_no_crowd() -> None:
    assert not found(History(by_key=(12, 12))).holding, "somebody argues"
    assert found(History(by_key=(24, 24))).holding
    assert not found(History(by_network=(60, 60))).holding, "many share a network"


def test_where_links_lead_has_a_record() -> None:
    linking = {"body": "All of that is to be found at https://a.example.com/ for those who read"}
    bad = History(key=Record(approved=1), hosts={"a.example.com": Record(spam=2)})
    good = History(key=Record(approved=1), hosts={"a.example.com": Record(approved=9)})
    mixed = History(key=Record(approved=1), hosts={"a.example.com": Record(approved=9, spam=2)})
    assert signs(bad, **linking) == ["host-record"]
    assert found(bad, **linking).holding
    assert signs(good, **linking) == ["good-hosts"]
    assert signs(mixed, **linking) == []


def test_a_copy_of_our_form_sent_again_and_again_is_worse_than_one() -> None:
    without = {"arrival": {**ARRIVAL, "has_nonce": False}}
    (once,) = found(History(by_network=(1, 1)), **without).signals
    (often,) = found(History(by_network=(5, 5)), **without).signals
    assert once.score < often.score


# -------------------------------------------------------------------------------- together


def signal(score: float, *, holds: bool = True, trust: float = 0.0) -> Signal:
    return Signal(rule=f"r{score}-{holds}", reason="r", score=score, holds=holds, trust=trust)


def test_risk_grows_with_each_sign_and_stays_below_certainty() -> None:
    assert Assessment().risk == 0
    assert Assessment((signal(0.5),)).risk == 50
    assert Assessment((signal(0.5), signal(0.5))).risk == 75
    assert Assessment((signal(1.0), signal(0.5))).risk == 100


def test_weak_signs_hold_only_together() -> None:
    weak = signal(0.3, holds=False)
    assert Assessment((weak,)).holding == ()
    assert Assessment((weak, signal(0.31, holds=False))).holding != ()
    assert Assessment((weak, signal(0.1))).holding != (), "one that holds does so alone"


def test_trust_makes_weak_signs_count_less_and_hides_none() -> None:
    weak, trust = signal(0.6, holds=False), signal(0.0, holds=False, trust=0.8)
    trusted = Assessment((weak, trust))
    assert trusted.risk < Assessment((weak,)).risk
    assert trusted.holding == ()
    assert [each["score"] for each in trusted.as_list()] == [0.6, 0.0]
    assert trusted.rules == f" {weak.rule} ", "nothing is held for what speaks for it"
    firm = signal(0.6)
    assert Assessment((firm, trust)).risk == 60, "but nobody is trusted with what holds"
    assert Assessment((firm, trust)).holding == (firm,)


def test_a_signal_comes_back_as_it_was_kept() -> None:
    for kept in (signal(0.5), signal(0.2, holds=False, trust=0.4)):
        assert Signal.from_dict({**kept.as_dict(), "rule_id": 7}) == kept


# ------------------------------------------------------------------------------------ cost

ADVERSARIAL = {
    "letters": "a", "dots": "a.", "at": "a@", "blanks": " ", "numbers": "1 ", "digits": "12345",
    "brackets": "[", "dashes": "a-", "slashes": "http://", "www": "www . ", "dot": "x dot ",
    "marks": "!", "capitals": "AB ", "scripts": "\u0430a", "unseen": "a\u200b", "phrases": "check out my ",
    "links": "http://a.b ", "opened": "<", "references": "&lt;", "money": "$", "plus": "+1 (", "lines": "\n",
}  # fmt: skip


@pytest.mark.parametrize("piece", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_no_text_makes_the_checks_slow(piece: str) -> None:
    def cost(size: int) -> float:
        body = piece * (size // len(piece.encode()))
        html = str(sanitize.clean(body or "x"))
        best = 9.0
        for turn in range(3):
            shown = f"{html}<p>{turn}</p>"  # nothing that is remembered helps
            began = time.thread_time()
            found(body=body, body_html=shown, author=body[:245], website=f"https://{body[:190]}")
            best = min(best, time.thread_time() - began)
        return best

    assert cost(64_000) < 32 * max(cost(8_000), 0.001), (
        "eight times the text, not 64 times the work"
    )
