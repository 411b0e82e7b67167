"""What a site wants done with a comment: WordPress's start, all held, or all open."""

import pytest

from widget.models import Hold, Site
from widget.moderation.policy import judge
from widget.spam import Assessment, Signal

CLEAN = Assessment()
SUSPECT = Assessment(
    (
        Signal(rule="links", reason="2 links"),
        Signal(rule="listed-word", reason="Contains “casino”", score=0.01),
    )
)


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
    assert verdict.why


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("is_known", [False, True])
def test_any_signal_holds_and_all_are_told(hold: Hold, is_known: bool) -> None:
    verdict = judge(Site(hold=hold), SUSPECT, is_known=is_known)
    assert not verdict.publish
    assert verdict.why == "2 links; Contains “casino”"
