"""Every provider times every fault: from a reader's post to a moderator's card, and back again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import providers as servers
from tests.chat import closed_port
from tests.conftest import Backstage, Reader
from tests.mailroom import Outbox
from tests.pages import OpenDesk, card, cards, press
from tests.providers import KEY, PASSWORD, SECRET, Request, Said, Service, as_json, serving
from tests.test_consulting import Worker, deliver_due, outbox
from tests.test_jobs import bells, rung
from widget import jobs
from widget.db import db
from widget.models import Hold, Move, ProviderState, Status
from widget.spam import providers
from widget.spam.providers import Akismet, Hook, Provider, Rspamd, StopForumSpam, consulting, wire

__all__ = ["bells", "outbox"]
# What a provider's outage does depends on no database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FINE = "A fine report."
IN_ORDER = ("rspamd", "hook", "stopforumspam", "akismet")


@dataclass
class Four:
    """All providers at once, each with its server; some may be away."""

    services: dict[str, Service]
    worker: Worker
    bells: Any
    nobody: str = field(default_factory=lambda: f"http://127.0.0.1:{closed_port()}")
    away: set[str] = field(default_factory=set)
    elsewhere: str = ""

    def switched_on(self, _settings: object = None) -> tuple[Provider, ...]:
        """As the settings would."""
        at = {name: each.url for name, each in self.services.items()}
        at |= dict.fromkeys(self.away, self.nobody)
        return (
            Rspamd(url=at["rspamd"], password=PASSWORD),
            Hook(url=at["hook"], secret=SECRET),
            StopForumSpam(url=at["stopforumspam"]),
            Akismet(key=KEY, base=at["akismet"], with_email=True),
        )

    def fail(self, fault: str) -> None:
        """Each in this way."""
        for name, service in self.services.items():
            text = "text/plain" if name == "akismet" else "application/json"
            match fault:
                case "slow":
                    service.fault = "dripping"
                case "refused":
                    self.away.add(name)
                case "redirect":
                    service.always(Said(status=302, headers={"Location": self.elsewhere}))
                case "500":
                    service.always(Said(status=500))
                case "wrong type":
                    service.always(Said(kind="image/png", text="false"))
                case "huge":
                    service.always(Said(kind=text, text="1" * (wire.MAX_ANSWER + 1)))
                case "invalid":
                    service.always(Said(kind=text, text='{"status": "yes", "success": 1}'))
                case "no UTF-8":
                    service.always(Said(kind=text, text='{"status": "\udcff"}'))

    def recover(self) -> None:
        """All answer again."""
        self.away.clear()
        for service in self.services.values():
            service.fault, service.says = "", []
            service.asked.clear()

    def sweep(self) -> None:
        """Some time later the sweep rings, and a worker comes."""
        self.worker.pass_time()
        rung(self.bells)
        with self.worker.app.app_context():
            jobs.sweep()
        assert rung(self.bells) == [("consult", ())]
        self.worker.consult()

    @property
    def asked(self) -> list[str]:
        """Who was, in the order of the settings."""
        return [name for name in IN_ORDER if self.services[name].asked]


@pytest.fixture
def four(app: Flask, bells: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Four]:
    """All four are on, and well."""
    protocols: dict[str, Callable[[Request], Said]] = {
        "rspamd": servers.rspamd,
        "hook": servers.Judge(),
        "stopforumspam": servers.stopforumspam,
        "akismet": servers.akismet,
    }
    monkeypatch.setattr(wire, "is_public", lambda _: True)
    # Each has time, although all fail; that a try is repeated is tested for one.
    monkeypatch.setattr(consulting, "TRY_SECONDS", 0.3)
    monkeypatch.setattr(consulting, "TRIES", 1)
    with ExitStack() as running:
        known = {name: running.enter_context(serving(how)) for name, how in protocols.items()}
        found = Four(known, Worker(app), bells)
        monkeypatch.setattr(providers, "switched_on", found.switched_on)
        yield found


@pytest.fixture(autouse=True)
def open_site(backstage: Backstage) -> None:
    """Whatever has no signal is published."""
    backstage.set("news", hold=Hold.none)


UNREADABLE = "it gave no verdict that could be read"
NO_STATUS = "its status was none of approved, pending and spam"
FAULTS = {
    "slow": ["no answer within 0.3 seconds"] * 4,
    "refused": ["no connection (nobody takes it at its address)"] * 4,
    "redirect": ["the server answered 302; redirects are not followed"] * 4,
    "500": ["the server answered 500"] * 4,
    "wrong type": ["the answer was of the wrong type (image/png, not "] * 4,
    "huge": ["the answer was too long"] * 4,
    "invalid": [UNREADABLE, NO_STATUS, UNREADABLE, "it gave no verdict"],
    "no UTF-8": ["the answer was not JSON"] * 3 + ["it gave no verdict"],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_holds_the_comment_with_the_reason_on_its_card_until_it_is_mended(
    fault: str,
    ann: Reader,
    backstage: Backstage,
    four: Four,
    desk: OpenDesk,
) -> None:
    with serving(servers.Judge()) as elsewhere:
        four.elsewhere = elsewhere.url
        four.fail(fault)
        backstage.screen(comment_id := ann.say(FINE))
        four.worker.consult()
        assert elsewhere.asked == []
    held = backstage.comment(comment_id)  # which whoever was reached may have read
    assert held.status is Status.pending
    assert held.providers == ([] if fault == "refused" else sorted(IN_ORDER))
    shown = card(max_ := desk("Max"), comment_id).text_content()
    for title, words in zip(providers.TITLES.values(), FAULTS[fault], strict=True):
        assert f"{title} could not be asked: {words}" in shown
    assert "Whoever has not answered is asked again at about" in shown

    four.recover()
    four.sweep()
    assert four.asked == list(IN_ORDER)
    found = backstage.comment(comment_id)
    assert (found.status, found.signals, found.ask_at) == (Status.approved, [], None)
    assert found.providers == sorted(IN_ORDER)
    assert cards(max_.client.get("/desk/pending/")) == []


def test_moderators_decide_without_those_who_do_not_answer_and_nobody_overrules_them(
    ann: Reader,
    backstage: Backstage,
    four: Four,
    desk: OpenDesk,
    outbox: Outbox,
) -> None:
    four.fail("refused")
    good, bad = ann.say("It watches the birds."), ann.say("It watches blatant pills.")
    backstage.screen(good, bad)
    four.worker.consult()
    max_ = desk("Max")
    press(max_, card(max_, good), "Approve")
    press(max_, card(max_, bad), "Spam")
    assert "It watches the birds." in ann.read().text
    four.recover()
    four.worker.pass_time()
    four.worker.consult()
    deliver_due(outbox)
    assert four.asked == [], "nor are they told of what they were never shown"
    assert [backstage.comment(each).status for each in (good, bad)] == [
        Status.approved,
        Status.spam,
    ]


def test_what_one_is_certain_of_is_shown_to_nobody_after_it(
    ann: Reader, backstage: Backstage, four: Four
) -> None:
    backstage.screen(sold := ann.say("Cheap pills."), nonsense := ann.say("Sheer nonsense."))
    four.worker.consult()
    assert backstage.comment(sold).status is Status.spam
    assert backstage.comment(sold).providers == ["rspamd"]
    assert backstage.comment(nonsense).status is Status.spam
    assert backstage.comment(nonsense).providers == ["hook", "rspamd"]
    assert four.asked == ["rspamd", "hook"]


def test_nothing_that_a_server_repeats_betrays_a_reader_or_a_secret(
    ann: Reader,
    backstage: Backstage,
    four: Four,
    outbox: Outbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def repeating(how: Callable[[str], Said]) -> Callable[[Request], Said]:
        def answer(request: Request) -> Said:
            told = [*request.headers.values(), request.body.decode()]
            return how(" ".join(" ".join(told).split()))

        return answer

    for name, how in {
        "rspamd": lambda told: as_json(error=told, action=told, score=1, required_score=2),
        "hook": lambda told: as_json(status="pending", reasons=[told[-200:]]),
        "stopforumspam": lambda told: as_json(success=0, error=told[-90:]),
        "akismet": lambda told: Said(
            text="invalid", headers={"X-akismet-debug-help": told, "X-akismet-error": told[-150:]}
        ),
    }.items():
        four.services[name].protocol = repeating(how)
    backstage.screen(comment_id := ann.say("Write to ann@example.org."))
    four.worker.consult()
    backstage.move(comment_id, Move.spam)
    deliver_due(outbox)
    with four.worker.app.app_context():
        states = [f"{one.reason} {one.remark}" for one in db.session.scalars(select(ProviderState))]
    faults = [row.error for row in outbox.rows()]
    kept = " ".join([str(backstage.comment(comment_id).signals), *states, *faults, caplog.text])
    assert "it refuses the key" in kept
    assert "rspamd could not be told" in kept
    secrets = {"ann@", "ann%40", servers.digest("ann@example.org"), KEY, PASSWORD, SECRET}
    assert {secret for secret in secrets if secret in kept} == set()
