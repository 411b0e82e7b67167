"""Votes: one a voter and comment, counted at the comment; readers see them a little later.

A fragment says how many votes there are, so every vote makes it old; in a busy thread no
cache would ever be warm. So a vote only marks its thread, and a sweep shows readers all
votes since then at once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update

from widget.comments.authorship import Author
from widget.comments.threading import page_identity
from widget.db import affected, db, now
from widget.language import gettext as _
from widget.models import Comment, Site, Status, Thread, Vote, Votes
from widget.models.thread import of_page

# How long votes stay unseen at least: so often may they make a thread's fragments old.
PAUSE = timedelta(seconds=30)
# A household or an office may have several opinions; a script soon has more.
MAX_PER_NETWORK = 5
# The second click of a double click does not take back the first.
_DOUBLE_CLICK = timedelta(seconds=2)
_MAX_OWN = 1000
_ALLOWED = {Votes.none: frozenset[int](), Votes.up: {0, 1}, Votes.both: {-1, 0, 1}}


class NotCounted(Exception):
    """A vote that is not taken; the message is for the reader."""


class CommentGone(NotCounted):
    """The comment is not public (any more), or stands on another page."""


class TooMany(NotCounted):
    """This network has voted often enough on this comment."""


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One voter's choice: 1, -1, or 0 to take it back.

    Where nothing in the page can tell what was chosen before, `toggles` says that choosing the same
    again takes it back.
    """

    page: str
    comment_id: int
    value: int
    by: Author
    toggles: bool = False


@dataclass(frozen=True, kw_only=True)
class Voted:
    """Ids of comments that someone has voted on."""

    up: list[int]
    down: list[int]


def cast(site: Site, ballot: Ballot) -> tuple[Comment, int]:
    """Count a vote; returns the comment and what its voter has chosen now. Raises NotCounted."""
    if ballot.value not in _ALLOWED[site.votes]:
        raise NotCounted(_("This website does not count such votes."))
    comment = _locked(site, ballot)
    voter = ballot.by.key_hash or ballot.by.address_hash
    if voter is None:
        raise NotCounted(_("Your vote could not be counted."))
    if voter == (comment.key_hash or comment.address_hash):
        raise NotCounted(_("You cannot vote on your own comment."))
    earlier = db.session.scalar(
        select(Vote).where(
            Vote.site_id == site.id, Vote.comment_id == comment.id, Vote.voter_hash == voter
        )
    )
    before = earlier.value if earlier else 0
    value = 0 if earlier and _takes_back(ballot, earlier) else ballot.value
    if value == before:
        return comment, value
    if earlier is None:
        _refuse_crowd(comment, ballot.by.network_hash)
        earlier = Vote(
            site_id=site.id,
            comment_id=comment.id,
            voter_hash=voter,
            network_hash=ballot.by.network_hash,
        )
        db.session.add(earlier)
    if value:
        earlier.value, earlier.created_at = value, now()
    else:
        db.session.delete(earlier)
    _count(comment, before, value)
    return comment, value


def _locked(site: Site, ballot: Ballot) -> Comment:
    """The comment, behind its thread's lock.

    All votes of a thread wait in one line: so none is counted twice, a network's votes are counted
    right, and the sweep cannot clear the mark of a vote that it does not see yet.
    """
    thread_id = db.session.scalar(
        of_page(site.id, page_identity(ballot.page))
        .with_only_columns(Thread.id)
        .where(Thread.hidden_at.is_(None))
        .with_for_update(of=Thread, key_share=True)
    )
    comment = db.session.scalar(
        select(Comment)
        .where(
            Comment.site_id == site.id,
            Comment.thread_id == thread_id,
            Comment.id == ballot.comment_id,
            Comment.status == Status.approved,
        )
        .execution_options(populate_existing=True)
    )
    if comment is None:
        raise CommentGone(_("This comment is no longer here."))
    return comment


def _takes_back(ballot: Ballot, earlier: Vote) -> bool:
    is_late = now() - earlier.created_at > _DOUBLE_CLICK
    return ballot.toggles and ballot.value == earlier.value and is_late


def _refuse_crowd(comment: Comment, network: str | None) -> None:
    """Votes that come from no known network count as one network's."""
    votes = select(func.count()).where(
        Vote.site_id == comment.site_id,
        Vote.comment_id == comment.id,
        Vote.network_hash.is_not_distinct_from(network),
    )
    if (db.session.scalar(votes) or 0) >= MAX_PER_NETWORK:
        raise TooMany(
            _("Many votes on this comment came from your network. No more of them are counted.")
        )


def _count(comment: Comment, before: int, value: int) -> None:
    db.session.execute(
        update(Comment)
        .where(Comment.site_id == comment.site_id, Comment.id == comment.id)
        .values(
            votes_up=Comment.votes_up + int(value == 1) - int(before == 1),
            votes_down=Comment.votes_down + int(value == -1) - int(before == -1),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(comment, ["votes_up", "votes_down"])
    db.session.execute(
        update(Thread)
        .where(
            Thread.site_id == comment.site_id,
            Thread.id == comment.thread_id,
            Thread.voted_at.is_(None),
        )
        .values(voted_at=now())
        .execution_options(synchronize_session=False)
    )


def show_all(pause: timedelta = PAUSE) -> int:
    """Let readers see the votes of threads that were marked a while ago; returns how many threads.

    A mark is set by the first vote that readers do not see. So votes raise the version of a thread
    at most once in a pause.
    """
    marked = (
        select(Thread.id)
        .where(Thread.voted_at < now() - pause)
        .order_by(Thread.id)
        .with_for_update(skip_locked=True)
    )
    shown = db.session.execute(
        update(Thread)
        .where(Thread.id.in_(marked))
        .values(version=Thread.version + 1, voted_at=None)
        .execution_options(synchronize_session=False)
    )
    return affected(shown)


def of(thread: Thread | None, voters: Collection[str | None]) -> Voted:
    """On which comments of a thread the holders of these keys (by their hashes) have voted."""
    keys = {voter for voter in voters if voter}
    if thread is None or not keys:
        return Voted(up=[], down=[])
    votes = db.session.execute(
        select(Vote.comment_id, Vote.value)
        .join(Comment, Comment.id == Vote.comment_id)
        .where(
            Vote.site_id == thread.site_id,
            Vote.voter_hash.in_(keys),
            Comment.thread_id == thread.id,
        )
        .order_by(Vote.id.desc())
        .limit(_MAX_OWN)
    ).all()
    return Voted(
        up=[vote.comment_id for vote in votes if vote.value > 0],
        down=[vote.comment_id for vote in votes if vote.value < 0],
    )
