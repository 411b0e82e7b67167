"""StopForumSpam: a public list of spammers. It is asked about the hash of an e-mail address.

No name is sent (people share theirs), and no network address (none is stored). For the same reason
nothing is reported there: it takes only reports with all three.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from widget.spam.checks import Signal
from widget.spam.providers import wire
from widget.spam.providers.base import (
    Answer,
    Later,
    Provider,
    Question,
    Unavailable,
    number,
    quoted,
)

# In percent. Below it, somebody else may have used the address.
CONFIDENCE = 50.0
_MOST = 0.95
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, kw_only=True)
class StopForumSpam(Provider):
    """Asks StopForumSpam, or one of its servers in Europe or America."""

    name: ClassVar[str] = "stopforumspam"
    title: ClassVar[str] = "StopForumSpam"

    url: str

    @property
    def sends(self) -> str:
        return (
            f"StopForumSpam ({urlsplit(self.url).hostname}) is sent the MD5 hash of the e-mail "
            "address, and nothing where none was given. Whoever knows an address can tell its hash."
        )

    def has_to_do_with(self, question: Question) -> bool:
        return bool(question.email.strip())

    def ask(self, question: Question, *, within: float) -> Answer | Later:
        address = question.email.strip().lower()
        if not address:
            return Answer()
        digest = hashlib.md5(address.encode(), usedforsecurity=False).hexdigest()
        form = urlencode({"emailhash": digest, "json": "1"})
        found = wire.post(self.url, form.encode(), _FORM, within=within).json()
        if found.get("success") != 1:
            raise Unavailable(f"it gave no verdict: {quoted(str(found.get('error', '')), 100)}")
        return self._judged(_part(found))

    def _judged(self, part: dict[str, Any]) -> Answer:
        if "error" in part:
            raise Unavailable(f"it gave no verdict: {quoted(str(part['error']), 100)}")
        appears, confidence = number(part.get("appears")), number(part.get("confidence", 0))
        if appears not in {0, 1} or confidence is None:
            raise Unavailable("it gave no verdict that could be read")
        # Even what it does not list can have a confidence.
        if not appears or confidence < CONFIDENCE:
            return Answer()
        sure, times = min(confidence, 100), number(part.get("frequency")) or 0
        known = f", {times:.6g} times" if times > 1 else ""
        reason = f"StopForumSpam lists the e-mail address{known} ({sure:.0f} % sure)"
        score = min(sure / 100, _MOST)
        return Answer(signals=(Signal(rule=self.name, reason=reason, score=score),))


def _part(found: dict[str, Any]) -> dict[str, Any]:
    """What was found about the address: under the name that was asked for, or as an e-mail."""
    part = found.get("emailhash", found.get("emailHash", found.get("email")))
    if isinstance(part, list):
        part = part[0] if part else None
    if not isinstance(part, dict):
        raise Unavailable("it gave no verdict that could be read")
    return part
