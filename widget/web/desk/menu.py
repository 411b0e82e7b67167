"""Which pages of the desk there are, and which of them are mine."""

from flask import Blueprint, render_template
from flask_security import auth_required

from widget.models import Role, Site
from widget.web.desk import gate

bp = Blueprint("sites", __name__)

# The pages of one site: the endpoint (its address ends in the site's key), its name, and whom it is
# for. Each template that extends desk/site.html shows them all as tabs.
TABS: tuple[tuple[str, str, Role], ...] = (
    ("rules.page", "House rules", Role.admin),
    ("bans.page", "Trust and bans", Role.moderator),
    ("filter.page", "Spam filter", Role.viewer),
    ("texts.page", "Texts", Role.moderator),
    ("people.page", "People", Role.admin),
    ("webhooks.page", "Chat rooms", Role.admin),
    ("charts.page", "Charts", Role.viewer),
)


def tabs(site: Site) -> list[tuple[str, str]]:
    """The pages of a site that I may open: endpoints and names."""
    return [(endpoint, name) for endpoint, name, role in TABS if gate.may(site.id, role)]


@bp.get("/sites/")
@auth_required("session")
def index() -> str:
    """My sites, and what can be set at each."""
    return render_template("desk/sites.html", places=gate.memberships())
