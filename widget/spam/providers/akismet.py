"""Akismet: a paid service of Automattic that compares a comment with those of many sites.

It answers in plain text, errors included, with status 200. Anything but `true` and `false` is no
answer, and never counts as harmless.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from widget.spam.checks import Signal
from widget.spam.providers import wire
from widget.spam.providers.base import (
    Answer,
    Label,
    Later,
    Provider,
    Question,
    Unavailable,
    quoted,
)

BASE = "https://rest.akismet.com"
# What it asks for and we do not store: an address that nobody has (RFC 5737).
NO_ADDRESS = "192.0.2.1"
DISCARD = "akismet-discard"
_MAX_BODY = 32_000
_MAX_SAID = 160
_THANKS = "Thanks for making the web a better place."
_SPAM, _CERTAIN = 0.9, 0.98
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_LONGEST_RECHECK = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Akismet(Provider):
    """Asks Akismet. `discards`: what it is certain of goes to spam without a moderator."""

    name: ClassVar[str] = "akismet"
    title: ClassVar[str] = "Akismet"
    learns = True

    key: str = field(repr=False)
    with_email: bool = False
    discards: bool = False
    is_test: bool = False
    base: str = BASE

    @property
    def sends(self) -> str:
        mail = ", the e-mail address" if self.with_email else ""
        return (
            f"Akismet (Automattic, USA) is sent the name, website and comment as typed{mail}, the "
            "time, the page and the site; and, where it erred, what a moderator decides. "
            "No network address and no browser: it gets a placeholder."
        )

    def ask(self, question: Question, *, within: float) -> Answer | Later:
        rechecks = {"recheck_reason": "recheck"} if self.name in question.postponed else {}
        reply = self._post("comment-check", {**self._form(question), **rechecks}, within)
        remark = self._remark(reply)
        if reply.text == "true":
            return Answer(signals=(self._signal(reply),), remark=remark)
        if reply.text != "false":
            raise self._refused(reply)
        after = reply.headers.get("x-akismet-recheck-after", "")
        if not after:
            return Answer(remark=remark)
        seconds = int(after) if re.fullmatch(r"\d{1,9}", after) else 0
        pause = min(max(timedelta(seconds=seconds), timedelta(minutes=1)), _LONGEST_RECHECK)
        return Later(after=pause, why="has not finished: it still looks at what is linked")

    def is_news(self, label: Label, question: Question) -> bool:
        """It wants to be corrected, not confirmed."""
        rules = {signal.rule for signal in question.signals}
        return rules.isdisjoint({self.name, DISCARD}) is (label is Label.spam)

    def tell(self, label: Label, question: Question, *, within: float) -> None:
        reply = self._post(f"submit-{label}", self._form(question), within)
        if reply.text != _THANKS:
            raise self._refused(reply)

    def check(self, blog: str, *, within: float) -> None:
        reply = self._post("verify-key", {"key": self.key, "blog": blog}, within)
        if reply.text != "valid":
            raise self._refused(reply)

    def _form(self, question: Question) -> dict[str, str]:
        form = {
            "api_key": self.key,
            "blog": question.blog,
            "blog_charset": "UTF-8",
            "blog_lang": question.language,
            "user_ip": NO_ADDRESS,
            "permalink": question.permalink,
            "comment_type": question.kind,
            "comment_author": question.author,
            "comment_author_email": question.email if self.with_email else "",
            "comment_author_url": question.website,
            "comment_content": question.body[:_MAX_BODY],
            "comment_date_gmt": f"{question.written_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "is_test": "1" if self.is_test else "",
        }
        return {name: value for name, value in form.items() if value}

    def _post(self, what: str, form: dict[str, str], within: float) -> wire.Reply:
        url = f"{self.base}/1.1/{what}"
        reply = wire.post(url, urlencode(form).encode(), _FORM, within=within)
        reply.must_be("text/plain")
        return reply

    def _signal(self, reply: wire.Reply) -> Signal:
        if reply.headers.get("x-akismet-pro-tip") != "discard":
            return Signal(rule=self.name, reason="Akismet calls it spam", score=_SPAM)
        return Signal(
            rule=DISCARD if self.discards else self.name,
            reason="Akismet is certain that it is spam",
            score=_CERTAIN,
        )

    def _refused(self, reply: wire.Reply) -> Unavailable:
        """Why there is no answer, in its own words where it has some."""
        headers = reply.headers
        said = [headers.get(f"x-akismet-{name}", "") for name in ("error", "debug-help")]
        why = "; ".join(self._shown(text) for text in [*said, self._remark(reply)] if text)
        if reply.text == "invalid":
            why = f"it refuses the key{': ' if why else ''}{why}"
            return Unavailable(why, needs_people=True)
        return Unavailable(f"it gave no verdict{': ' if why else ''}{why}")

    def _remark(self, reply: wire.Reply) -> str:
        """What its maker wants to be told to the customer: a limit, a bill, a key that leaked."""
        code = reply.headers.get("x-akismet-alert-code", "")
        if not code:
            return ""
        message = reply.headers.get("x-akismet-alert-msg", "")
        return f"Akismet warns ({self._shown(code)}): {self._shown(message) or 'without a word'}"

    def _shown(self, text: str) -> str:
        return quoted(text.replace(self.key, "…"), _MAX_SAID)
