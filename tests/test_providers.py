"""Providers: what each is sent, what its answers mean, and what it is never told."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import providers as servers
from tests.parts import PROJECT
from tests.providers import KEY, PASSWORD, SECRET, Request, Said, Service, as_json, serving
from widget.cli import doctor
from widget.config import ConfigError, Settings, load
from widget.spam import Signal
from widget.spam.providers import (
    CERTAIN,
    RULES,
    Akismet,
    Answer,
    Hook,
    Label,
    Later,
    Provider,
    Question,
    Rspamd,
    StopForumSpam,
    Unavailable,
    switched_on,
    wire,
)

QUESTION = Question(
    comment_id=7,
    site_id=1,
    site="news",
    blog="https://news.example.org",
    permalink="https://news.example.org/2019/the-database",
    title="The database",
    language="fr",
    author="Änn, “the” <b>\r\nBcc: x@example.net",
    email="Ann@Example.org",
    website="https://ann.example.org",
    body="I read the whole report.\n\n" + "é" * 2000,
    written_at=datetime(2026, 11, 23, 12, 30, tzinfo=UTC),
    signals=(Signal(rule="links", reason="3 links", span="3"),),
)
Serve = Callable[[Callable[[Request], Said]], Service]


@pytest.fixture(autouse=True)
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the public services are on this machine."""
    monkeypatch.setattr(wire, "is_public", lambda _: True)


@pytest.fixture
def akismet() -> Iterator[Service]:
    with serving(servers.akismet) as server:
        yield server


@pytest.fixture
def stopforumspam() -> Iterator[Service]:
    with serving(servers.stopforumspam) as server:
        yield server


@pytest.fixture
def rspamd() -> Iterator[Service]:
    with serving(servers.rspamd) as server:
        yield server


@pytest.fixture
def judge() -> Iterator[Service]:
    with serving(servers.Judge()) as server:
        yield server


def ask(provider: Provider, **told: Any) -> Answer | Later:
    return provider.ask(replace(QUESTION, **told), within=5)


def rules(provider: Provider, **told: Any) -> list[str]:
    answer = ask(provider, **told)
    assert isinstance(answer, Answer)
    return [signal.rule for signal in answer.signals]


def refused(provider: Provider, **told: Any) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        ask(provider, **told)
    return caught.value


# ---------------------------------------------------------------------------------------- Akismet


def test_akismet_is_asked_as_its_protocol_says_and_told_nothing_else(akismet: Service) -> None:
    provider = Akismet(key=KEY, base=akismet.url, is_test=True)
    assert rules(provider) == []
    (request,) = akismet.asked
    assert request.path == "/1.1/comment-check"
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert request.form == {
        "api_key": KEY,
        "blog": "https://news.example.org",
        "blog_charset": "UTF-8",
        "blog_lang": "fr",
        "user_ip": "192.0.2.1",
        "permalink": "https://news.example.org/2019/the-database",
        "comment_type": "comment",
        "comment_author": QUESTION.author,
        "comment_author_url": "https://ann.example.org",
        "comment_content": QUESTION.body,
        "comment_date_gmt": "2026-11-23T12:30:00Z",
        "is_test": "1",
    }
    ask(Akismet(key=KEY, base=akismet.url, with_email=True), body="x" * 65_000)
    form = akismet.asked[1].form
    assert form["comment_author_email"] == "Ann@Example.org", "where the operator says so"
    assert len(form["comment_content"]) == 32_000
    assert "is_test" not in form


def test_akismet_calls_spam_and_is_certain_only_where_it_says_so(akismet: Service) -> None:
    provider = Akismet(key=KEY, base=akismet.url)
    assert rules(provider, author="akismet-guaranteed-spam") == ["akismet"]
    assert rules(provider, body="blatant") == ["akismet"]
    discarding = Akismet(key=KEY, base=akismet.url, discards=True)
    assert rules(discarding, author="akismet-guaranteed-spam") == ["akismet"]
    assert rules(discarding, body="blatant") == ["akismet-discard"]
    assert RULES.keys() > CERTAIN
    assert "akismet-discard" in CERTAIN
    assert "akismet" not in CERTAIN


def test_a_provisional_answer_is_none_until_it_is_asked_again(akismet: Service) -> None:
    provider = Akismet(key=KEY, base=akismet.url)
    answer = ask(provider, body="look later")
    assert isinstance(answer, Later)
    assert answer.after == timedelta(seconds=120)
    assert isinstance(ask(provider, body="look later", attempt=3), Later), "nobody had answered"
    assert rules(provider, body="look later", attempt=1, postponed=frozenset({"akismet"})) == []
    assert akismet.asked[2].form["recheck_reason"] == "recheck"
    akismet.says = [Said(text="false", headers={"X-akismet-recheck-after": "soon"})]
    assert isinstance(ask(provider), Later), "whatever it says there, it has not made up its mind"


def test_a_refused_key_is_told_in_akismets_words_without_the_key(akismet: Service) -> None:
    wrong = Akismet(key="000000000000", base=akismet.url)
    fault = refused(wrong)
    assert fault.reason == "it refuses the key: No such key: …"
    assert fault.needs_people
    with pytest.raises(Unavailable, match="it refuses the key"):
        wrong.check("https://news.example.org", within=5)
    assert akismet.asked[1].form == {"key": "000000000000", "blog": "https://news.example.org"}
    Akismet(key=KEY, base=akismet.url).check("https://news.example.org", within=5)
    assert "000000000000" not in repr(wrong)


@pytest.mark.parametrize("text", ["", "TRUE", "maybe", "<html>false</html>", "true true", "1"])
def test_what_is_neither_true_nor_false_is_no_answer(akismet: Service, text: str) -> None:
    akismet.says = [Said(text=text, headers={"X-akismet-error": "Try\tagain"})]
    assert refused(Akismet(key=KEY, base=akismet.url)).reason == "it gave no verdict: Try again"


def test_what_akismet_wants_its_customer_to_know_is_told(akismet: Service) -> None:
    alert = {"X-akismet-alert-code": "10011", "X-akismet-alert-msg": f"High usage of {KEY}."}
    akismet.says = [Said(text="false", headers=alert), Said(text="invalid", headers=alert)]
    provider = Akismet(key=KEY, base=akismet.url)
    answer = ask(provider)
    assert isinstance(answer, Answer)
    assert answer.remark == "Akismet warns (10011): High usage of …."
    assert refused(provider).reason.endswith("Akismet warns (10011): High usage of ….")


@pytest.mark.parametrize("label", Label)
def test_akismet_learns_what_a_moderator_decided(akismet: Service, label: Label) -> None:
    provider = Akismet(key=KEY, base=akismet.url)
    provider.tell(label, QUESTION, within=5)
    (request,) = akismet.asked
    assert request.path == f"/1.1/submit-{label}"
    assert request.form["comment_content"] == QUESTION.body
    akismet.says = [Said(text="Invalid")]
    with pytest.raises(Unavailable):
        provider.tell(label, QUESTION, within=5)


# ---------------------------------------------------------------------------------- StopForumSpam


def test_stopforumspam_hears_nothing_but_a_hash(stopforumspam: Service) -> None:
    provider = StopForumSpam(url=f"{stopforumspam.url}/api")
    answer = ask(provider, email=" Spammer@Example.net ")
    assert isinstance(answer, Answer)
    (signal,) = answer.signals
    assert signal.reason == "StopForumSpam lists the e-mail address, 91 times (95 % sure)"
    assert signal.score == pytest.approx(0.95)
    (request,) = stopforumspam.asked
    assert request.path == "/api", "nothing in an address, which would be logged"
    assert set(request.form) == {"emailhash", "json"}
    assert b"ann" not in request.body.lower()

    assert rules(provider, email="shared@example.net") == [], "it is not sure"
    assert rules(provider) == [], "it does not list it, however sure it is"
    assert rules(provider, email="") == []
    assert len(stopforumspam.asked) == 3, "without an address there is nothing to ask"
    assert not provider.learns


@pytest.mark.parametrize(
    "found",
    [
        {}, {"success": 0, "error": "rate limit exceeded"}, {"success": 1}, {"success": "1"},
        {"success": 1, "emailhash": {"value": "x", "error": "invalid hash"}},
        {"success": 1, "emailhash": {"appears": "1", "confidence": 99}},
        {"success": 1, "emailhash": {"appears": 1, "confidence": float("nan")}},
        {"success": 1, "emailhash": {"appears": 1, "confidence": 10**400}},
        {"success": 1, "emailhash": []},
    ],
)  # fmt: skip
def test_what_stopforumspam_does_not_say_is_no_answer(
    stopforumspam: Service, found: dict[str, Any]
) -> None:
    stopforumspam.says = [as_json(**found)]
    assert refused(StopForumSpam(url=stopforumspam.url)).reason.startswith("it gave no verdict")


# ----------------------------------------------------------------------------------------- rspamd


def test_rspamd_reads_a_comment_as_a_mail_without_any_address(rspamd: Service) -> None:
    assert rules(Rspamd(url=rspamd.url)) == []
    (request,) = rspamd.asked
    assert request.path == "/checkv2"
    assert request.headers["settings-id"] == "comments"
    assert "password" not in request.headers
    message = request.message
    assert message["Subject"] == "The database"
    assert message["From"].addresses[0].display_name == "Änn the b Bcc x example.net"
    assert message["From"].addresses[0].addr_spec == "author@comments.invalid"
    assert message["Message-ID"] == "<comment-7@comments.invalid>"
    assert "Bcc" not in message
    assert message.get_content().split() == f"{QUESTION.body} https://ann.example.org".split()
    assert b"ann@example.org" not in request.body.lower()
    assert rules(Rspamd(url=rspamd.url), author="🙂", title="", site="", website="") == []


def test_rspamds_actions_weigh_by_how_sure_it_is_and_its_symbols_are_the_reasons(
    rspamd: Service,
) -> None:
    provider = Rspamd(url=rspamd.url)
    answer = ask(provider, body="pills")
    assert isinstance(answer, Answer)
    (signal,) = answer.signals
    assert signal.reason == "rspamd: reject, 17.5 of 15 points (URIBL_BLACK, BAYES_SPAM)"
    assert signal.rule in CERTAIN
    assert rules(provider, body="watches") == ["rspamd"]
    assert rules(provider, body="soon") == ["rspamd"]
    rspamd.says = [as_json(action="call the police", score=1, required_score=2)]
    assert rules(provider) == ["rspamd"], "an action of the operator's own making holds"


@pytest.mark.parametrize(
    "found",
    [
        {}, {"action": "no action"}, {"action": None, "score": 1, "required_score": 15},
        {"action": "no action", "score": "1", "required_score": 15},
        {"action": "no action", "score": True, "required_score": 15},
        {"is_skipped": True, "action": "no action", "score": 0, "required_score": 15},
        {"error": "out of memory"},
    ],
)  # fmt: skip
def test_what_rspamd_did_not_judge_is_not_judged(rspamd: Service, found: dict[str, Any]) -> None:
    rspamd.says = [as_json(**found)]
    refused(Rspamd(url=rspamd.url))


def test_rspamd_learns_where_it_has_a_password(rspamd: Service) -> None:
    assert not Rspamd(url=rspamd.url).learns
    provider = Rspamd(url=rspamd.url, password=PASSWORD)
    assert provider.learns
    provider.tell(Label.spam, QUESTION, within=5)
    provider.tell(Label.ham, replace(QUESTION, body="It is known."), within=5)
    assert [request.path for request in rspamd.asked] == ["/learnspam", "/learnham"]
    rspamd.says = [as_json(error="no classifier")]
    with pytest.raises(Unavailable, match="it did not learn: no classifier"):
        provider.tell(Label.spam, QUESTION, within=5)
    with pytest.raises(Unavailable, match="answered 401") as caught:
        Rspamd(url=rspamd.url, password="wrong").tell(Label.spam, QUESTION, within=5)
    assert caught.value.needs_people
    assert PASSWORD not in repr(provider)


# --------------------------------------------------------------------------------------- the hook


def test_the_hook_is_signed_and_holds_no_address(judge: Service) -> None:
    provider = Hook(url=f"{judge.url}/verdict?site=news", secret=SECRET)
    assert rules(provider) == [], "204: it has no opinion"
    (request,) = judge.asked
    assert request.path == "/verdict?site=news"
    told = json.loads(request.body)
    assert told["type"] == "comment.screen"
    assert told["data"] == {
        "id": 7,
        "site": "news",
        "page": QUESTION.permalink,
        "title": "The database",
        "kind": "comment",
        "author": QUESTION.author,
        "website": "https://ann.example.org",
        "body": QUESTION.body,
        "language": "fr",
        "created_at": "2026-11-23T12:30:00+00:00",
        "signals": [{"rule": "links", "reason": "3 links", "score": 0.5}],
    }
    assert b"ann@example.org" not in request.body.lower()
    assert not servers.Judge().is_signed(replace(request, body=request.body + b" "))
    later = {**request.headers, "webhook-timestamp": "1"}
    assert not servers.Judge().is_signed(replace(request, headers=later))
    assert SECRET not in repr(provider)

    other = Hook(url=judge.url, secret=SECRET.swapcase().replace("WHSEC", "whsec"))
    assert refused(other).reason == "the server answered 401"
    assert rules(provider) == [], "each request has an identity of its own"


def test_the_hooks_verdict_comes_with_its_reasons(judge: Service) -> None:
    provider = Hook(url=judge.url, secret=SECRET)
    answer = ask(provider, body="nonsense")
    assert isinstance(answer, Answer)
    assert [signal.reason for signal in answer.signals] == [
        "The site’s own service: Sells nonsense",
        "The site’s own service: Again and again",
    ]
    assert {signal.rule for signal in answer.signals} <= CERTAIN
    assert rules(provider, body="hmm") == ["hook"]
    assert rules(provider, body="fine") == [], "no objection is no order to publish"
    judge.says = [as_json(status="spam", reasons=["\ud800 \u202e\x00" + "x" * 999] * 99)]
    answer = ask(provider)
    assert isinstance(answer, Answer)
    assert len(answer.signals) == 10
    assert re.fullmatch(r"The site’s own service: x{199}…", answer.signals[0].reason)


@pytest.mark.parametrize(
    "said",
    [
        as_json(), as_json(status="ham"), as_json(status=["spam"]),
        as_json(status="spam", reasons="x"), as_json(status="spam", reasons=[1]),
        Said(status=202, kind="application/json", text='{"status": "approved"}'),
        Said(kind="application/json", text="[" * 100_000),
        Said(kind="application/json", text="9" * 10_000),
        Said(kind="application/json", text='["approved"]'),
        Said(kind="application/json"), Said(kind="text/html", text='{"status": "approved"}'),
        Said(kind="", text='{"status": "approved"}'),
    ],
)  # fmt: skip
def test_what_is_no_verdict_of_the_hook_is_no_answer(judge: Service, said: Said) -> None:
    judge.says = [said]
    refused(Hook(url=judge.url, secret=SECRET))


# ---------------------------------------------------------------------------------- every provider

EVERY = [
    Akismet(key=KEY),
    StopForumSpam(url="https://europe.stopforumspam.org/api"),
    Rspamd(url="http://rspamd.example", password=PASSWORD),
    Hook(url="http://hook.example", secret=SECRET),
]
# What there is of a comment, as the documents say it.
MARKS = {
    "name": ("author", "Zoe Zander"),
    "website": ("website", "https://zander.example"),
    "comment": ("body", "So many words."),
    "title": ("title", "The headline"),
    "address of the page": ("permalink", "https://paper.example/2019/story"),
    "and of the site": ("blog", "https://www.paper.example"),
    "site’s key": ("site", "the-paper"),
    "number": ("comment_id", 987_654),
    "language": ("language", "x-klingon"),
    "kind": ("kind", "pingback"),
    "what our checks found": ("signals", [Signal(rule="links", reason="Three links")]),
    "time": ("written_at", datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)),
}


@pytest.mark.parametrize("number", range(len(EVERY)))
def test_each_is_sent_what_the_documents_say_and_nothing_else(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def exchange(_line: object, _url: str, body: bytes, headers: dict[str, str]) -> wire.Reply:
        request = Request(path="", headers=headers, body=body)
        is_mail = EVERY[number].name == "rspamd"
        words = request.message.as_string() if is_mail else unquote_plus(body.decode())
        sent.append(f"{words} {headers}")
        raise ConnectionError

    monkeypatch.setattr(wire, "_line", lambda *_, **__: nullcontext())
    monkeypatch.setattr(wire, "_exchange", exchange)
    told = dict(MARKS.values()) | {"email": "zoe@reader.example"}
    refused(EVERY[number], **told)

    title = {"hook": "verdict hook"}.get(EVERY[number].name, EVERY[number].title)
    documents = (PROJECT / "docs" / "operators.md").read_text()
    (row,) = re.findall(rf"^\| {title} \|[^|]+\|([^|]+)\|", documents, re.MULTILINE)
    shown = {**dict(MARKS.values()), "written_at": "12:34:56", "signals": "Three links"}
    found = {words for words, (field, _) in MARKS.items() if str(shown[field]) in sent[0]}
    assert found == {words for words in MARKS if words in row}
    assert ("MD5 hash" in row) is (servers.digest("zoe@reader.example") in sent[0])
    assert "reader.example" not in sent[0]
    assert "is sent" in EVERY[number].sends


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
# Near to what they expect, so that something is found behind the first look.
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "success": st.just(1),
        "emailhash": st.fixed_dictionaries({}, optional={
            "appears": st.sampled_from([0, 1, 2]), "confidence": ANYTHING, "frequency": ANYTHING,
        }) | ANYTHING,
        "action": st.sampled_from(["reject", "no action", "soft reject"]) | ANYTHING,
        "score": st.floats() | ANYTHING, "required_score": st.floats() | ANYTHING,
        "symbols": st.dictionaries(st.text(), st.fixed_dictionaries({"score": ANYTHING})),
        "status": st.sampled_from(["approved", "pending", "spam"]) | ANYTHING,
        "reasons": st.lists(st.text(st.characters())) | ANYTHING,
        "error": ANYTHING,
    },
)  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from([
        "x-akismet-pro-tip", "x-akismet-recheck-after", "x-akismet-debug-help", "x-akismet-error",
        "x-akismet-alert-code", "x-akismet-alert-msg",
    ]),
    st.text(st.characters(max_codepoint=255)),
)  # fmt: skip
BODIES = NEARLY.map(json.dumps).map(str.encode) | st.sampled_from([b"true", b"false"]) | st.binary()


@settings(deadline=None, derandomize=True, database=None)
@given(body=BODIES, headers=HEADERS, number=st.integers(0, 3))
def test_whatever_a_server_says_is_an_answer_or_none_and_can_be_stored_and_shown(
    body: bytes, headers: dict[str, str], number: int
) -> None:
    kind = "text/plain" if number == 0 else "application/json"
    reply = wire.Reply(status=200, headers={"content-type": kind, **headers}, body=body)
    line = patch.object(wire, "_line", lambda *_, **__: nullcontext())
    with line, patch.object(wire, "_exchange", lambda *_: reply):
        try:
            found = ask(EVERY[number], email="spammer@example.net")
        except Unavailable as fault:
            shown = [fault.reason]
        else:
            signals = found.signals if isinstance(found, Answer) else ()
            shown = [signal.reason for signal in signals]
            assert all(0 <= signal.score <= 1 for signal in signals)
    for text in shown:
        assert text.isprintable()
        assert len(text) < 600


# --------------------------------------------------------------------------------------- settings


def test_every_provider_is_off_until_the_operator_says_so() -> None:
    assert switched_on(Settings()) == ()
    settings = load(
        akismet_key=KEY,
        stopforumspam_url="https://europe.stopforumspam.org/api",
        rspamd_url="http://10.0.0.7:11333",
        verdict_url="https://news.example.org/verdict",
        verdict_secret=SECRET,
    )
    found = switched_on(settings)
    assert [provider.name for provider in found] == ["rspamd", "hook", "stopforumspam", "akismet"]
    for provider in found:
        assert re.fullmatch(r"[A-Z].+ is sent .+\.", provider.sends)
    assert "e-mail" not in found[3].sends
    assert "e-mail" in switched_on(load(akismet_key=KEY, akismet_email=True))[0].sends


def test_the_doctor_says_what_is_sent_and_who_does_not_answer_and_keeps_secrets(
    rspamd: Service,
) -> None:
    settings = load(rspamd_url=rspamd.url, rspamd_password=PASSWORD, smtp_url="smtp://mail")
    (remark,) = doctor._remarks(settings)
    assert remark.startswith("The operator’s own rspamd (127.0.0.1) is sent the name")
    assert list(doctor._faults_of_providers(settings)) == []
    rspamd.always(Said(status=500))
    assert list(doctor._faults_of_providers(settings)) == [
        "rspamd cannot be asked: the server answered 500. Comments are held meanwhile."
    ]
    for name in ("akismet_key", "rspamd_password", "verdict_secret"):
        assert doctor._shown(name, "word") == "(set)"


@pytest.mark.parametrize(
    "wrong",
    [
        {"akismet_key": "short"}, {"stopforumspam_url": "http://api.stopforumspam.org/api"},
        {"rspamd_url": "10.0.0.7:11333"}, {"rspamd_url": "http://me:word@10.0.0.7"},
        {"verdict_url": "https://news.example.org/#verdict"}, {"verdict_url": "//news"},
        {"verdict_url": "https://news.example.org:port/verdict", "verdict_secret": SECRET},
        {"verdict_url": "https://news.example.org/verdict"}, {"verdict_secret": "c2hvcnQ="},
        {"verdict_secret": "not base64, and secret"},
    ],
)  # fmt: skip
def test_a_faulty_setting_is_told_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="must ") as caught:
        load(**wrong)
    assert str(caught.value).startswith("WIDGET_")
    assert "and secret" not in str(caught.value)
