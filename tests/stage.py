"""Where moves are played, without the desk: each as one request would, and what is left of it."""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from widget.db import db, writing
from widget.models import Comment, Decision, Move, Status, Thread, Via
from widget.moderation import moves

DESK = moves.By(via=Via.desk)


@dataclass
class Stage:
    """A place to play moves and to look at the rows."""

    app: Flask

    def play(self, comment_id: int, *played: Move, expected: Status | None = None) -> int:
        """Play moves; returns the last decision's id."""
        for what in played:
            with self.app.app_context(), writing():
                comment = db.session.get_one(Comment, comment_id)
                decision_id = moves.move(comment, what, DESK, expected=expected).id
                db.session.commit()
        return decision_id

    def undo(self, decision_id: int) -> int:
        """Undo a decision; returns the decision that did."""
        with self.app.app_context(), writing():
            undone = moves.undo(db.session.get_one(Decision, decision_id), DESK).id
            db.session.commit()
            return undone

    def status(self, comment_id: int) -> Status:
        """A comment's status."""
        with self.app.app_context():
            return db.session.get_one(Comment, comment_id).status

    def shown(self, *comment_ids: int) -> list[bool]:
        """Which of these have a place on the page?"""
        with self.app.app_context():
            return [db.session.get_one(Comment, comment_id).shown for comment_id in comment_ids]

    def thread(self) -> Thread:
        """The only thread there is."""
        with self.app.app_context():
            return db.session.scalars(select(Thread)).one()

    def decisions(self) -> list[Decision]:
        """All decisions, in order."""
        with self.app.app_context():
            return list(db.session.scalars(select(Decision).order_by(Decision.id)))
