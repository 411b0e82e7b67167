"""What a site wants done with a screened comment.

What decides, the first that speaks:

1. a rule that bans (trash, then spam);
2. a word of the list for spam; a provider that is certain (spam.providers.CERTAIN);
3. a rule that holds, signals that hold alone or together (Assessment.holding), and shields that
   are up: the comment waits;
4. a rule that trusts its author: it is published;
5. the thread's choice, or else the site's, of who waits without a signal.

So trust never covers for what looks like spam, and no ban is undone by trust.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from widget.models import Effect, Hold, Site, Status
from widget.moderation.filtering import SPAM, UNSURE
from widget.spam import SPAM_WORDS, Assessment
from widget.spam.providers import CERTAIN

# Whose finding alone makes a comment spam.
_CERTAIN = {SPAM_WORDS} | CERTAIN
_BANS = ((Effect.trash, Status.trash), (Effect.spam, Status.spam))


# What Comment.rules says of one that is held without a signal: as the first of its author, because
# its site holds all, because its thread does, or because shields are up.
HELD_FIRST, HELD_ALL, HELD_BY_THREAD = "first", "all", "thread-all"
HELD_BY_SHIELDS = "shields"
HELD = frozenset({HELD_FIRST, HELD_ALL, HELD_BY_THREAD, HELD_BY_SHIELDS})


@dataclass(frozen=True)
class Verdict:
    """Where a comment goes, and why; `token` is one of HELD where no signal holds it."""

    to: Status
    why: str
    token: str = ""

    @property
    def publish(self) -> bool:
        """May readers see it at once?"""
        return self.to is Status.approved


@dataclass(frozen=True)
class Applied:
    """A rule of the site (models.rule) that matches the comment, and what it says, in words."""

    effect: Effect
    words: str


def judge(
    site: Site,
    assessment: Assessment,
    *,
    is_known: bool,
    rules: Sequence[Applied] = (),
    own: Hold | None = None,
    shields_up: bool = False,
) -> Verdict:
    """Decide on an assessment. `is_known`: this commenter's key has an approved comment here.

    `own` is the thread's choice, which counts instead of the site's.
    """
    trusted = _said(rules, Effect.trust)
    decides = site.filter_decides and not is_known and not trusted
    if away := _away(assessment, rules, filter_decides=decides):
        return away
    reasons = [signal.reason for signal in assessment.holding]
    if held := list(dict.fromkeys([*_said(rules, Effect.hold), *reasons])):
        return Verdict(Status.pending, "; ".join(held))
    if shields_up:
        return Verdict(Status.pending, "Shields are up: everything is held", HELD_BY_SHIELDS)
    if trusted:
        return Verdict(Status.approved, "; ".join(trusted))
    if not is_known and (unsure := _found(assessment, {UNSURE})):
        return Verdict(Status.pending, unsure)
    return _without_signal(own or site.hold, is_known=is_known, is_own=own is not None)


def _away(
    assessment: Assessment, rules: Sequence[Applied], *, filter_decides: bool
) -> Verdict | None:
    """Out of sight without a moderator."""
    for effect, to in _BANS:
        if banned := _said(rules, effect):
            return Verdict(to, "; ".join(banned))
    certain = _CERTAIN | {SPAM} if filter_decides else _CERTAIN
    found = _found(assessment, certain)
    return Verdict(Status.spam, found) if found else None


def _found(assessment: Assessment, among: Collection[str]) -> str:
    return "; ".join(signal.reason for signal in assessment.signals if signal.rule in among)


def _said(rules: Sequence[Applied], effect: Effect) -> list[str]:
    return [rule.words for rule in rules if rule.effect is effect]


def _without_signal(hold: Hold, *, is_known: bool, is_own: bool) -> Verdict:
    if hold is Hold.all:
        if is_own:
            return Verdict(
                Status.pending, "Every comment is held under this article", HELD_BY_THREAD
            )
        return Verdict(Status.pending, "Every comment is held on this site", HELD_ALL)
    if hold is Hold.first and not is_known:
        return Verdict(Status.pending, "First comment from this browser", HELD_FIRST)
    known = "This browser has an approved comment"
    return Verdict(Status.approved, known if is_known else "Comments are open")
