"""What a site wants done with a comment: WordPress's start, all held, all open, and its rules."""

import pytest

from widget.models import Effect, Hold, Site, Status
from widget.moderation.policy import Applied, judge
from widget.spam import Assessment, Signal

CLEAN = Assessment()
SUSPECT = Assessment(
    (
        Signal(rule="links", reason="2 links"),
        Signal(rule="hold-words", reason="Contains “casino”", score=0.01),
    )
)
SPAM = Assessment((*SUSPECT.signals, Signal(rule="spam-words", reason="Contains “viagra”")))
TRUSTED = Applied(Effect.trust, "Its author is trusted")
HELD = Applied(Effect.hold, "This network is held")
SPAMMED = Applied(Effect.spam, "This host is spam")
BANNED = Applied(Effect.trash, "This browser is banned")


def test_a_new_site_holds_the_first_comment_of_a_key() -> None:
    assert Site.__table__.c.hold.default.arg is Hold.first


@pytest.mark.parametrize(
    ("hold", "is_known", "publish"),
    [
        (Hold.first, False, False),
        (Hold.first, True, True),
        (Hold.all, False, False),
        (Hold.all, True, False),
        (Hold.none, False, True),
        (Hold.none, True, True),
    ],
)
def test_without_a_signal_the_sites_choice_decides(
    hold: Hold, is_known: bool, publish: bool
) -> None:
    verdict = judge(Site(hold=hold), CLEAN, is_known=is_known)
    assert verdict.publish is publish
    assert verdict.to is (Status.approved if publish else Status.pending)
    assert verdict.why


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("is_known", [False, True])
def test_any_signal_holds_and_all_are_told(hold: Hold, is_known: bool) -> None:
    verdict = judge(Site(hold=hold), SUSPECT, is_known=is_known)
    assert verdict.to is Status.pending
    assert verdict.why == "2 links; Contains “casino”"


@pytest.mark.parametrize(
    ("assessment", "rules", "to", "why"),
    [
        (CLEAN, [TRUSTED], Status.approved, "Its author is trusted"),
        (SUSPECT, [TRUSTED], Status.pending, "2 links; Contains “casino”"),
        (CLEAN, [TRUSTED, HELD], Status.pending, "This network is held"),
        (SUSPECT, [HELD], Status.pending, "This network is held; 2 links; Contains “casino”"),
        (SPAM, [TRUSTED, HELD], Status.spam, "Contains “viagra”"),
        (CLEAN, [TRUSTED, SPAMMED], Status.spam, "This host is spam"),
        (SPAM, [SPAMMED, BANNED], Status.trash, "This browser is banned"),
    ],
)
@pytest.mark.parametrize("own", [None, *Hold])
def test_bans_come_before_words_words_before_holds_and_trust_covers_for_nothing(
    assessment: Assessment, rules: list[Applied], to: Status, why: str, own: Hold | None
) -> None:
    verdict = judge(Site(hold=Hold.all), assessment, is_known=False, rules=rules, own=own)
    assert (verdict.to, verdict.why) == (to, why)
