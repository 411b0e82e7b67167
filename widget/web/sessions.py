"""Who is signed in where: a row for each browser, looked at with every request of the desk.

The signed cookie alone could not be taken back. So it carries a token, and what counts is the row
that knows the token's hash: once that is ended, the next request is a stranger's.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import user_logged_out
from flask_security import password_changed, password_reset, user_authenticated
from sqlalchemy import select, update
from ua_parser import parse_os, parse_user_agent

from widget.db import db, now, writing_at_last
from widget.models import DeskSession, Moderator
from widget.moderation import people

_TOKEN = "desk"  # noqa: S105 (the name of a field)
# How exactly it is known when a browser was last seen: a write with every request would be dear.
_NOTED_AFTER = timedelta(minutes=1)


class DeskSessions(SecureCookieSessionInterface):
    """Sessions only at the desk.

    Flask-Login looks into the session with every request, and Flask then marks the answer as
    varying by cookie: no cache would keep a thread. Readers have no session at all.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Who is signed in matters at the desk, and on a thread's own page (web.in_place).

        All else is the same for everyone, so nobody looks up whose cookie came with it.
        """
        if not request.path.startswith(("/desk", "/t/")):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie and its Vary header where moderators are; nowhere else."""
        if request.path.startswith("/desk") or "moderates" in g:
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Begin a row at sign-in, look at it with every request, end it at sign-out."""
    manager = app.login_manager  # type: ignore[attr-defined]  # Flask-Login's
    account_of = manager._user_callback  # noqa: SLF001 (Flask-Login hands it out nowhere else)

    def load(uniquifier: str) -> Moderator | None:
        account = account_of(uniquifier)
        return account if account is not None and _still_open(account) else None

    manager.user_loader(load)
    # They know their listeners: the same one twice is one.
    user_authenticated.connect(_begin)
    user_logged_out.connect(_end)
    password_changed.connect(_end_others)
    password_reset.connect(_end_all)
    app.after_request(_note)


def of(account: Moderator) -> list[DeskSession]:
    """The browsers that are signed in to an account, those seen last first."""
    return people.sessions(account, since=_oldest())


def here() -> int | None:
    """The row of the browser that asks."""
    row_id: int | None = g.get("desk_session_id")
    return row_id


def _still_open(account: Moderator) -> bool:
    row = db.session.scalar(
        select(DeskSession).where(
            DeskSession.token_hash == _hash(session.get(_TOKEN, "")),
            DeskSession.moderator_id == account.id,
            DeskSession.ended_at.is_(None),
            DeskSession.seen_at > _oldest(),
        )
    )
    if row is None:
        return False
    g.desk_session_id = row.id
    g.desk_session_is_stale = now() - row.seen_at > _NOTED_AFTER
    return True


def _begin(_app: Flask, *, user: Moderator, **_known: Any) -> None:
    """The caller commits: whoever signs in changes something anyhow."""
    _end_row()
    # “Keep me signed in” makes this very session last; a cookie of its own would outlive the row.
    if session.pop("_remember", None):
        session.permanent = True
    session[_TOKEN] = secrets.token_urlsafe(32)
    people.forget_sessions(user, before=_oldest())
    row = DeskSession(moderator_id=user.id, token_hash=_hash(session[_TOKEN]), browser=_browser())
    db.session.add(row)
    db.session.flush()
    g.desk_session_id = row.id


def _end(_app: Flask, **_known: Any) -> None:
    _end_row()
    session.pop(_TOKEN, None)
    session.permanent = False
    db.session.commit()


def _end_row() -> None:
    if _TOKEN in session:
        db.session.execute(
            update(DeskSession)
            .where(DeskSession.token_hash == _hash(session[_TOKEN]), DeskSession.ended_at.is_(None))
            .values(ended_at=now())
        )


def _end_others(_app: Flask, *, user: Moderator, **_known: Any) -> None:
    people.end_sessions(user, but=here())


def _end_all(_app: Flask, *, user: Moderator, **_known: Any) -> None:
    people.end_sessions(user)


def _note(response: Response) -> Response:
    """Whoever asks was seen just now."""
    if g.pop("desk_session_is_stale", False):
        with writing_at_last():
            db.session.execute(
                update(DeskSession)
                .where(DeskSession.id == g.desk_session_id, DeskSession.ended_at.is_(None))
                .values(seen_at=now())
            )
            db.session.commit()
    return response


def _oldest() -> datetime:
    """Who was not seen since then is signed out: the cookie counts no longer either."""
    return now() - current_app.permanent_session_lifetime


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _browser() -> str:
    """A browser's family and system: enough to know it again, too little to follow it."""
    agent = request.user_agent.string
    browser, system = parse_user_agent(agent), parse_os(agent)
    if browser is None:
        return "a browser"
    return f"{browser.family} on {system.family}" if system else browser.family
