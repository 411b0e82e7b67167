"""What an open page of the queue hears: what is gone from its list, who looks at what, the counts.

It asks every few seconds. Each answer is a look-up of the comments on the page by their numbers,
and counts that stop counting where nobody reads on (moderation.queue).
"""

from collections.abc import Sequence

from flask import Blueprint, abort, jsonify, request
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from werkzeug.wrappers import Response

from widget.db import db, reading
from widget.models import Comment, Decision, Role, Site, Status
from widget.moderation import queue, reports
from widget.web.accounts import signed_in
from widget.web.desk import gate, presence, views, words
from widget.web.desk.answers import wants_json
from widget.web.desk.back import back, too_old
from widget.web.forms import PlainForm

bp = Blueprint("live", __name__)
bp.register_error_handler(CSRFError, too_old)

# More than ever stand on a page.
_MAX_IDS = 200
_MAX_ID = 2**63 - 1
# What a moderator decided stands there, whatever became of it.
_MINE = "mine"
_REPORTED = "reported"


@bp.post("/looking")
@reading()
@auth_required("session")
def looking() -> Response:
    """Say what I look at; without `comment`, at nothing."""
    if not PlainForm().validate():
        abort(400)
    moderator = signed_in()
    comment_id = request.form.get("comment", type=int)
    if comment_id is not None:
        gate.comment(comment_id)  # whoever only looks keeps no card from those who decide
    presence.look(moderator, comment_id)
    if not wants_json():
        return back()
    asked = [] if comment_id is None else [comment_id]
    return jsonify(looked_at=presence.looked_at(asked, moderator))


@bp.get("/changes")
@auth_required("session")
def changes() -> Response:
    """What has changed for the comments on a page: `ids`, and `view` and `site` as in its address.

    Asked by the numbers of the comments, not by those of decisions: whatever was committed late
    is seen all the same.
    """
    moderator = signed_in()
    sites = _sites(queue.sites_of(moderator))
    ids = _ids()
    gone = _gone(sites, ids, request.args.get("view", ""))
    left = [comment_id for comment_id in ids if comment_id not in gone]
    return jsonify(
        gone=[{"id": comment_id, "told": told} for comment_id, told in gone.items()],
        looked_at=presence.looked_at(left, moderator),
        counts=views.counts_shown(sites),
    )


@bp.get("/comments/<int:comment_id>/card")
@auth_required("session")
def current(comment_id: int) -> Response:
    """A comment's line of the list as it is now, nothing where it has left the view."""
    comment = gate.comment(comment_id, Role.viewer)
    back_to = request.args.get("back", "")
    return jsonify(card=card(comment, request.args.get("view", ""), back_to))


def belongs(comment: Comment, view: str) -> bool:
    """Does a comment, as it is now, stand in this view?"""
    return comment.id not in _elsewhere([comment], view)


def card(comment: Comment, view: str, here: str) -> str:
    """Its line of the list; nothing where it does not belong in that view."""
    return views.card_html(comment, view, here) if belongs(comment, view) else ""


def _gone(sites: Sequence[Site], ids: Sequence[int], view: str) -> dict[int, str]:
    """Those that left the view, each with what became of it, in words."""
    found = db.session.scalars(
        select(Comment).where(Comment.site_id.in_([site.id for site in sites]), Comment.id.in_(ids))
    ).all()
    elsewhere = _elsewhere(found, view)
    left = [comment for comment in found if comment.id in elsewhere]
    decisions = queue.last_decisions(left)
    gone = {comment.id: _became(decisions.get(comment.id)) for comment in left}
    here = {comment.id for comment in found}
    return gone | {comment_id: "Removed for good." for comment_id in ids if comment_id not in here}


def _became(decision: Decision | None) -> str:
    if decision is None:
        return "Settled in the meantime."
    return f"{words.decided(decision)} {words.ago(decision.created_at)}."


def _elsewhere(comments: Sequence[Comment], view: str) -> set[int]:
    """Which of these do not stand in a view, by their numbers."""
    if view == _MINE:
        return set()
    if view == _REPORTED:
        still = reports.open_reports(comments)
        return {
            each.id
            for each in comments
            if each.status is not Status.approved or not still.get(each.id)
        }
    return {each.id for each in comments if each.status.value != view}


def _sites(mine: list[Site]) -> list[Site]:
    key = request.args.get("site")
    if not key:
        return mine
    return [site for site in mine if site.key == key] or abort(404)


def _ids() -> list[int]:
    try:
        ids = [int(one) for one in request.args.get("ids", "").split(",") if one]
    except ValueError:
        abort(400)
    if len(ids) > _MAX_IDS or any(not 0 < one <= _MAX_ID for one in ids):
        abort(400)
    return ids
