"""Providers: others who may be asked about a comment. Each is off until the operator says so.

None decides: each adds signals, like our own checks. Whoever cannot be asked leaves the signal
`unchecked`, so the comment is held, and is asked again (consulting.Heard.again_at).
"""

from widget.config import Settings
from widget.spam.providers import akismet, hook, rspamd
from widget.spam.providers.akismet import Akismet
from widget.spam.providers.base import (
    Answer,
    Label,
    Later,
    Provider,
    Question,
    Unavailable,
)
from widget.spam.providers.breaker import Breaker, Condition, InMemory, Ledger
from widget.spam.providers.consulting import (
    UNCHECKED,
    Heard,
    consult,
    failed,
    merged,
    not_asked,
    postponed,
    unanswered,
)
from widget.spam.providers.hook import Hook
from widget.spam.providers.questions import about, signals_of
from widget.spam.providers.rspamd import Rspamd
from widget.spam.providers.stopforumspam import StopForumSpam

__all__ = [
    "CERTAIN",
    "RULES",
    "TITLES",
    "UNCHECKED",
    "Akismet",
    "Answer",
    "Breaker",
    "Condition",
    "Heard",
    "Hook",
    "InMemory",
    "Label",
    "Later",
    "Ledger",
    "Provider",
    "Question",
    "Rspamd",
    "StopForumSpam",
    "Unavailable",
    "about",
    "consult",
    "failed",
    "merged",
    "not_asked",
    "postponed",
    "signals_of",
    "switched_on",
    "unanswered",
]
# The rules of signals that are enough to call a comment spam without a moderator: by the
# publisher's own service, by the operator's own rspamd, and by Akismet where the operator says so.
CERTAIN = frozenset({akismet.DISCARD, hook.SPAM, rspamd.REJECT})
# All there are, by their names.
TITLES = {each.name: each.title for each in (Rspamd, Hook, StopForumSpam, Akismet)}
# All their rules, in words for moderators.
RULES = {
    Akismet.name: "Akismet calls it spam",
    akismet.DISCARD: "Akismet is certain",
    StopForumSpam.name: "listed by StopForumSpam",
    Rspamd.name: "rspamd has doubts",
    rspamd.REJECT: "rspamd rejects it",
    Hook.name: "held by the site’s own service",
    hook.SPAM: "spam to the site’s own service",
}


def switched_on(settings: Settings) -> tuple[Provider, ...]:
    """The providers that the operator has switched on: what stays in the house comes first."""
    found: list[Provider] = []
    if settings.rspamd_url:
        found.append(Rspamd(url=settings.rspamd_url, password=settings.rspamd_password))
    if settings.verdict_url:
        found.append(Hook(url=settings.verdict_url, secret=settings.verdict_secret))
    if settings.stopforumspam_url:
        found.append(StopForumSpam(url=settings.stopforumspam_url))
    if settings.akismet_key:
        found.append(
            Akismet(
                key=settings.akismet_key,
                with_email=settings.akismet_email,
                discards=settings.akismet_discard,
                is_test=settings.development,
            )
        )
    return tuple(found)
