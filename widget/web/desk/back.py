"""Where a button leads back to, and what happens to one that is too old."""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import flash, redirect, request, url_for
from flask_security import current_user, url_for_security
from flask_security.utils import get_message
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.wrappers import Response

from widget.web.desk.answers import told, wants_json


def back(card: str = "") -> Response:
    """To the page that the button stood in, of the desk or a thread's own; else to the queue.

    What the form says is never followed, only read: whatever host it names, it leads to this one.
    `card` is the id of the element to go to there.
    """
    try:
        parts = urlsplit(request.form.get("back", ""))
    except ValueError:
        return redirect(url_for("desk.home"), code=303)
    if not parts.path.startswith(("/desk/", "/t/")):
        return redirect(url_for("desk.home"), code=303)
    here = parts._replace(scheme="", netloc="", fragment=card or parts.fragment)
    return redirect(here.geturl(), code=303)


def is_it_you(_within: timedelta, _grace: timedelta) -> Response:
    """Before something grave: ask for the password once more, and go on from there."""
    flash(*get_message("REAUTHENTICATION_REQUIRED"))
    wanted = back().location if "back" in request.form else request.full_path.rstrip("?")
    return redirect(url_for_security("verify", next=wanted), code=303)


def too_old(_error: CSRFError) -> Response:
    """A button of a page from an earlier session: ask again, in a fresh page or after sign-in.

    The script of an open page gets what it needs to try again, once somebody is signed in.
    """
    if wants_json():
        if current_user.is_authenticated:
            said = "That page was too old to act on. Nothing was changed; please try again."
            return told(said, HTTPStatus.BAD_REQUEST, csrf_token=generate_csrf())
        return Response(status=HTTPStatus.UNAUTHORIZED)
    if current_user.is_authenticated:
        flash("That page was too old to act on. Nothing was changed; please try again.", "error")
        return back()
    flash("You were signed out in the meantime. Nothing was changed.", "error")
    return redirect(url_for_security("login", next=back().location), code=303)
