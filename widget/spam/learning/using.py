"""The model that is in use: found by one small statement, loaded once in a process."""

import logging
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select, true

from widget import config
from widget.db import db
from widget.models import Comment, SpamModel
from widget.spam import classifier
from widget.spam.checks import Signal
from widget.spam.classifier import Opinion, UnknownVersion
from widget.spam.decided import example

if TYPE_CHECKING:
    from widget.spam.classifier import Model

log = logging.getLogger(__name__)

# So many models stay in a process, seven megabytes each: those that were asked last.
_KEPT = 16
# SQLite gives the number of a row that was deleted to the next one: so by its time as well.
_Key = tuple[int, datetime]
_loaded: OrderedDict[_Key, "Model | None"] = OrderedDict()


def model_of(site_id: int) -> "tuple[int, Model] | None":
    """What judges a site's comments: its number (Comment.judged_by) and the model, if there is any.

    That is the site's own. While it has none, and the operator lets sites share what they know, it
    is what was learned from all sites of this installation.
    """
    keys = db.session.execute(
        select(SpamModel.id, SpamModel.created_at)
        .where(_of(site_id), SpamModel.in_use == true())
        .order_by(SpamModel.site_id.is_(None))
    ).all()
    for number, created_at in keys:
        model = load((number, created_at))
        if model is not None:
            return number, model
    return None


def opinion(comment: Comment, signals: Iterable[Signal], model: "Model") -> Opinion:
    """What a model thinks of a comment in which the checks have found these signals."""
    return model.judge(example(comment, (signal.rule for signal in signals)))


def preload() -> None:
    """Load the newest models into this process: for those that it will fork."""
    keys = db.session.execute(
        select(SpamModel.id, SpamModel.created_at)
        .where(SpamModel.in_use == true())
        .order_by(SpamModel.id.desc())
        .limit(_KEPT)
    ).all()
    for number, created_at in keys:
        load((number, created_at))


def load(key: _Key) -> "Model | None":
    """A model by its row's number and time; none if it cannot be used: then it is relearned."""
    if key in _loaded:
        _loaded.move_to_end(key)
        return _loaded[key]
    number, _created_at = key
    data = db.session.scalar(select(SpamModel.data).where(SpamModel.id == number))
    model = None
    if data is not None:
        try:
            model = classifier.Model.from_bytes(data)
        except (UnknownVersion, ValueError) as fault:
            log.warning("the spam filter's model %s is not used: %s", number, fault)
    _loaded[key] = model
    while len(_loaded) > _KEPT:
        _loaded.popitem(last=False)
    return model


def is_broken(key: _Key) -> bool:
    """Has this process, or the one that it was forked from, found that it cannot be used?"""
    return key in _loaded and _loaded[key] is None


def _of(site_id: int) -> ColumnElement[bool]:
    own = SpamModel.site_id == site_id
    return own | SpamModel.site_id.is_(None) if config.current().shared_history else own
