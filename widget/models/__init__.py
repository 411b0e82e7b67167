"""The nouns of the house, one file each."""

from widget.models.batch import Batch, Together
from widget.models.comment import Badge, Comment, Kind, Status
from widget.models.decision import Decision, Move, Via
from widget.models.likeness import Likeness, LinkedHost
from widget.models.log import Entry
from widget.models.moderator import (
    DeskSession,
    Invitation,
    Membership,
    Moderator,
    Passkey,
    Role,
    SecurityRole,
)
from widget.models.note import AuthorNote, Canned, CannedKind, SavedFilter
from widget.models.outbox import Delivery
from widget.models.revision import Revision
from widget.models.rule import Effect, Match, Rule
from widget.models.site import Hold, Order, Shields, Site, Telling, Votes
from widget.models.spam import ProviderState, SpamExample, SpamModel
from widget.models.standing import Standing
from widget.models.subscription import Subscription
from widget.models.thread import Thread
from widget.models.vote import Complaint, Report, Vote
from widget.models.webhook import Dialect, Webhook

__all__ = [
    "AuthorNote",
    "Badge",
    "Batch",
    "Canned",
    "CannedKind",
    "Comment",
    "Complaint",
    "Decision",
    "Delivery",
    "DeskSession",
    "Dialect",
    "Effect",
    "Entry",
    "Hold",
    "Invitation",
    "Kind",
    "Likeness",
    "LinkedHost",
    "Match",
    "Membership",
    "Moderator",
    "Move",
    "Order",
    "Passkey",
    "ProviderState",
    "Report",
    "Revision",
    "Role",
    "Rule",
    "SavedFilter",
    "SecurityRole",
    "Shields",
    "Site",
    "SpamExample",
    "SpamModel",
    "Standing",
    "Status",
    "Subscription",
    "Telling",
    "Thread",
    "Together",
    "Via",
    "Vote",
    "Votes",
    "Webhook",
]
