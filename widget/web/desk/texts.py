"""A site's texts: replies and reasons for rejecting that moderators use again and again."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget.db import db
from widget.models import Canned, CannedKind, Role, Site
from widget.models.note import MAX_CANNED_TITLE
from widget.moderation import canned
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old
from widget.web.forms import PlainForm

bp = Blueprint("texts", __name__)
bp.register_error_handler(CSRFError, too_old)


@bp.get("/sites/<key>/texts")
@auth_required("session")
def page(key: str) -> str:
    """All texts of a site."""
    return _page(gate.site(key, Role.moderator))


@bp.post("/sites/<key>/texts")
@auth_required("session")
def add(key: str) -> Response | str:
    """Keep a new text."""
    site = gate.site(key, Role.admin)
    _refuse_strange_form()
    kind = request.form.get("kind", "")
    if kind not in set(CannedKind):
        abort(400)
    title, text = _typed()
    try:
        canned.add(site.id, signed_in(), CannedKind(kind), title, text)
    except canned.Faulty as error:
        return _page(site, of=kind, fault=error)
    return _saved(site, "The text is kept.")


@bp.post("/sites/<key>/texts/<int:text_id>")
@auth_required("session")
def change(key: str, text_id: int) -> Response | str:
    """Put a text in other words."""
    site = gate.site(key, Role.admin)
    _refuse_strange_form()
    found = canned.find(site.id, text_id) or abort(404)
    try:
        canned.change(found, signed_in(), *_typed())
    except canned.Faulty as error:
        return _page(site, of=str(text_id), fault=error)
    return _saved(site, "The text is changed.")


@bp.post("/sites/<key>/texts/<int:text_id>/remove")
@auth_required("session")
def remove(key: str, text_id: int) -> Response:
    """Offer a text no more."""
    site = gate.site(key, Role.admin)
    _refuse_strange_form()
    canned.remove(canned.find(site.id, text_id) or abort(404), signed_in())
    return _saved(site, "The text is gone. What was written with it stays.")


def reasons_of(site_id: int) -> list[Canned]:
    """A site's reasons for rejecting; asked for once, however many cards a page has."""
    known: dict[int, list[Canned]] = g.setdefault("reasons", {})
    if site_id not in known:
        known[site_id] = canned.of(site_id, CannedKind.reason)
    return known[site_id]


def _typed() -> tuple[str, str]:
    return request.form.get("title", ""), request.form.get("text", "")


def _saved(site: Site, told: str) -> Response:
    db.session.commit()
    flash(told, "done")
    return redirect(url_for("texts.page", key=site.key), code=303)


def _page(site: Site, *, of: str = "", fault: canned.Faulty | None = None) -> str:
    """`of`: the form that was sent (a new text's kind, or the number of one that is there)."""
    title, text = _typed()
    return render_template(
        "desk/texts.html",
        site=site,
        texts={kind.value: canned.of(site.id, kind) for kind in CannedKind},
        sent={"of": of, "title": title, "text": text},
        fault=fault,
        may_change=gate.may(site.id, Role.admin),
        max_title=MAX_CANNED_TITLE,
        max_text=canned.MAX_TEXT,
    )


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)
