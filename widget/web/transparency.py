"""What a site does with comments, in figures, for everybody: /t/SITE/transparency.

Counted up to the last midnight: the page is the same all day, costs nothing to show again, and
tells no one what is being decided just now. It names nobody, and no small number of a reason.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from threading import Lock
from typing import cast

from flask import Blueprint, Response, abort, current_app, request

from widget import language
from widget.db import now
from widget.language import N_, ngettext
from widget.language import gettext as _
from widget.models import Site, Status
from widget.moderation import figures, filtering, policy
from widget.moderation.figures import Span
from widget.publishing import templates
from widget.spam import providers
from widget.web import edge, origin
from widget.web.dates import zone_of

bp = Blueprint("transparency", __name__)

PERIODS = (30, 365)
# A reason with fewer comments is not counted out: it could point at somebody.
FEWEST = 5
# However many ask at once, one counts: it reads a year.
_COUNTING = Lock()
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
_LISTED = N_("They contained a word that the site lists.")
_COPIED = N_("The same text had been posted elsewhere on the site.")
_STRANGE = N_("They did not come from the site’s own form, or that had been open for days.")
_PROGRAM = N_("They looked as if a program had sent them.")
_LINKED = N_("They had links such as spam has.")
_WRITTEN = N_("They were written in an unusual way.")
_SELLING = N_("They looked like advertising.")
_KNOWN = N_("Spam had come from the same place, or many comments at once.")
_LEARNED = N_("They looked like spam to a filter that learns from the site’s moderators.")
_FLOODED = N_("So much spam was coming in that all comments were looked at beforehand.")
_REASONS = {
    "": N_("The site looks at all comments, or at the first ones of new readers, beforehand."),
    policy.HELD_BY_SHIELDS: _FLOODED,
    "honeypot": _PROGRAM,
    "form-token": _STRANGE,
    "nonce": _STRANGE,
    "work": _PROGRAM,
    "fast": _PROGRAM,
    "links": N_("They had many links."),
    **dict.fromkeys(
        (
            *("bare-link", "disguised-link", "hidden-link", "host-record"),
            *("look-alike-host", "new-link", "odd-host", "shortener"),
        ),
        _LINKED,
    ),
    **dict.fromkeys(
        ("caps", "foreign-markup", "invisible", "language", "mixed-scripts", "repeated"), _WRITTEN
    ),
    **dict.fromkeys(("author-ad", "praise", "selling", "website-ad"), _SELLING),
    **dict.fromkeys(("author-record", "network-record", "rate"), _KNOWN),
    **dict.fromkeys((filtering.SPAM, filtering.UNSURE), _LEARNED),
    "hold-words": _LISTED,
    "spam-words": _LISTED,
    "duplicate": _COPIED,
    "near-duplicate": _COPIED,
    "banned": N_("The site takes no comments from where they came."),
    "held-rule": N_("The site looks at what comes from there beforehand."),
    "unchecked": N_("A check could not be made."),
    **dict.fromkeys(
        providers.RULES, N_("Another service, which the site asks, had found something.")
    ),
    "reported": N_("Readers had reported them."),
}
_OTHER = N_("Another check of the site had found something.")


@dataclass(frozen=True)
class Period:
    """Some days in figures."""

    days: int
    received: int
    statuses: Counter[Status]
    held: int
    median: float | None
    by_people: int
    by_rules: int
    reasons: Counter[str]
    rejections: Counter[str]


@bp.get("/t/<key>/transparency")
def page(key: str) -> Response:
    """The figures of a site that shows them."""
    site = origin.site_or_404(key)
    if not site.transparent:
        abort(HTTPStatus.NOT_FOUND)
    periods = _counted(site)
    html = templates.render(
        "transparency.html",
        site=site,
        periods=periods,
        statuses=Status,
        # The last period holds the others.
        reasons=[each for each, _count in periods[-1].reasons.most_common()],
        rejections=[each for each, _count in periods[-1].rejections.most_common()],
        few=_few,
        lasting=_lasting,
    )
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["Cache-Control"] = edge.CACHE_CONTROL
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.add_etag(weak=True)
    return cast("Response", response.make_conditional(request))


def _counted(site: Site) -> list[Period]:
    """All periods; counted once a day by each process."""
    yesterday = now() - timedelta(days=1)
    spans = [Span.until(yesterday, days, zone_of(site.timezone)) for days in PERIODS]
    known = current_app.extensions.setdefault("transparency", {})
    made_for = (site.timezone, spans[0].first)
    with _COUNTING:
        if known.get(site.id, ("", None))[0] != made_for:
            known[site.id] = (made_for, [_period(site, span) for span in spans])
    return cast("list[Period]", known[site.id][1])


def _period(site: Site, span: Span) -> Period:
    statuses = sum(figures.received(site, span).values(), Counter[Status]())
    (waited,) = figures.waits(site, [span])
    by_people, by_rules = figures.deciders(site, span)
    return Period(
        days=span.days,
        received=statuses.total(),
        statuses=statuses,
        held=figures.held(site, span),
        median=waited.median if waited.count else None,
        by_people=by_people,
        by_rules=by_rules,
        reasons=figures.reasons(site, span, lambda rule: _REASONS.get(rule, _OTHER)),
        rejections=figures.rejections(site, span),
    )


def _few(count: int) -> str:
    """A number, unless it is so small that it could point at somebody."""
    if not count:
        return language.number(0)
    if count < FEWEST:
        return _("fewer than %(fewest)s", fewest=FEWEST)
    return language.number(count)


def _lasting(seconds: float | None) -> str:
    """A length of time, in the unit that fits."""
    if seconds is None:
        return "–"
    if seconds >= 2 * _DAY:
        return ngettext("%(num)s day", "%(num)s days", round(seconds / _DAY))
    if seconds >= 2 * _HOUR:
        return ngettext("%(num)s hour", "%(num)s hours", round(seconds / _HOUR))
    return ngettext("%(num)s minute", "%(num)s minutes", max(round(seconds / _MINUTE), 1))
