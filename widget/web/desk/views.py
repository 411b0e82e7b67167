"""The queue as pages: what waits, and what became of the rest."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_security import auth_required
from werkzeug.wrappers import Response

from widget.comments import editing
from widget.models import Badge, Move, Site, Status
from widget.moderation import queue, reports
from widget.web.accounts import signed_in

bp = Blueprint("desk", __name__)

# The buttons of a card, by the status of its comment, most wanted first.
BUTTONS: dict[Status, tuple[Move, ...]] = {
    Status.pending: (Move.approve, Move.spam, Move.trash),
    Status.approved: (Move.unapprove, Move.spam, Move.trash),
    Status.spam: (Move.restore, Move.approve, Move.trash),
    Status.trash: (Move.restore, Move.spam),
    Status.rejected: (Move.restore, Move.trash),
}
# Public comments that readers reported are a view of their own.
REPORTED = "reported"
VIEWS = (
    Status.pending, REPORTED, Status.approved, Status.spam, Status.rejected, Status.trash,
)  # fmt: skip


@bp.get("/")
@auth_required("session")
def home() -> Response:
    """The desk opens with what waits."""
    return redirect(url_for("desk.view", status=Status.pending.value))


@bp.get(f"/<any({', '.join(VIEWS)}):status>/")
@auth_required("session")
def view(status: str) -> str:
    """One view of the queue; `?site=KEY` shows one site alone, `?after=ID` the next page."""
    shown = Status.approved if status == REPORTED else Status(status)
    moderator = signed_in()
    sites = queue.sites_of(moderator)
    chosen = _chosen(sites)
    after = request.args.get("after", type=int)
    looked_at = [chosen] if chosen else sites
    if status == REPORTED:
        listing = queue.reported(looked_at, after)
    else:
        listing = queue.listing(looked_at, shown, after)
    return render_template(
        "desk/queue.html",
        sites=sites,
        chosen=chosen,
        view=status,
        status=shown,
        views=VIEWS,
        counts={**queue.counts(looked_at), REPORTED: queue.count_reported(looked_at)},
        reports=reports.open_reports(listing.comments),
        counted=queue.COUNTED,
        listing=listing,
        after=after,
        decisions=queue.last_decisions(listing.comments),
        revisions=editing.revisions(listing.comments),
        buttons=BUTTONS[shown],
        badges=Badge,
        deciding={site.id for site in queue.sites_of(moderator, deciding=True)},
    )


def _chosen(sites: list[Site]) -> Site | None:
    key = request.args.get("site")
    if not key:
        return None
    chosen = next((site for site in sites if site.key == key), None)
    return chosen or abort(404)
