"""Narrowing the queue down: what the address asks for, as chips to take off, and under names."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from werkzeug.wrappers import Response

from widget import sanitize
from widget.db import db
from widget.models import Comment, Moderator, SavedFilter, Site, Status
from widget.models.batch import Together
from widget.models.note import MAX_CANNED_TITLE
from widget.moderation import authors, clusters, filtering, policy, queue
from widget.spam import providers
from widget.web.accounts import signed_in
from widget.web.desk.back import back, too_old
from widget.web.desk.cards import VIEWS
from widget.web.forms import PlainForm

bp = Blueprint("filters", __name__)
bp.register_error_handler(CSRFError, too_old)

MAX_DAYS = 3650
_MAX_SAVED = 50
_MAX_QUERY = 500
_MAX_ID = 2**63 - 1
_DIGITS = 18
# What an address of the queue may ask for.
_NAMES = (
    *("site", "q", "order", "thread", "rule", "lang"),
    *("author", "network", "cluster", "link", "older"),
)  # fmt: skip
# What a comment can be held for, as signals are called, for those who choose from a list.
RULES = {
    policy.HELD_FIRST: "being the first from its browser",
    policy.HELD_ALL: "being on a site that holds all",
    policy.HELD_BY_THREAD: "being under an article that holds all",
    policy.HELD_BY_SHIELDS: "shields that are up",
    "hold-words": "listed words",
    "spam-words": "words listed as spam",
    "links": "links",
    "near-duplicate": "near-duplicates",
    "duplicate": "same text",
    "reported": "reported by readers",
    "banned": "banned",
    "held-rule": "held by a rule",
    "honeypot": "hidden field filled in",
    "form-token": "stale or forged form",
    "nonce": "not sent by our form",
    filtering.SPAM: "looking like spam to the filter",
    filtering.UNSURE: "doubts of the filter",
    "fast": "being sent very fast",
    "rate": "many comments at once",
    "author-record": "what else came from its browser",
    "network-record": "what else came from its network",
    "host-record": "links that were spam before",
    "new-link": "links that are new here",
    "bare-link": "hardly more than a link",
    "disguised-link": "disguised links",
    "hidden-link": "hidden links",
    "look-alike-host": "look-alike addresses",
    "odd-host": "odd addresses",
    "shortener": "shortened links",
    "foreign-markup": "markup of other software",
    "invisible": "invisible characters",
    "mixed-scripts": "words of mixed scripts",
    "repeated": "repeated signs or words",
    "caps": "capitals throughout",
    "language": "another language than its thread",
    "author-ad": "a name that advertises",
    "website-ad": "a website that advertises",
    "praise": "mere praise with a link",
    "selling": "words that sell",
    "work": "work that was not done",
    "unchecked": "a check failed",
    **providers.RULES,
}


def asked() -> dict[str, str]:
    """What this request's address asks for, without what is empty."""
    return {name: value for name in _NAMES if (value := request.args.get(name, "").strip())}


def address(view: str, after: int | None = None, **changed: str) -> str:
    """This page with something changed: another view, another page, one filter more or less.

    Whoever looks at one comment at a time goes on so.
    """
    query = {**asked(), "zen": "1" if "zen" in request.args else "", **changed}
    kept: dict[str, Any] = {name: value for name, value in query.items() if value}
    return url_for("desk.view", status=view, **kept, after=after)


def query(view: str) -> str:
    """What this page shows, as it is kept under a name."""
    return urlencode({"view": view, **asked()})


def chips(view: str, sites: list[Site]) -> list[tuple[str, str]]:
    """Each filter in words, and the address without it."""
    found = asked()
    names = {
        "thread": _thread(found.get("thread", ""), sites),
        "rule": f"held for {RULES.get(found.get('rule', ''), found.get('rule', ''))}",
        "lang": f"written in “{found.get('lang', '')}”",
        "author": f"only by {_author(found.get('author', ''), sites)}",
        "network": "from the same network",
        "cluster": "near-duplicates of each other",
        "link": f"with a link to {found.get('link', '')}",
        "older": f"at least {found.get('older', '')} days old",
        "q": f"search: {found.get('q', '')}",
    }
    on = [(words, name) for name, words in names.items() if name in found]
    return [(words, address(view, None, **{name: ""})) for words, name in on]


@dataclass(frozen=True)
class Whole:
    """What all comments of a page have in common, and how many there are in its view."""

    together: Together
    pattern: str
    number: int


def whole(view: str, site: Site | None) -> Whole | None:
    """A cluster that the page shows, to be acted on as one; None where it shows less, or more."""
    found = asked()
    narrowed = found.keys() - {"site", "order"}
    if site is None or view not in set(Status) or len(narrowed) != 1:
        return None
    (name,) = narrowed
    together, pattern = {
        "cluster": (Together.likeness, found[name]),
        "network": (Together.network, found[name]),
        "link": (Together.link, found[name].lower()),
        "author": (Together.key, found[name].removeprefix("key:")),
    }.get(name, (Together.selection, ""))
    if not clusters.is_sound(together, pattern):
        return None
    number = clusters.count(site.id, together, pattern, statuses=[Status(view)])
    return Whole(together, pattern, number) if number else None


def _thread(number: str, sites: list[Site]) -> str:
    known = int(number) if number.isascii() and number.isdecimal() and len(number) <= _DIGITS else 0
    thread = queue.thread(sites, known)
    return f"under “{thread.title or thread.page}”" if thread else "under one article"


def _author(reference: str, sites: list[Site]) -> str:
    """How an author called themself last, as far as somebody may see it."""
    if not reference:
        return ""
    for site in sites:
        theirs = authors.written_by(site.id, reference)
        name = theirs and db.session.scalar(
            select(Comment.author).where(*theirs).order_by(Comment.status).limit(1)
        )
        if name:
            return f"“{name}”"
    return "one author"


def saved(moderator: Moderator) -> list[SavedFilter]:
    """What somebody gave a name, in its order."""
    return list(
        db.session.scalars(
            select(SavedFilter)
            .where(SavedFilter.moderator_id == moderator.id)
            .order_by(SavedFilter.name, SavedFilter.id)
            .limit(_MAX_SAVED)
        )
    )


@bp.post("/filters")
@auth_required("session")
def save() -> Response:
    """Give what the page shows a name."""
    _refuse_strange_form()
    moderator = signed_in()
    try:
        name = sanitize.plain(request.form.get("name", ""))[:MAX_CANNED_TITLE]
    except sanitize.Unacceptable as error:
        flash(str(error), "error")
        return back()
    query = _kept(request.form.get("query", ""))
    fault = ""
    if not name:
        fault = "Please give the filter a name."
    elif len(query) > _MAX_QUERY:
        fault = "This is too long to be kept."
    elif len(saved(moderator)) >= _MAX_SAVED:
        fault = f"You have {_MAX_SAVED} filters already. Remove one of them first."
    if fault:
        flash(fault, "error")
        return back()
    db.session.add(SavedFilter(moderator_id=moderator.id, name=name, query=query))
    db.session.commit()
    flash(f"Kept as “{name}”.", "done")
    return back()


@bp.get("/filters/<int:filter_id>")
@auth_required("session")
def show(filter_id: int) -> Response:
    """Go to what was kept."""
    query = dict(parse_qsl(_mine(filter_id).query))
    view = query.pop("view", Status.pending.value)
    return redirect(url_for("desk.view", status=view, **query))  # type: ignore[arg-type]


@bp.post("/filters/<int:filter_id>/remove")
@auth_required("session")
def remove(filter_id: int) -> Response:
    """Forget a filter; the comments stay as they are."""
    _refuse_strange_form()
    db.session.delete(_mine(filter_id))
    db.session.commit()
    flash("The filter is removed.", "done")
    return back()


def _mine(filter_id: int) -> SavedFilter:
    found = db.session.scalar(
        select(SavedFilter).where(
            SavedFilter.moderator_id == signed_in().id, SavedFilter.id == min(filter_id, _MAX_ID)
        )
    )
    return found or abort(404)


def _kept(query: str) -> str:
    """Of what a form sent, what an address of the queue may hold; the view is among it."""
    known = dict(parse_qsl(query))
    # What no page of ours would send.
    if known.get("view", Status.pending) not in VIEWS or "\0" in unquote(query):
        abort(400)
    kept = {name: known[name] for name in ("view", *_NAMES) if known.get(name)}
    return urlencode(kept)


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)
