"""How often I am told of what waits, at each of my sites."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget.db import db
from widget.models import Membership, Role, Telling
from widget.moderation import log
from widget.notify import tellings
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old
from widget.web.forms import PlainForm

bp = Blueprint("telling", __name__)
bp.register_error_handler(CSRFError, too_old)

# What a moderator can choose, in words.
CHOICES = {
    Telling.at_once: "at once, for each comment",
    Telling.hourly: "once an hour",
    Telling.daily: "once a day",
    Telling.never: "never",
}
_HOURS = range(24)


@bp.get("/account/telling")
@auth_required("session")
def page() -> str:
    """My sites, and what I chose at each."""
    return render_template("desk/telling.html", places=_places(), choices=CHOICES, hours=_hours())


@bp.post("/account/telling")
@auth_required("session")
def choose() -> Response:
    """Choose anew; of a site that the form does not name, nothing changes."""
    if not PlainForm().validate():
        abort(400)
    for place in _places():
        telling = request.form.get(f"telling-{place.site_id}", place.telling.value)
        hour = request.form.get(f"hour-{place.site_id}", place.telling_hour, type=int)
        if telling not in set(Telling) or hour not in _HOURS:
            abort(400)
        _choose(place, Telling(telling), hour)
    db.session.commit()
    flash("Your choice is saved.", "done")
    return redirect(url_for("telling.page"), code=303)


def _choose(place: Membership, telling: Telling, hour: int) -> None:
    before = {"telling": place.telling.value, "hour": place.telling_hour}
    after = {"telling": telling.value, "hour": hour}
    if before == after:
        return
    place.telling_hour = hour
    tellings.choose(place, telling, place.site)
    me = signed_in()
    log.write(place.site_id, me, "telling changed", "mail", before=before, after=after)


def _places() -> list[Membership]:
    """Where I decide: who only looks is not told."""
    return [place for place in gate.memberships() if place.role is not Role.viewer]


def _hours() -> list[tuple[int, str]]:
    return [(hour, f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}") for hour in _HOURS]  # noqa: PLR2004
