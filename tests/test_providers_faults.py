"""Providers that fail: in every way a fault holds the comment, is told, and passes again."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests import parts
from tests import providers as servers
from tests.chat import closed_port
from tests.providers import SECRET, Said, Service, as_json, serving
from tests.test_providers import QUESTION
from tests.test_webhooks import certificate
from widget.db import now
from widget.spam import Signal
from widget.spam.providers import (
    UNCHECKED,
    Akismet,
    Answer,
    Heard,
    Hook,
    InMemory,
    Later,
    Provider,
    Question,
    StopForumSpam,
    Unavailable,
    breaker,
    consult,
    consulting,
    merged,
    postponed,
    unanswered,
    wire,
)

SHORT = 0.4


@pytest.fixture
def service() -> Iterator[Service]:
    """A publisher's service."""
    with serving(servers.Judge()) as server:
        yield server


def fault_of(url: str, *, within: float = 5.0, may_be_private: bool = True) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        wire.post(url, b"{}", within=within, may_be_private=may_be_private).json()
    return caught.value


# ------------------------------------------------------------------------------- a server's faults


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("silent", "no answer within 0.4 seconds"),
        ("dripping", "no answer within 0.4 seconds"),
        ("endless", "the answer was too long"),
        ("rubbish", "the answer was none of a web server"),
        ("hangs up", "the answer was none of a web server"),
    ],
)
def test_each_fault_of_a_server_has_its_words(service: Service, fault: str, reason: str) -> None:
    service.fault = fault
    within = SHORT if "0.4" in reason else 5.0
    # A server that hangs up may be seen to, or not, before the whole answer was looked for.
    assert fault_of(service.url, within=within).reason in {
        reason,
        "no connection (the server ended it)",
    }
    assert service.written < 100 * wire.MAX_ANSWER


@pytest.mark.parametrize(
    ("status", "is_brief", "needs_people"),
    [
        (500, True, False), (502, True, False), (503, True, False), (408, True, False),
        (429, False, False), (400, False, False), (404, False, False),
        (401, False, True), (402, False, True), (403, False, True),
        (301, False, True), (307, False, True),
    ],
)  # fmt: skip
def test_a_status_says_whether_to_try_again(
    service: Service, status: int, is_brief: bool, needs_people: bool
) -> None:
    service.always(Said(status=status, headers={"Location": "/elsewhere"}))
    fault = fault_of(service.url)
    assert fault.reason.startswith(f"the server answered {status}")
    assert (fault.is_brief, fault.needs_people, fault.pause) == (is_brief, needs_people, None)
    assert len(service.asked) == 1, "no redirect is followed"


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("30", 30, 30), ("999999999", 86_400, 86_400), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 99999999999 07:28:00 GMT", 0, 0),
        (format_datetime(now() + timedelta(minutes=50), usegmt=True), 2000, 3000),
    ],
)  # fmt: skip
def test_a_busy_server_says_how_long_it_wants_to_be_left_alone(
    service: Service, asked: str, least: int, most: int
) -> None:
    service.always(Said(status=429, headers={"Retry-After": asked}))
    pause = fault_of(service.url).pause
    if least or most:
        assert pause is not None
        assert least <= pause.total_seconds() <= most
    else:
        assert not pause


@pytest.mark.usefixtures("reaches_out")
def test_whoever_cannot_be_reached_is_told_from_others(tmp_path: Path) -> None:
    assert fault_of(f"http://127.0.0.1:{closed_port()}").reason.startswith("no connection")
    assert fault_of("http://nobody.invalid/").reason == "the name of the server is not known"
    for url in ("http://127.0.0.1:99999/", "http://[::1/", "http://a..b/"):
        assert fault_of(url).needs_people
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, ["localhost"]))
    with serving(servers.Judge(), context) as secure:
        fault = fault_of(secure.url)
        assert fault.reason.startswith("the server’s certificate is not trusted")
        assert fault.needs_people
        assert secure.asked == []
    with serving(servers.Judge()) as plain:
        assert fault_of(f"https://127.0.0.1:{plain.port}").reason == "no secure connection"


@pytest.mark.usefixtures("reaches_out")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_public_service_is_never_looked_for_in_a_private_network(
    service: Service, host: str
) -> None:
    base = f"http://{host}:{service.port}"
    for provider in (Akismet(key="x" * 12, base=base), StopForumSpam(url=base)):
        with pytest.raises(Unavailable, match="private network"):
            provider.ask(QUESTION, within=5)
    assert service.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1",
        "fd12::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_no_address_near_us_is_a_public_one(address: str) -> None:
    assert not wire.is_public(address)
    assert wire.is_public("1.1.1.1")
    assert wire.is_public("2606:4700::1111")


@pytest.mark.usefixtures("reaches_out")
def test_an_operators_own_service_may_be_near_but_not_where_clouds_keep_secrets() -> None:
    assert wire.may_be_own("10.0.0.7")
    assert wire.may_be_own("::1")
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1"):
        assert not wire.may_be_own(address)
    assert fault_of("http://169.254.169.254/latest").needs_people


def test_a_resolver_that_does_not_answer_costs_no_more_time_than_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(parts.PATIENCE) and [])
    fault = fault_of("http://hook.example/", within=SHORT)
    answers.set()
    assert fault.reason == "no answer within 0.4 seconds"


def test_a_server_whose_certificate_is_trusted_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    monkeypatch.setattr(wire, "_trust", lambda: ssl.create_default_context(cafile=file))
    with serving(servers.Judge(), context) as secure:
        provider = Hook(url=secure.url.replace("127.0.0.1", "localhost"), secret=SECRET)
        assert provider.ask(QUESTION, within=5) == Answer()
        assert "certificate" in fault_of(secure.url).reason, "of another name"


# ------------------------------------------------------------------------------------- one comment


@dataclass
class Scripted(Provider):
    """Says, or raises, one thing after the other, and is content for ever after."""

    name: ClassVar[str] = "scripted"
    title: ClassVar[str] = "Scripted"
    script: list[Any] = field(default_factory=list)
    asked: int = 0
    takes: float = 0.0

    @property
    def sends(self) -> str:
        return "Nobody is sent nothing."

    def ask(self, question: Question, *, within: float) -> Answer | Later:
        self.asked += 1
        time.sleep(self.takes)
        said = self.script.pop(0) if self.script else Answer()
        if isinstance(said, Exception):
            raise said
        assert isinstance(said, Answer | Later)
        return said


SENT = frozenset({Scripted.name})


class Other(Scripted):
    """Another."""

    name = "other"
    title = "Other"


@dataclass
class Clock:
    """The breakers' time, and how long was waited between tries."""

    moment: datetime = field(default_factory=now)
    waited: list[float] = field(default_factory=list)
    ledger: InMemory = field(default_factory=InMemory)

    def now(self) -> datetime:
        return self.moment

    def ask(self, *providers: Provider, seconds: float = 10.0, **told: Any) -> Heard:
        only = told.pop("only", None)
        question = replace(QUESTION, **told)
        return consult(
            providers, question, ledger=self.ledger, seconds=seconds, only=only,
            wait=self.waited.append,
        )  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in (breaker, consulting):
        monkeypatch.setattr(module, "now", found.now)
    return found


BRIEF = Unavailable("it stumbled", is_brief=True)
DOWN = Unavailable("it is down")
SPAM = Answer(signals=(Signal(rule="scripted", reason="It is spam"),))


def test_a_brief_fault_is_tried_again_at_once_and_leaves_no_trace(clock: Clock) -> None:
    provider = Scripted([BRIEF, BRIEF, SPAM])
    heard = clock.ask(provider)
    assert heard == Heard(signals=SPAM.signals, told=SENT)
    assert len(clock.waited) == 2
    assert 0 < clock.waited[0] < clock.waited[1] <= 0.8
    assert clock.ledger.conditions == {}


def test_a_fault_becomes_a_signal_in_words_and_says_when_to_ask_again(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failing, working = Scripted([BRIEF] * 3), Other([SPAM])
    heard = clock.ask(failing, working)
    assert [(signal.rule, signal.span) for signal in heard.signals] == [
        (UNCHECKED, "scripted"), ("scripted", ""),
    ]  # fmt: skip
    assert heard.signals[0].reason == "Scripted could not be asked: it stumbled"
    assert heard.again_at is not None
    assert timedelta(seconds=20) < heard.again_at - clock.moment < timedelta(seconds=40)
    assert unanswered(heard.signals, [failing, working]) == {"scripted"}
    assert "stumbled" not in caplog.text
    assert str(QUESTION.comment_id) in caplog.text

    again = clock.ask(failing, working, only={"scripted"}, attempt=1)
    assert again == Heard(recovered=SENT, told=SENT)
    assert merged(heard.signals, again, {"scripted"}) == SPAM.signals
    assert merged(heard.signals, heard, {"other"}) == (*heard.signals, *heard.signals)
    assert working.asked == 1, "who has answered is not asked again"


def test_a_fault_of_ours_holds_as_well(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    heard = clock.ask(Scripted([ZeroDivisionError("secret words")]), Other())
    (signal,) = heard.signals
    assert signal.reason == (
        "Scripted could not be asked: asking failed (ZeroDivisionError; see the worker’s log)"
    )
    assert heard.again_at is not None
    assert "Traceback" in caplog.text


def test_the_pause_between_two_times_grows_and_ends(clock: Clock) -> None:
    pauses = []
    for attempt in (0, 1, 2, 3, 10, 1000):
        clock.ledger.conditions.clear()
        heard = clock.ask(Scripted([DOWN]), attempt=attempt)
        assert heard.again_at is not None
        pauses.append((heard.again_at - clock.moment).total_seconds())
    assert pauses[:4] == sorted(pauses[:4])
    assert all(700 < pause < 1100 for pause in pauses[4:])


def test_no_comment_takes_longer_than_there_is_time(clock: Clock) -> None:
    slow = [Scripted([DOWN], takes=SHORT), Other([SPAM])]
    heard = clock.ask(*slow, seconds=SHORT + 0.2)
    assert [signal.reason for signal in heard.signals] == [
        "Scripted could not be asked: it is down",
        "Other could not be asked: the others had taken all the time there is",
    ]
    assert slow[1].asked == 0
    assert set(clock.ledger.conditions) == {(1, "scripted")}, "that is no fault of the other"


def test_a_brief_fault_is_not_tried_again_where_there_is_no_time_left(clock: Clock) -> None:
    provider = Scripted([BRIEF] * 3, takes=0.3)
    clock.ask(provider, seconds=0.5)
    assert provider.asked == 1


def test_a_silent_server_costs_one_try(clock: Clock, service: Service) -> None:
    service.fault = "silent"
    heard = clock.ask(Hook(url=service.url, secret=SECRET), seconds=SHORT)
    assert "no answer within" in heard.signals[0].reason
    assert len(service.asked) == 1


def test_who_asks_for_time_is_asked_later_and_in_the_end_people_decide(clock: Clock) -> None:
    later = Later(after=timedelta(minutes=2), why="has not finished")
    heard = clock.ask(Scripted([later]))
    assert heard.again_at == clock.moment + timedelta(minutes=2)
    assert heard.signals[0].rule == UNCHECKED
    assert heard.signals[0].reason == "Scripted has not finished"
    often = {"attempt": consulting.MAX_LATER}
    assert clock.ask(Scripted([later]), **often).again_at, "until now it could not be asked"
    heard = clock.ask(Scripted([later]), **often, postponed=frozenset(postponed(heard.signals)))
    assert heard.again_at is None
    assert heard.signals[0].rule == UNCHECKED, "still held"


# ------------------------------------------------------------------------------------ the breaker


def test_who_fails_three_times_is_left_alone_and_tried_by_one_at_first(clock: Clock) -> None:
    provider = Scripted([DOWN] * 4)
    for _ in range(3):
        clock.ask(provider)
    heard = clock.ask(provider)
    assert provider.asked == 3
    assert heard.signals[0].reason == (
        "Scripted could not be asked: it is left alone for a while after 3 failures, "
        "the last time because it is down"
    )
    condition = clock.ledger.load(1, "scripted")
    assert condition.since == clock.moment
    assert condition.until is not None
    assert heard.again_at is not None
    assert heard.again_at >= condition.until

    first = condition.until - clock.moment
    clock.moment = condition.until
    clock.ask(provider)
    assert provider.asked == 4, "one tries"
    condition = clock.ledger.load(1, "scripted")
    assert condition.until is not None
    assert condition.until - clock.moment > first, "in vain, so the next pause is longer"

    clock.moment = condition.until
    assert clock.ask(provider).recovered == {"scripted"}
    assert clock.ledger.load(1, "scripted") == breaker.Condition()
    assert clock.ask(provider) == Heard(told=SENT)


def test_while_one_tries_the_others_wait(clock: Clock) -> None:
    held = breaker.Breaker(clock.ledger, 1, "scripted")
    for _ in range(3):
        held.failed(DOWN)
    clock.moment += timedelta(minutes=1)
    held.admit()
    with pytest.raises(Unavailable):
        held.admit()
    clock.moment += timedelta(minutes=1)
    held.admit()


def test_each_site_and_provider_has_a_breaker_of_its_own(clock: Clock) -> None:
    for _ in range(3):
        clock.ask(Scripted([DOWN]))
    assert clock.ask(Scripted(), site_id=2) == Heard(told=SENT)
    assert clock.ask(Other()) == Heard(told=frozenset({"other"}))
    assert clock.ask(Scripted()).again_at is not None


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (Unavailable("wait", pause=timedelta(hours=2)), timedelta(hours=2)),
        (Unavailable("no such key", needs_people=True), timedelta(minutes=8)),
    ],
)
def test_a_pause_that_was_asked_for_and_what_people_must_mend_need_no_second_try(
    clock: Clock, fault: Unavailable, least: timedelta
) -> None:
    heard = clock.ask(Scripted([fault]))
    assert heard.again_at is not None
    assert heard.again_at - clock.moment >= least


def test_the_longest_pause_is_ten_minutes_however_long_it_lasts(clock: Clock) -> None:
    held = breaker.Breaker(clock.ledger, 1, "scripted")
    for _ in range(2000):
        held.failed(DOWN)
    until = held.condition.until
    assert until is not None
    assert timedelta(minutes=7) < until - clock.moment <= timedelta(minutes=12)


def test_a_remark_is_kept_until_the_next_answer(clock: Clock) -> None:
    clock.ask(Scripted([Answer(remark="Scripted warns (10011): pay more")]))
    assert clock.ledger.load(1, "scripted").remark == "Scripted warns (10011): pay more"
    clock.ask(Scripted())
    assert clock.ledger.load(1, "scripted").remark == ""


def test_a_service_that_comes_back_answers_what_waited(clock: Clock) -> None:
    port = closed_port()
    provider = Hook(url=f"http://127.0.0.1:{port}", secret=SECRET)
    first = clock.ask(provider, body="nonsense")
    assert unanswered(first.signals, [provider]) == {"hook"}
    assert first.again_at is not None
    clock.moment = first.again_at
    with serving(servers.Judge(), port=port):
        heard = clock.ask(provider, body="nonsense", attempt=1, only={"hook"})
    assert {signal.rule for signal in heard.signals} == {"hook-spam"}
    assert heard.again_at is None
    assert heard.recovered == {"hook"}


@pytest.mark.parametrize(
    "said",
    [
        Said(status=500), Said(kind="text/html", text="<h1>Sign in</h1>"), as_json(status="yes"),
        Said(kind="application/json", text="{"),
    ],
)  # fmt: skip
def test_no_invalid_answer_lets_a_comment_pass(clock: Clock, service: Service, said: Said) -> None:
    service.always(said)
    heard = clock.ask(Hook(url=service.url, secret=SECRET))
    assert [signal.rule for signal in heard.signals] == [UNCHECKED]
    assert heard.again_at is not None


@pytest.mark.usefixtures("reaches_out")
def test_a_name_that_leads_elsewhere_the_second_time_leads_nowhere(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    lookup = socket.getaddrinfo

    def rebound(host: str, port: int, **known: Any) -> Any:
        asked.append(host)
        return lookup("192.0.2.7" if len(asked) == 1 else "127.0.0.1", port, **known)

    monkeypatch.setattr(wire, "is_public", lambda address: address == "192.0.2.7")
    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    provider = Akismet(key="x" * 12, base=f"http://akismet.example:{service.port}")
    with pytest.raises(Unavailable):
        provider.ask(QUESTION, within=SHORT)
    assert asked == ["akismet.example"], "what was looked at is what is connected to"
    assert service.asked == []
