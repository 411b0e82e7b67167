"""A filter that learns from the moderators' decisions of this installation, and explains itself.

`train(examples)` makes a `Model`; `model.judge(example)` is its `Opinion`. `pack` keeps of an
example what a model learns from it, without its words. What needs numpy or scikit-learn is imported
when it is first used: a process that never screens has neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from widget.spam.classifier.example import (
    MIN_DECISIONS,
    MIN_EACH,
    Example,
    Label,
    NotEnough,
    Opinion,
    UnknownVersion,
    Verdict,
)

if TYPE_CHECKING:
    from widget.spam.classifier.features import Traces, pack, trace, unpack
    from widget.spam.classifier.model import Model, better_or_equal
    from widget.spam.classifier.training import train

__all__ = [
    "MIN_DECISIONS",
    "MIN_EACH",
    "Example",
    "Label",
    "Model",
    "NotEnough",
    "Opinion",
    "Traces",
    "UnknownVersion",
    "Verdict",
    "better_or_equal",
    "pack",
    "trace",
    "train",
    "unpack",
]

_HOMES = {
    "Traces": "features",
    "pack": "features",
    "trace": "features",
    "unpack": "features",
    "Model": "model",
    "better_or_equal": "model",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
