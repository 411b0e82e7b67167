"""Work that a browser does before a suspicious post is taken, or any while the shields are up.

Our script says by an empty field `work` that it can be asked, and is: 428, and a challenge. It
sends the same form again with the solution. Whatever cannot be asked is taken at once, and held.
"""

import hashlib
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify

from widget import config, queue
from widget.comments.haste import is_in_haste
from widget.comments.submission import Draft
from widget.db import reading
from widget.models import Site
from widget.moderation import shields
from widget.spam import work
from widget.spam.checks import Candidate, History, Signal
from widget.spam.checks.form import fast, form_token, honeypot, nonce
from widget.spam.checks.links import links
from widget.spam.work import WorkState
from widget.web import limits, origin

bp = Blueprint("work", __name__)
bp.after_request(origin.cross_origin_headers)

# What shows at once, without a look at the database.
_AT_ONCE = (honeypot, form_token, nonce, fast, links)


@bp.get("/embed/<key>/work")
@reading()
def challenge(key: str) -> Response:
    """Work for one post at a site: for programs that want to bring it along at once."""
    return _answer(_work_for(origin.site_or_404(key)))


def ask(site: Site) -> Response:
    """Send this again, please, with this work done."""
    words = "Please send this again, with the work that is asked for."
    response = _answer({"error": words, "field": None, "work": _work_for(site)})
    response.status_code = HTTPStatus.PRECONDITION_REQUIRED
    return response


def is_question(response: Response) -> bool:
    """Does this answer ask for work? Then the same will be sent again."""
    return response.status_code == HTTPStatus.PRECONDITION_REQUIRED


def done_for(site: Site, draft: Draft, sent: str | None) -> WorkState | None:
    """What became of the work for a post; None: its browser is to be asked for it now."""
    found = _found_at_once(site, draft)
    is_up = shields.are_up(site)
    if sent is None:
        return WorkState.impossible if is_up else WorkState.none
    # To be quick, or one of many on a network, holds nobody; but to ask costs a reader nothing.
    if not (is_up or found or is_in_haste(site.id, draft.by)):
        return WorkState.none
    if not sent:
        return None
    settings = config.current()
    judged = work.judge(
        [settings.secret_key, *settings.secret_key_fallbacks],
        site_id=site.id,
        solution=sent,
        is_hard=is_up,
    )
    if judged.state is WorkState.expired:
        return None
    return _counted(judged.mark, draft) if judged.state is WorkState.done else judged.state


def _found_at_once(site: Site, draft: Draft) -> list[Signal]:
    candidate = Candidate(
        author=draft.author,
        email=draft.email,
        website=draft.website,
        body=draft.body,
        body_html=draft.body_html,
        arrival=draft.arrival.as_dict(),
        hold_links=site.hold_links,
    )
    return [signal for check in _AT_ONCE if (signal := check(candidate, History()))]


def _counted(mark: str, draft: Draft) -> WorkState:
    """Work counts for one form, which may come twice where the first answer was lost."""
    name = f"{queue.QUEUE}:work:{mark}"
    form = hashlib.sha256(draft.nonce.encode()).hexdigest() if draft.nonce else "a form like others"

    def claim(client: Any) -> WorkState:
        is_first = client.set(name, form, nx=True, ex=2 * work.SECONDS)
        is_same = draft.nonce and client.get(name) == form.encode()
        return WorkState.done if is_first or is_same else WorkState.wrong

    return queue.ask(claim, otherwise=WorkState.unchecked)


# To be asked is counted apart from what is posted, which is sent twice and counts once.
@limits.limiter.shared_limit(limits.posting, scope="work")
def _work_for(site: Site) -> dict[str, Any]:
    secret = config.current().secret_key
    return work.challenge(secret, site_id=site.id, is_hard=shields.are_up(site))


def _answer(said: dict[str, Any]) -> Response:
    response = jsonify(said)
    response.headers["Cache-Control"] = "no-store"
    return response
