"""The nouns of the house, one file each."""

from widget.models.comment import Badge, Comment, Kind, Status
from widget.models.decision import Decision, Move, Via
from widget.models.moderator import Membership, Moderator, Role, SecurityRole
from widget.models.outbox import Delivery
from widget.models.revision import Revision
from widget.models.site import Hold, Order, Site, Votes
from widget.models.standing import Standing
from widget.models.subscription import Subscription
from widget.models.thread import Thread
from widget.models.vote import Complaint, Report, Vote

__all__ = [
    "Badge",
    "Comment",
    "Complaint",
    "Decision",
    "Delivery",
    "Hold",
    "Kind",
    "Membership",
    "Moderator",
    "Move",
    "Order",
    "Report",
    "Revision",
    "Role",
    "SecurityRole",
    "Site",
    "Standing",
    "Status",
    "Subscription",
    "Thread",
    "Via",
    "Vote",
    "Votes",
]
