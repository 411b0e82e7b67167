"""The queue as pages: what waits, and what became of the rest."""

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask_security import auth_required
from werkzeug.wrappers import Response as AnyResponse

from widget.models import Site, Status
from widget.moderation import mine, queue
from widget.moderation.listing import Listing, Order, Wanted, listing, reported
from widget.moderation.search import Reach, parse
from widget.web.accounts import signed_in
from widget.web.desk import cards, filters, gate
from widget.web.desk.answers import wants_json
from widget.web.desk.cards import MINE, REPORTED, VIEWS, card_html, cards_html

__all__ = ["REPORTED", "VIEWS", "bp", "card_html", "cards_html", "chosen", "counts_shown"]

bp = Blueprint("desk", __name__)


@bp.get("/")
@auth_required("session")
def home() -> AnyResponse:
    """The desk opens with what waits."""
    return redirect(url_for("desk.view", status=Status.pending.value))


@bp.get(f"/<any({', '.join(VIEWS)}):status>/")
@auth_required("session")
def view(status: str) -> str | Response:
    """One view of the queue, narrowed down as the address asks; `?after=ID` is the next page."""
    sites = gate.sites()
    looked_at = [site] if (site := chosen(sites)) else sites
    wanted = _wanted(status, looked_at)
    decided = mine.decided(signed_in(), wanted) if status == MINE else None
    found = (
        _found(status, wanted) if decided is None else Listing([], decided.after, decided.looked)
    )
    here = filters.address(status, after=wanted.after)
    if wants_json():
        html = (
            cards_html(found.comments, status, here)
            if decided is None
            else cards.mine_html(decided.mine, here)
        )
        return jsonify(
            cards=html, after=found.after, looked=found.looked, counts=counts_shown(looked_at)
        )
    return render_template(
        "desk/queue.html",
        **cards.context(found.comments, status, here),
        mine=decided.mine if decided else [],
        sites=sites,
        chosen=site,
        views=VIEWS,
        counts=counts_shown(looked_at),
        listing=found,
        wanted=wanted,
        address=filters.address,
        chips=filters.chips(status, sites),
        saved=filters.saved(signed_in()),
        kept=filters.asked(),
        query=filters.query(status),
        all=filters.whole(status, site),
        rules=filters.RULES,
    )


def counts_shown(sites: list[Site]) -> dict[str, str]:
    """How many there are in each view, in words: “1,000+” where nobody counts on."""
    found: dict[str, int] = {status.value: number for status, number in queue.counts(sites).items()}
    found[REPORTED] = queue.count_reported(sites)
    found[MINE] = queue.count_mine(signed_in(), sites)
    return {
        each: f"{queue.COUNTED:,}+" if found[each] > queue.COUNTED else f"{found[each]:,}"
        for each in VIEWS
    }


def chosen(sites: list[Site]) -> Site | None:
    """The site that the address names; 404 where it is none of mine."""
    key = request.args.get("site")
    if not key:
        return None
    return next((site for site in sites if site.key == key), None) or abort(404)


def _found(status: str, wanted: Wanted) -> Listing:
    return reported(wanted) if status == REPORTED else listing(wanted)


def _wanted(status: str, sites: list[Site]) -> Wanted:
    """What the address asks of a view."""
    asked = request.args
    reach = Reach(
        sites=sites,
        emails=gate.sees_emails() & {site.id for site in sites},
        zone=sites[0].timezone if sites else "UTC",
    )
    search = parse(asked.get("q", ""), reach)
    of_view = {REPORTED: (Status.approved,), MINE: tuple(Status)}
    return Wanted(
        sites=search.sites,
        statuses=of_view.get(status) or (Status(status),),
        oldest_first=status == Status.pending,
        order=Order.priority if asked.get("order") == Order.priority else Order.age,
        after=asked.get("after", type=int),
        thread=_number("thread"),
        cluster=_number("cluster"),
        author=asked.get("author", ""),
        network=asked.get("network", ""),
        link=asked.get("link", "").strip().lower(),
        rule=asked.get("rule", ""),
        lang=asked.get("lang", "").strip().lower(),
        older=min(_number("older") or 0, filters.MAX_DAYS) or None,
        search=search,
    )


def _number(name: str) -> int | None:
    found = request.args.get(name, type=int)
    return found if found and found > 0 else None
