"""A site's spam filter: what it knows, how it does, and what another threshold would change."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as BaseResponse

from widget import jobs
from widget.db import db, reading
from widget.models import Comment, Role, Shields, Site, Status
from widget.moderation import learned, reckoning, shields, tuning
from widget.moderation.reckoning import Record
from widget.spam import learning
from widget.spam.evaluation import THRESHOLDS
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old
from widget.web.desk.charts import drawn
from widget.web.desk.filter_words import CHARTS, percent, share, shields_words
from widget.web.forms import PlainForm

bp = Blueprint("filter", __name__)
bp.register_error_handler(CSRFError, too_old)

LATEST = (100, 1000)
# What may be chosen, in percent: nobody calls spam what is as likely none.
LOWEST, HIGHEST = 50, 100
# So many of the comments that went wrong are shown of each kind.
EXAMPLES = 30
_DIGITS = 2
_PERCENT = 100


@dataclass(frozen=True)
class Sheet:
    """The form of the threshold: as it is set, or as it was sent; `own`: not the filter's own."""

    decides: bool
    own: bool
    typed: str = ""
    spam_from: float | None = None
    fault: str = ""

    @property
    def slid(self) -> str:
        """Where the slider stands."""
        return f"{HIGHEST if self.spam_from is None else self.spam_from:g}"


@bp.get("/sites/<key>/filter")
@auth_required("session")
def page(key: str) -> str:
    """How the filter does; `?of=100` says among how many comments."""
    return _page(gate.site(key))


@bp.get("/sites/<key>/filter/<figure>.svg")
@auth_required("session")
def picture(key: str, figure: str) -> Response:
    """One chart; `?narrow=1` is for phones."""
    site = gate.site(key)
    make = CHARTS.get(figure) or abort(HTTPStatus.NOT_FOUND)
    return drawn(make(learned.evidence(site), learning.state(site)))


@bp.post("/sites/<key>/filter/try")
@auth_required("session")
def simulate(key: str) -> str:
    """Show what a threshold would have changed; nothing is saved, and what was typed stays."""
    with reading():  # nobody waits for this one to end
        db.session.rollback()
        site = gate.site(key, Role.moderator)
        return _page(site, _sent())


@bp.post("/sites/<key>/filter")
@auth_required("session")
def save(key: str) -> BaseResponse | str:
    """From when on something is called spam, and whether it goes there by itself."""
    site = gate.site(key, Role.admin)
    sheet = _sent()
    if sheet.fault:
        return _page(site, sheet)
    changed = tuning.tune(
        site, signed_in(), decides=sheet.decides, spam_from=sheet.spam_from if sheet.own else None
    )
    return _done(site, "Saved. It counts for comments from now on." if changed else _UNCHANGED)


@bp.post("/sites/<key>/filter/shields")
@auth_required("session")
def raise_or_lower(key: str) -> BaseResponse:
    """Raise, lower or free the shields."""
    site = gate.site(key, Role.moderator)
    _refuse_strange_form()
    chosen = request.form.get("shields", "")
    if chosen not in set(Shields):
        abort(HTTPStatus.BAD_REQUEST)
    changed = tuning.set_shields(site, signed_in(), Shields(chosen))
    return _done(site, f"Shields: {shields_words(site)}" if changed else _UNCHANGED)


@bp.post("/sites/<key>/filter/learn")
@auth_required("session")
def learn(key: str) -> BaseResponse:
    """Have it learn now, before its time."""
    site = gate.site(key, Role.admin)
    _refuse_strange_form()
    tuning.note_taught(site, signed_in())
    db.session.commit()
    if not jobs.let_learn(site.id):
        flash("The queue cannot be reached now. It will learn in its own time.", "error")
        return redirect(url_for("filter.page", key=site.key), code=303)
    return _done(site, "It learns now. Come back to this page in a minute.")


@bp.post("/sites/<key>/filter/forget")
@auth_required("session")
def forget(key: str) -> BaseResponse:
    """Forget all that was learned, and learn it anew."""
    site = gate.site(key, Role.admin)
    _refuse_strange_form()
    if not request.form.get("sure"):
        flash("Nothing was forgotten: please tick that you are sure.", "error")
        return redirect(url_for("filter.page", key=site.key), code=303)
    learning.forget(site)
    tuning.note_forgotten(site, signed_in())
    db.session.commit()
    jobs.let_learn(site.id)
    return _done(site, "It has forgotten everything, and learns anew from what is decided here.")


_UNCHANGED = "Nothing was changed."


def _done(site: Site, words: str) -> BaseResponse:
    db.session.commit()
    flash(words, "done")
    return redirect(url_for("filter.page", key=site.key), code=303)


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(HTTPStatus.BAD_REQUEST)


def _sent() -> Sheet:
    """The form as it was sent. Without script, the slider and the number do not move together."""
    _refuse_strange_form()
    sent = request.form
    typed = sent.get("from", "").strip()
    if typed == sent.get("was", "") and sent.get("slider", typed) != sent.get("slid", ""):
        typed = sent.get("slider", typed)
    decides, own = bool(sent.get("decides")), sent.get("how") == "own"
    try:
        value = round(float(typed.replace(",", ".").removesuffix("%")), _DIGITS)
    except ValueError:
        value = -1.0
    if LOWEST <= value <= HIGHEST:
        return Sheet(decides, own, typed, value)
    fault = f"Please enter a number from {LOWEST} to {HIGHEST}." if own else ""
    return Sheet(decides, own, typed, fault=fault)


def _as_set(site: Site, automatic: float | None) -> Sheet:
    number = site.spam_from
    if number is None and automatic is not None:
        number = round(_PERCENT * automatic, _DIGITS)
    typed = "" if number is None else f"{number:g}"
    return Sheet(site.filter_decides, site.spam_from is not None, typed, number)


def _page(site: Site, sent: Sheet | None = None) -> str:
    state, evidence = learning.state(site), learned.evidence(site)
    automatic = state.spam_at
    sheet = sent or _as_set(site, automatic)
    in_force = automatic if site.spam_from is None else site.spam_from / _PERCENT
    asked = sheet.spam_from / _PERCENT if sheet.own and sheet.spam_from else automatic
    record = reckoning.record(site, latest := _latest())
    return render_template(
        "desk/filter.html",
        site=site,
        may_change=gate.may(site.id, Role.admin),
        may_decide=gate.may(site.id, Role.moderator),
        state=state,
        evidence=evidence,
        words=learning.telling(site),
        record=record,
        turned=_turned(site, record),
        latest=latest,
        ranges=LATEST,
        sheet=sheet,
        automatic=automatic,
        now_set=None if in_force is None else evidence.at(in_force),
        tried=None if not sent or sheet.fault or asked is None else evidence.at(asked),
        ladder=[evidence.at(each) for each in THRESHOLDS],
        limits=(LOWEST, HIGHEST),
        many=EXAMPLES,
        charts=[make(evidence, state) for make in CHARTS.values()],
        source=partial(_source, site),
        shields=Shields,
        shields_up=shields.are_up(site),
        shields_words=shields_words(site),
        statuses=Status,
        share=share,
        percent=percent,
    )


def _source(site: Site, *, name: str, narrow: int | None = None, **_: object) -> str:
    return url_for("filter.picture", key=site.key, figure=name, narrow=narrow)


def _latest() -> int:
    asked = request.args.get("of", LATEST[-1], type=int)
    return asked if asked in LATEST else LATEST[-1]


def _turned(site: Site, record: Record) -> dict[Status, list[Comment]]:
    """The latest that a moderator saw otherwise than the machine."""
    ways = (Status.spam, Status.approved)
    return {way: reckoning.comments(site, record.turned(way)[:EXAMPLES]) for way in ways}
