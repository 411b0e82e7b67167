"""What is learned from the moderators' decisions, kept beside them, and used to judge.

A model is derived data: the same decisions make the same model, and who forgets it learns it anew.
"""

from widget.spam.learning.due import due
from widget.spam.learning.keeping import KEPT, keep
from widget.spam.learning.measuring import LEARNED, report
from widget.spam.learning.showing import State, Version, state, telling
from widget.spam.learning.teaching import forget, learn, store, study, work_out
from widget.spam.learning.using import model_of, opinion, preload

__all__ = [
    "KEPT",
    "LEARNED",
    "State",
    "Version",
    "due",
    "forget",
    "keep",
    "learn",
    "model_of",
    "opinion",
    "preload",
    "report",
    "state",
    "store",
    "study",
    "telling",
    "work_out",
]
