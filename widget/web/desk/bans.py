"""Trust and bans: the rules of a site, what a new one would have caught, and how one ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Blueprint, abort, flash, render_template, request
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget.db import db
from widget.models import Comment, Effect, Match, Role, Rule, Site
from widget.moderation import catches, previews, queue, rules, subjects
from widget.moderation.previews import Preview
from widget.moderation.subjects import Subject
from widget.web.accounts import signed_in
from widget.web.desk import cleaning, gate, whom
from widget.web.desk.back import back, too_old
from widget.web.forms import PlainForm

bp = Blueprint("bans", __name__)
bp.register_error_handler(CSRFError, too_old)

Choice = TypeVar("Choice", Match, Effect)

_FOR_GOOD = "Only an owner or an admin may ban for good. Please choose for how long."
_WHOLE_DOMAIN = "Only an owner or an admin may make a rule on a whole domain."
_NO_EMAILS = (
    "You may not see readers’ e-mail addresses here, so please begin at a comment, under “More”."
)


@dataclass
class _Asked:
    """What the form says, as typed, and what is wrong with it."""

    comment: Comment | None = None
    match: Match = Match.key
    pattern: str = ""
    effect: Effect = Effect.spam
    period: str = "week"
    note: str = ""
    clean: bool = False
    faults: dict[str, str] = field(default_factory=dict)


@bp.get("/sites/<key>/bans")
@auth_required("session")
def page(key: str) -> str:
    """The rules in force, and the form for another one, filled in where a card leads here."""
    site = gate.site(key, Role.moderator)
    asked = _read(site, request.args)
    begun = asked.comment is not None or bool(asked.pattern)
    subject = _subject(site, asked) if begun else None
    return _page(site, asked, subject, preview=bool(subject))


@bp.post("/sites/<key>/bans")
@auth_required("session")
def add(key: str) -> Response | str:
    """Show what a rule would have caught, or make it."""
    site = gate.site(key, Role.moderator)
    _refuse_strange_form()
    asked = _read(site, request.form)
    subject = _subject(site, asked)
    if subject is None or request.form.get("step") != "add":
        return _page(site, asked, subject, preview=bool(subject))
    _refuse_what_is_too_much(site, asked, subject)
    if asked.faults:
        return _page(site, asked, subject, preview=True)
    draft = rules.Draft(subject=subject, effect=asked.effect, period=asked.period, note=asked.note)
    try:
        rule = rules.add(site, signed_in(), draft)
    except rules.Faulty as error:
        db.session.rollback()
        asked.faults["effect"] = str(error)
        return _page(site, asked, subject, preview=True)
    if asked.clean and rule.effect in rules.BANS:
        return cleaning.clean(site, rule, subject)
    db.session.commit()
    flash(f"The rule counts from now on. {whom.until_words(rule)}", "done")
    return back()


@bp.post("/sites/<key>/bans/<int:rule_id>/end")
@auth_required("session")
def end(key: str, rule_id: int) -> Response:
    """Let a rule count no more."""
    site = gate.site(key, Role.moderator)
    _refuse_strange_form()
    rule = rules.find(site.id, rule_id) or abort(404)
    if not who_may_end(site)(rule):
        abort(403, "Only an owner or an admin may end this rule.")
    rules.end(rule, signed_in())
    db.session.commit()
    flash("The rule has ended. What it moved stays where it is.", "done")
    return back()


def who_may_end(site: Site) -> Callable[[Rule], bool]:
    """May I end a rule of this site? Who may make one may end it. Asked once for many rules."""
    is_admin, is_moderator = (gate.may(site.id, role) for role in (Role.admin, Role.moderator))

    def may_end(rule: Rule) -> bool:
        needs_admin = _is_for_good(rule.match, rule.effect, is_endless=rule.until is None)
        needs_admin |= rule.match is Match.domain
        return is_admin if needs_admin else is_moderator

    return may_end


def _read(site: Site, typed: Any) -> _Asked:
    """What the address or the form asks for. What no page of ours would send is refused."""
    # A host that a comment links to is named beside the match: “link spam.example”.
    name, _, host = typed.get("match", "").partition(" ")
    asked = _Asked(
        match=_one_of(Match, name) or Match.link,
        pattern=(host or typed.get("pattern", ""))[:1000],
        effect=_one_of(Effect, typed.get("effect", "")) or Effect.spam,
        period=typed.get("period", "week"),
        note=typed.get("note", ""),
        clean=bool(typed.get("clean")),
    )
    if asked.period not in rules.PERIODS:
        abort(400)
    if typed.get("comment"):
        comment_id = typed.get("comment", 0, type=int)
        asked.comment = queue.find([site], comment_id) or abort(404)
    return asked


def _one_of(kind: type[Choice], name: str) -> Choice | None:
    if not name:
        return None
    return kind(name) if name in set(kind) else abort(400)


def _subject(site: Site, asked: _Asked) -> Subject | None:
    """Whom or what a rule is wanted on; None with a word in `faults` where that is not clear."""
    is_blind = site.id not in gate.sees_emails()
    if is_blind and asked.comment is None and asked.match in {Match.email, Match.domain}:
        asked.faults["pattern"] = _NO_EMAILS
        return None
    try:
        if asked.comment is not None:
            return subjects.of(asked.comment, asked.match, asked.pattern)
        return subjects.typed(site.id, asked.match, asked.pattern)
    except subjects.Unclear as error:
        asked.faults["pattern"] = str(error)
        return None


def _refuse_what_is_too_much(site: Site, asked: _Asked, subject: Subject) -> None:
    """Say what only an admin may do."""
    if gate.may(site.id, Role.admin):
        return
    if subject.match is Match.domain:
        asked.faults["pattern"] = _WHOLE_DOMAIN
    elif _is_for_good(subject.match, asked.effect, is_endless=rules.PERIODS[asked.period] is None):
        asked.faults["period"] = _FOR_GOOD
    elif not all(map(who_may_end(site), rules.about(site.id, subject))):
        asked.faults["effect"] = "There is a rule on this that only an owner or an admin may end."


def _is_for_good(match: Match, effect: Effect, *, is_endless: bool) -> bool:
    return effect in rules.BANS and is_endless and match is not Match.network


def _page(site: Site, asked: _Asked, subject: Subject | None, *, preview: bool) -> str:
    shown: Preview | None = None
    if subject is not None and preview:
        shown = previews.preview(site.id, subject)
    sees = site.id in gate.sees_emails()
    is_link = subject is not None and subject.match is Match.link and asked.comment is not None
    return render_template(
        "desk/bans.html",
        site=site,
        asked=asked,
        subject=subject,
        preview=shown,
        choices=whom.choices(asked.comment) if asked.comment else whom.typed_choices(sees=sees),
        chosen=f"{Match.link.value} {subject.pattern}"
        if subject and is_link
        else asked.match.value,
        in_force=rules.in_force(site.id),
        caught=catches.caught(site.id),
        looked_through=catches.LOOKED_THROUGH,
        networks_change=rules.networks_change(),
        sees_emails=sees,
        is_admin=gate.may(site.id, Role.admin),
        may_end=who_may_end(site),
        counted=previews.COUNTED,
        max_note=rules.MAX_NOTE,
    )


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)
