"""rspamd: the operator's own filter for mail. A comment is shown to it as a message.

Whom rspamd asks in turn (lists of links and the like) is for its own configuration to say.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

from widget.spam.checks import Signal
from widget.spam.providers import wire
from widget.spam.providers.base import (
    Answer,
    Label,
    Later,
    Provider,
    Question,
    Unavailable,
    number,
    plain,
    quoted,
)

REJECT = "rspamd-reject"
# Nobody's: so that no check of a sender's domain has anything to look at.
_DOMAIN = "comments.invalid"
# rspamd's configuration may name checks to leave out for these messages.
_SETTINGS_ID = "comments"
_SCORES = {
    "reject": 0.95, "discard": 0.95, "quarantine": 0.8, "add header": 0.7, "rewrite subject": 0.7,
    "greylist": 0.4, "soft reject": 0.4,
}  # fmt: skip
_STRONG = {"reject", "discard"}
_MAX_SYMBOLS = 3
_MAX_NAME = 40


@dataclass(frozen=True, kw_only=True)
class Rspamd(Provider):
    """Asks rspamd. With a password it also learns; then `url` is its controller's."""

    name: ClassVar[str] = "rspamd"
    title: ClassVar[str] = "rspamd"

    url: str
    password: str = field(default="", repr=False)

    @property
    def learns(self) -> bool:  # type: ignore[override]
        return bool(self.password)

    @property
    def sends(self) -> str:
        learns = "; and what a moderator decides" if self.password else ""
        return (
            f"The operator’s own rspamd ({urlsplit(self.url).hostname}) is sent the name, website "
            "and comment as typed, the comment’s number, the page’s title, the site’s key and the "
            f"time{learns}. No address of any kind. It may ask public lists about the links, as it "
            "is configured."
        )

    def ask(self, question: Question, *, within: float) -> Answer | Later:
        found = self._post("checkv2", question, within, {"Settings-ID": _SETTINGS_ID}).json()
        if found.get("is_skipped") is True:
            raise Unavailable("it is configured to skip comments", needs_people=True)
        action, score = found.get("action"), number(found.get("score"))
        limit = number(found.get("required_score"))
        if not isinstance(action, str) or score is None or limit is None:
            raise Unavailable("it gave no verdict that could be read")
        if action == "no action":
            return Answer()
        reason = (
            f"rspamd: {self._shown(action, _MAX_NAME)}, {score:.3g} of {limit:.3g} points"
            f"{_in_words(_symbols(found))}"
        )
        rule = REJECT if action in _STRONG else self.name
        # An action of the operator's own making holds.
        signal = Signal(rule=rule, reason=reason, score=_SCORES.get(action, 0.5))
        return Answer(signals=(signal,))

    def tell(self, label: Label, question: Question, *, within: float) -> None:
        reply = self._post(f"learn{label}", question, within, {})
        if reply.status in {HTTPStatus.NO_CONTENT, HTTPStatus.ALREADY_REPORTED}:
            return  # it knew, or has enough of these
        found = reply.json()
        error = str(found.get("error", ""))
        if found.get("success") is not True and "already" not in error:
            raise Unavailable(f"it did not learn: {self._shown(error, 100)}")

    def check(self, blog: str, *, within: float) -> None:
        text = f"From: check@{_DOMAIN}\r\nSubject: check\r\n\r\nNothing of a reader.\r\n".encode()
        url, headers = self._at("checkv2"), self._headers
        wire.post(url, text, headers, within=within, may_be_private=True).json()

    def _post(
        self, what: str, question: Question, within: float, headers: dict[str, str]
    ) -> wire.Reply:
        given = {**self._headers, **headers}
        body = _message(question)
        return wire.post(self._at(what), body, given, within=within, may_be_private=True)

    def _shown(self, text: str, limit: int) -> str:
        return quoted(text.replace(self.password, "…") if self.password else text, limit)

    def _at(self, what: str) -> str:
        return f"{self.url}/{what}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Password": self.password} if self.password else {}


def _message(question: Question) -> bytes:
    """The comment as a mail: what rspamd reads."""
    message = EmailMessage(policy=SMTP)
    # Somebody's name may be anything, and a header may not.
    name = re.sub(r"[^\w .’'-]", " ", plain(question.author, 100)).strip()
    message["From"] = Address(name, "author", _DOMAIN)
    message["To"] = Address("", plain(re.sub(r"[^a-z0-9-]", "", question.site), 64), _DOMAIN)
    message["Subject"] = plain(question.title, 200)
    message["Date"] = question.written_at.astimezone(UTC)
    message["Message-ID"] = f"<comment-{question.comment_id}@{_DOMAIN}>"
    website = f"\n\n{question.website}\n" if question.website else "\n"
    message.set_content(f"{question.body}{website}", charset="utf-8")
    return message.as_bytes()


def _symbols(found: dict[str, Any]) -> list[str]:
    """The names of what weighed most."""
    symbols = found.get("symbols")
    if not isinstance(symbols, dict):
        return []
    scores = {
        name: score
        for name, known in symbols.items()
        if re.fullmatch(rf"[A-Z0-9_]{{1,{_MAX_NAME}}}", name)
        and isinstance(known, dict)
        and (score := number(known.get("score"))) is not None
        and score > 0
    }
    return sorted(scores, key=lambda name: (-scores[name], name))[:_MAX_SYMBOLS]


def _in_words(symbols: list[str]) -> str:
    return f" ({', '.join(symbols)})" if symbols else ""
