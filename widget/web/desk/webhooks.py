"""A site's chat rooms: add, try, change and remove one. Its address is a secret: nobody sees it."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_security import auth_required
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response
from wtforms import Field, StringField
from wtforms.validators import AnyOf, ValidationError

from widget import config, jobs, sanitize
from widget.db import db
from widget.models import Dialect, Role, Site, Telling, Webhook
from widget.moderation import log
from widget.notify import outbox, tellings, webhooks
from widget.queue import enqueue
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old
from widget.web.forms import PlainForm

bp = Blueprint("webhooks", __name__)
bp.register_error_handler(CSRFError, too_old)

# Each held comment is told in all of them.
MAX_ROOMS = 10
_MAX_NAME = 100
DIALECTS = {
    Dialect.slack: "Slack, Mattermost, Rocket.Chat or Zulip",
    Dialect.discord: "Discord",
}
TELLINGS = {
    Telling.at_once: "at once",
    Telling.hourly: "once an hour",
    Telling.daily: f"once a day, at {tellings.ROOM_HOUR} am",
    Telling.never: "never: it is switched off",
}


class RoomForm(FlaskForm):
    """A chat room."""

    needs_url = True

    name = StringField()
    url = StringField(filters=[lambda url: (url or "").strip()])
    dialect = StringField(validators=[AnyOf(list(Dialect))])
    telling = StringField(validators=[AnyOf(list(Telling))])

    def validate_name(self, field: Field) -> None:
        try:
            field.data = sanitize.plain(field.data or "")
        except sanitize.Unacceptable as error:
            raise ValidationError(str(error)) from error
        if not field.data:
            raise ValidationError("Please give the room a name, such as its name in the chat.")
        if len(field.data) > _MAX_NAME:
            raise ValidationError(f"This can have {_MAX_NAME} characters.")

    def validate_url(self, field: Field) -> None:
        if not (field.data or self.needs_url):
            return
        if fault := webhooks.fault_of(config.current(), field.data):
            raise ValidationError(fault)


class KnownRoomForm(RoomForm):
    """A chat room whose address is known: it stays if it is left out."""

    needs_url = False


@bp.get("/sites/<key>/webhooks")
@auth_required("session")
def page(key: str) -> str:
    """All rooms of a site."""
    return _page(gate.site(key, Role.admin))


@bp.post("/sites/<key>/webhooks")
@auth_required("session")
def add(key: str) -> Response | str:
    """Add a room."""
    site = gate.site(key, Role.admin)
    form = RoomForm()
    if not form.validate():
        return _page(site, form)
    if len(_rooms(site)) >= MAX_ROOMS:
        flash(f"A site can have {MAX_ROOMS} chat rooms. Please remove one first.", "error")
        return _back(site)
    room = Webhook(site_id=site.id, url=form.url.data, **_chosen(form))
    db.session.add(room)
    log.write(site.id, signed_in(), "chat room added", room.name, after=_shown(room))
    db.session.commit()
    flash("The room is added. Please send it a test message.", "done")
    return _back(site)


@bp.post("/sites/<key>/webhooks/<int:webhook_id>")
@auth_required("session")
def change(key: str, webhook_id: int) -> Response | str:
    """Change a room; an address that is left out stays."""
    site, room = _room(key, webhook_id)
    form = KnownRoomForm()
    if not form.validate():
        return _page(site, form, of=room)
    before, chosen = _shown(room), _chosen(form)
    room.name, room.dialect = chosen["name"], chosen["dialect"]
    if form.url.data:
        room.url, room.error = form.url.data, ""
    if room.telling is not chosen["telling"]:
        tellings.choose(room, chosen["telling"], site)
    after = _shown(room) | ({"address": "another"} if form.url.data else {})
    log.write(site.id, signed_in(), "chat room changed", room.name, before=before, after=after)
    db.session.commit()
    flash("The room is saved.", "done")
    return _back(site)


@bp.post("/sites/<key>/webhooks/<int:webhook_id>/test")
@auth_required("session")
def test(key: str, webhook_id: int) -> Response:
    """Send a test message; the worker does, so nobody waits for a slow chat here."""
    site, room = _room(key, webhook_id)
    _refuse_strange_form()
    delivery = outbox.test(site.id, room.id)
    log.write(site.id, signed_in(), "chat room tested", room.name)
    db.session.commit()
    enqueue(jobs.deliver, delivery.id)
    flash(
        f"A test message to “{room.name}” is on its way. If it fails, this page will say why.",
        "done",
    )
    return _back(site)


@bp.post("/sites/<key>/webhooks/<int:webhook_id>/remove")
@auth_required("session")
def remove(key: str, webhook_id: int) -> Response:
    """Forget a room and its address."""
    site, room = _room(key, webhook_id)
    _refuse_strange_form()
    log.write(site.id, signed_in(), "chat room removed", room.name, before=_shown(room))
    db.session.delete(room)
    db.session.commit()
    flash(f"“{room.name}” is removed. It hears nothing any more.", "done")
    return _back(site)


def _room(key: str, webhook_id: int) -> tuple[Site, Webhook]:
    site = gate.site(key, Role.admin)
    return site, tellings.room(site.id, webhook_id) or abort(404)


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)


def _rooms(site: Site) -> list[Webhook]:
    rooms = db.select(Webhook).where(Webhook.site_id == site.id)
    return list(db.session.scalars(rooms.order_by(Webhook.name, Webhook.id)))


def _chosen(form: RoomForm) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "dialect": Dialect(str(form.dialect.data)),
        "telling": Telling(str(form.telling.data)),
    }


def _shown(room: Webhook) -> dict[str, Any]:
    """A room as the log knows it: without its address."""
    return {"name": room.name, "dialect": room.dialect.value, "telling": room.telling.value}


def _page(site: Site, form: RoomForm | None = None, of: Webhook | None = None) -> str:
    return render_template(
        "desk/webhooks.html",
        site=site,
        rooms=[(room, urlsplit(room.url).netloc) for room in _rooms(site)],
        dialects=DIALECTS,
        tellings=TELLINGS,
        form=form,
        at_fault=of.id if of else 0,
        most=MAX_ROOMS,
    )


def _back(site: Site) -> Response:
    return redirect(url_for("webhooks.page", key=site.key), code=303)
