"""Pages that a reader's mail or receipt leads to: confirm, unsubscribe, manage, erase.

A link opens a page, and only its button acts: mail scanners follow links. The token in the address
is all that counts; there is no cookie and no session. So a mail program may unsubscribe by itself,
with one POST (RFC 8058).
"""

from collections.abc import Callable

from flask import Blueprint, Flask, Response, make_response, redirect, request

from widget import addresses, config, language
from widget.db import db
from widget.language import gettext as _
from widget.models import Site, Subscription, Thread
from widget.notify import letters, links, subscriptions
from widget.notify.links import BadLink, Purpose, ReaderLink
from widget.privacy import erasure, receipt
from widget.publishing import templates

bp = Blueprint("reader", __name__, url_prefix="/reader")

_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Give templates the filter `receipt`."""
    app.add_template_filter(
        lambda comment: receipt.receipt(config.current(), comment), name="receipt"
    )


@bp.get("/confirm/<token>")
def ask_to_confirm(token: str) -> Response:
    """One button; or that it was pressed already."""
    link, rows = _read(Purpose.confirm, token)
    if all(row.confirmed_at for row in rows):
        return _confirmed(link, rows)
    return _page("confirm", site=rows[0].site, rows=rows, thread=rows[0].thread)


@bp.post("/confirm/<token>")
def confirm(token: str) -> Response:
    """From now on there is mail."""
    link, rows = _read(Purpose.confirm, token)
    subscriptions.confirm(rows)
    # The answer first: after the commit, it would read all of this anew.
    answer = _confirmed(link, rows)
    db.session.commit()
    return answer


@bp.get("/unsubscribe/<token>")
def ask_to_unsubscribe(token: str) -> Response:
    """One button."""
    site, rows = _ending(token)
    if not rows:
        return _no_more_mail(site)
    thread = rows[0].thread if len({row.thread_id for row in rows}) == 1 else None
    return _page("unsubscribe", site=site, thread=thread)


@bp.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """What the button does, and what mail programs do by themselves."""
    site, rows = _ending(token)
    answer = _no_more_mail(site)
    subscriptions.unsubscribe(rows)
    db.session.commit()
    return answer


@bp.get("/manage/<token>")
def manage(token: str) -> Response:
    """All subscriptions of one address at one site."""
    link = links.read_reader(config.current(), Purpose.manage, token)
    site = _site(link)
    rows = subscriptions.behind(config.current(), link)
    _speak(site, rows)
    return _page("manage", site=site, rows=rows, threads=[_place(row.thread) for row in rows])


_CHANGES: dict[str, Callable[[list[Subscription]], None]] = {
    "confirm": subscriptions.confirm,
    "unsubscribe": subscriptions.unsubscribe,
    "daily": lambda rows: subscriptions.set_daily(rows, daily=True),
    "at-once": lambda rows: subscriptions.set_daily(rows, daily=False),
}


@bp.post("/manage/<token>")
def change(token: str) -> Response:
    """Change one of them, or end all; then show what there is now."""
    link = links.read_reader(config.current(), Purpose.manage, token)
    rows = subscriptions.behind(config.current(), link)
    chosen = request.form.get("subscription", "")
    act = _CHANGES.get(request.form.get("change", ""))
    if act:
        act([row for row in rows if chosen in {str(row.id), "all"}])
    db.session.commit()
    return _uncached(redirect(request.path, code=303))  # type: ignore[arg-type]  # werkzeug's


@bp.get("/erase/<token>")
def ask_to_erase(token: str) -> Response:
    """What will happen, and one button."""
    site_id, comment_id = links.read_erasing(config.current(), token)
    comment = erasure.find(site_id, comment_id)
    if comment is None:
        return _gone(_("This comment is gone: nothing of it is stored any more."))
    language.speak(comment.language or comment.site.language, comment.site.words)
    return _page("erase", site=comment.site, comment=comment, thread=comment.thread)


@bp.post("/erase/<token>")
def erase(token: str) -> Response:
    """Erase it; there is no way back."""
    site_id, comment_id = links.read_erasing(config.current(), token)
    comment = erasure.find(site_id, comment_id)
    if comment is None:
        return _gone(_("This comment is gone: nothing of it is stored any more."))
    language.speak(comment.language or comment.site.language, comment.site.words)
    answer = _page(
        "done",
        site=comment.site,
        thread=comment.thread,
        message=_("Your comment is erased."),
        more=_("Nothing of it is stored any more. Copies in backups go when those are deleted."),
    )
    erasure.erase(comment)
    db.session.commit()
    return answer


@bp.errorhandler(BadLink)
def refuse(error: BadLink) -> Response:
    """In words: the link was cut, or is too old."""
    return _gone(str(error))


def _read(purpose: Purpose, token: str) -> tuple[ReaderLink, list[Subscription]]:
    """The link and its rows. Raises BadLink where there are none."""
    link = links.read_reader(config.current(), purpose, token)
    rows = subscriptions.behind(config.current(), link)
    _speak(_site(link), rows)
    if not rows:
        raise BadLink(_("This subscription has ended. You get no mail about it."))
    return link, rows


def _ending(token: str) -> tuple[Site, list[Subscription]]:
    """What a link to unsubscribe is about: a thread's rows, or all of the daily mail."""
    link = links.read_reader(config.current(), Purpose.unsubscribe, token)
    rows = subscriptions.behind(config.current(), link)
    site = _site(link)
    _speak(site, rows)
    return site, [row for row in rows if link.thread_id or row.daily]


def _site(link: ReaderLink) -> Site:
    site = db.session.get(Site, link.site_id)
    if site is None:
        raise BadLink(_("This subscription has ended. You get no mail about it."))
    return site


def _speak(site: Site, rows: list[Subscription]) -> None:
    language.speak((rows[0].language if rows else "") or site.language, site.words)


def _confirmed(link: ReaderLink, rows: list[Subscription]) -> Response:
    manage = links.for_reader(
        config.current(), Purpose.manage, site_id=link.site_id, email=rows[0].email
    )
    return _page(
        "done",
        site=rows[0].site,
        thread=rows[0].thread,
        message=_("You are subscribed."),
        more=_("Each mail has a link that ends it."),
        manage=manage,
    )


def _no_more_mail(site: Site) -> Response:
    return _page(
        "done",
        site=site,
        message=_("You are unsubscribed."),
        more=_("You get no more mail about this discussion."),
    )


def _place(thread: Thread) -> dict[str, str]:
    return {
        "title": letters.title_of(thread),
        "address": addresses.thread(thread.site, thread),
    }


def _page(name: str, *, site: Site, thread: Thread | None = None, **known: object) -> Response:
    place = _place(thread) if thread else None
    return _uncached(
        make_response(templates.render(f"reader/{name}.html", site=site, place=place, **known))
    )


def _gone(message: str) -> Response:
    response = make_response(templates.render("message.html", message=message, status=410), 410)
    return _uncached(response)


def _uncached(response: Response) -> Response:
    """These pages are one reader's: no cache, no referrer, no frame, no search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
