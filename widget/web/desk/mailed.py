"""Deciding from a mail: the link opens a page that asks; only its POST acts."""

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from widget import config, jobs
from widget.db import db
from widget.models import Comment, Moderator, Move, Status, Via
from widget.moderation import moves, queue
from widget.notify import links
from widget.web.desk.unseen import Unseen, refuse_unseen

bp = Blueprint("mailed", __name__)


@bp.get("/decide/<token>")
def ask(token: str) -> Response:
    """Show the comment and one button."""
    try:
        mailed, comment, moderator = _read(token)
    except links.BadLink as error:
        return _gone(error)
    return _page(comment, mailed.move, moderator, decided=comment.status is not Status.pending)


@bp.post("/decide/<token>")
def act(token: str) -> Response:
    """Do what the link stands for, if the comment still waits."""
    try:
        mailed, comment, moderator = _read(token)
    except links.BadLink as error:
        return _gone(error)
    by = moves.By(via=Via.mail, moderator=moderator)
    try:
        refuse_unseen(comment)
        moves.move(comment, mailed.move, by, expected=Status.pending)
    except Unseen:
        db.session.rollback()
        return _page(comment, mailed.move, moderator, status=409)
    except moves.Gone as error:
        db.session.rollback()
        return _gone(links.BadLink(str(error)))
    except moves.IllegalMove:
        db.session.rollback()
        return _page(comment, mailed.move, moderator, decided=True, status=409)
    db.session.commit()
    jobs.ring()
    return _page(comment, mailed.move, moderator, done=True)


def _read(token: str) -> tuple[links.MailedMove, Comment, Moderator]:
    """Raises BadLink, also where the moderator has lost the site since."""
    mailed = links.read(config.current(), token)
    moderator = db.session.get(Moderator, mailed.moderator_id)
    if moderator is None or not moderator.active:
        raise links.BadLink("This link belongs to an account that is closed.")
    comment = queue.find(queue.sites_of(moderator, deciding=True), mailed.comment_id)
    if comment is None:
        raise links.BadLink("This comment is no longer here.")
    return mailed, comment, moderator


def _page(
    comment: Comment,
    move: Move,
    moderator: Moderator,
    *,
    decided: bool = False,
    done: bool = False,
    status: int = 200,
) -> Response:
    html = render_template(
        "desk/decide.html",
        comment=comment,
        move=move,
        moderator=moderator,
        decided=decided,
        done=done,
        decision=queue.last_decisions([comment]).get(comment.id),
    )
    return make_response(html, status)


def _gone(error: links.BadLink) -> Response:
    html = render_template("desk/message.html", message=str(error), status=410)
    return make_response(html, 410)
