"""The clean-up after a ban: what it would have caught goes where it would have gone."""

from flask import flash, url_for
from werkzeug.wrappers import Response

from widget.models import Effect, Move, Rule, Site, Together
from widget.moderation import batches, previews
from widget.moderation.subjects import Subject
from widget.web.accounts import signed_in
from widget.web.desk import batch_words
from widget.web.desk.back import back
from widget.web.desk.batches import work

_MOVES = {Effect.spam: Move.spam, Effect.trash: Move.trash}


def clean(site: Site, rule: Rule, subject: Subject) -> Response:
    """Commit a new ban together with the batch that moves what is in sight; begin to move.

    The decisions carry no reason: their authors could read it (Site.tell_reasons).
    """
    batch = batches.begin(
        site,
        signed_in(),
        _MOVES[rule.effect],
        together=Together(subject.match.value),
        pattern=subject.sought,
        among=previews.IN_SIGHT,
    )
    work(batch)
    flash(
        f"The rule counts from now on. {batch_words.told(batch)}",
        "undo:" + url_for("batches.undo", batch_id=batch.id),
    )
    return back()
