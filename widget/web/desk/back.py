"""Where a button leads back to, and what happens to one that is too old."""

from urllib.parse import urlsplit

from flask import flash, redirect, request, url_for
from flask_security import current_user, url_for_security
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response


def back(card: str = "") -> Response:
    """To the page of the desk that the button stood in; to the queue where it does not say.

    What the form says is never followed, only read: whatever host it names, it leads to the desk.
    `card` is the id of the element to go to there.
    """
    try:
        parts = urlsplit(request.form.get("back", ""))
    except ValueError:
        return redirect(url_for("desk.home"), code=303)
    if not parts.path.startswith("/desk/"):
        return redirect(url_for("desk.home"), code=303)
    here = parts._replace(scheme="", netloc="", fragment=card or parts.fragment)
    return redirect(here.geturl(), code=303)


def too_old(_error: CSRFError) -> Response:
    """A button of a page from an earlier session: ask again, in a fresh page or after sign-in."""
    if current_user.is_authenticated:
        flash("That page was too old to act on. Nothing was changed; please try again.", "error")
        return back()
    flash("You were signed out in the meantime. Nothing was changed.", "error")
    return redirect(url_for_security("login", next=back().location), code=303)
