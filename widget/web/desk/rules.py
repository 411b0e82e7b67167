"""A site's house rules: one page under the names that publishers know, tried before it is saved."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget.db import db, reading
from widget.models import Role, Site, Status
from widget.moderation import settings, simulation
from widget.moderation.kinds import Unfit, zones
from widget.moderation.settings import SETTINGS
from widget.spam.words import MAX_LINE
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old
from widget.web.forms import PlainForm

bp = Blueprint("rules", __name__)
bp.register_error_handler(CSRFError, too_old)

# Two long lists are more than any other form holds; nginx passes as much (deploy/nginx.conf).
_MAX_REQUEST = 1024 * 1024
# So many of the comments that would go elsewhere are shown.
EXAMPLES = 50
SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("before", "Before a comment appears", ("hold",)),
    ("moderation", "Comment moderation", ("hold_links", "hold_reports", "hold_words")),
    ("disallowed", "Disallowed comments", ("spam_words",)),
    (
        "other",
        "Other comment settings",
        ("require_email", "markdown", "votes", "edit_minutes", "close_after_days"),
    ),
    ("pages", "Threads and pages", ("depth", "page_size", "order", "infinite_scroll")),
    ("trash", "Trash and spam", ("trash_days", "spam_days")),
    ("told", "Who is told what", ("new_telling", "reader_mail", "tell_reasons", "transparent")),
    ("site", "The site", ("name", "origins", "language", "timezone")),
)
# What becomes of a comment, as the outcome of a rule.
ENDS = {
    None: "refused",
    Status.approved: "published at once",
    Status.pending: "held",
    Status.spam: "spam",
    Status.trash: "trash",
}


@dataclass
class Sheet:
    """The page's form: what stands in it, what is wrong with it, what others saved meanwhile."""

    texts: dict[str, str]
    shown: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """What a form carries along, to tell what it is that was changed in it."""
        return " ".join(f"{name}={digest}" for name, digest in self.shown.items())


@bp.url_value_preprocessor
def _make_room(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Ahead of all that reads the form."""
    request.max_content_length = request.max_form_memory_size = _MAX_REQUEST


@bp.get("/sites/<key>/rules")
@auth_required("session")
def page(key: str) -> str:
    """The house rules as they are."""
    site = gate.site(key, Role.admin)
    return _page(site, Sheet(_as_set(site), _digests(_as_set(site))))


@bp.post("/sites/<key>/rules")
@auth_required("session")
def save(key: str) -> Response | str:
    """Save what was changed. What someone else saved meanwhile is not written over unseen."""
    site = gate.site(key, Role.admin)
    sheet = _sent(site)
    now_set = _as_set(site)
    mine = {name for name in sheet.values if _digest(_typed(sheet, name)) != sheet.shown[name]}
    theirs = {name for name in SETTINGS if _digest(now_set[name]) != sheet.shown[name]}
    both = {name for name in mine & theirs if _typed(sheet, name) != now_set[name]}
    both |= theirs & set(sheet.faults)
    if sheet.faults or both:
        for name in theirs - mine - set(sheet.faults):
            sheet.texts[name] = now_set[name]
        sheet.theirs = {name: now_set[name] for name in both}
        sheet.shown = _digests(now_set)
        return _page(site, sheet)
    values = {name: sheet.values[name] for name in mine}
    changed = settings.change(site, values, signed_in())
    db.session.commit()
    words = ", ".join(f"“{setting.label}”" for setting in changed)
    flash(f"Saved: {words}." if changed else "Nothing was changed.", "done")
    if theirs - mine:
        others = ", ".join(f"“{SETTINGS[name].label}”" for name in SETTINGS if name in theirs)
        flash(f"Someone else had changed {others} in the meantime; that stays.", "done")
    return redirect(url_for("rules.page", key=key), code=303)


@bp.post("/sites/<key>/rules/simulate")
@auth_required("session")
def simulate(key: str) -> str:
    """Show what would change; nothing is saved, and what was typed stays."""
    with reading():  # nobody waits for this one to end
        db.session.rollback()
        site = gate.site(key, Role.admin)
        sheet = _sent(site)
        result = None if sheet.faults else simulation.simulate(site, sheet.values)
        return _page(site, sheet, result)


def _sent(site: Site) -> Sheet:
    """The form as it was sent; what it leaves out stays as it is."""
    if not PlainForm().validate():
        abort(400)
    now_set = _as_set(site)
    sent = {name: request.form.getlist(name)[-1] for name in SETTINGS if name in request.form}
    pairs = (pair.partition("=") for pair in request.form.get("shown", "").split())
    shown = {name: digest for name, _, digest in pairs if name in SETTINGS}
    sheet = Sheet({**now_set, **sent}, {**_digests(now_set), **shown})
    for name, typed in sent.items():
        try:
            sheet.values[name] = SETTINGS[name].kind.read(typed)
        except Unfit as error:
            sheet.faults[name] = str(error)
    return sheet


def _typed(sheet: Sheet, name: str) -> str:
    """What was typed, in the form in which it would be shown again."""
    return SETTINGS[name].kind.write(sheet.values[name])


def _as_set(site: Site) -> dict[str, str]:
    return {name: setting.of(site) for name, setting in SETTINGS.items()}


def _digests(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: _digest(text) for name, text in texts.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _page(site: Site, sheet: Sheet, result: simulation.Result | None = None) -> str:
    return render_template(
        "desk/rules.html",
        site=site,
        sections=SECTIONS,
        settings=SETTINGS,
        sheet=sheet,
        zones=sorted(zones() | {site.timezone}),
        max_line=MAX_LINE,
        result=result,
        examples=result.changes[:EXAMPLES] if result else [],
        ends=ENDS,
    )
