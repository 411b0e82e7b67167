"""For how long a form was open is what our script says, and tells no more than it can."""

import pytest

from tests.conftest import Backstage, Reader

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_what_was_sent_at_once_shows_and_is_not_held_for_it(
    ann: Reader, backstage: Backstage
) -> None:
    quick, slow = ann.say("Quickly said.", took="850"), ann.say("Slowly said.", took="45000")
    backstage.screen(quick, slow)
    (signal,) = backstage.comment(quick).signals
    assert (signal["rule"], signal["holds"]) == ("fast", False)
    assert backstage.comment(slow).signals == []


@pytest.mark.parametrize("took", ["", "soon", "-5", "1e3", "9" * 400, "\u0663"])
def test_what_is_no_time_tells_nothing(ann: Reader, backstage: Backstage, took: str) -> None:
    comment_id = ann.say(took=took)
    backstage.screen(comment_id)
    assert "took" not in backstage.comment(comment_id).arrival
    assert backstage.comment(comment_id).signals == []
