"""The nouns of the house, one file each."""

from widget.models.comment import Comment, Kind, Status
from widget.models.decision import Decision, Move, Via
from widget.models.moderator import Membership, Moderator, Role, SecurityRole
from widget.models.outbox import Delivery
from widget.models.site import Hold, Order, Site
from widget.models.thread import Thread

__all__ = [
    "Comment",
    "Decision",
    "Delivery",
    "Hold",
    "Kind",
    "Membership",
    "Moderator",
    "Move",
    "Order",
    "Role",
    "SecurityRole",
    "Site",
    "Status",
    "Thread",
    "Via",
]
