"""What moderators decided, as cases to learn from and to be measured by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager

from widget.db import db
from widget.models import Batch, Comment, Decision, Move, Site, Status, Together
from widget.spam import likeness
from widget.spam.assessment import Assessment
from widget.spam.checks import Signal
from widget.spam.classifier import Example, Label
from widget.spam.evaluation import Case

# Beyond this nothing would be learned.
NEWEST = 10_000
# Neither trash nor a rejection says that something is spam, nor that it is none.
LABELS: dict[Status, Label] = {Status.approved: "ham", Status.spam: "spam"}
# Batches of comments that were looked at: ticked, or nearly the same text. What a batch moved for
# who wrote it, from where or with which link (as after a ban), nobody has judged by its words.
_LOOKED_AT = (Together.selection, Together.likeness, Together.batch)
# What is found when the filter has spoken already, or by nobody's finding but by a rule of people.
# It must not learn from that: it is not there when the filter is asked.
_FILTER = frozenset({"filter", "filter-unsure"})
LATER = frozenset(
    _FILTER
    | {"unchecked", "banned", "held-rule"}
    | {"akismet", "akismet-discard", "stopforumspam"}
    | {"rspamd", "rspamd-reject", "hook", "hook-spam"}
)


@dataclass(frozen=True)
class Decided:
    """A case, and the first and the latest decision of a moderator about it."""

    case: Case
    first: int
    latest: int


def example(comment: Comment, rules: Iterable[str]) -> Example:
    """A comment as the filter sees it, when it comes and when it is learned from.

    `rules` are those of the signals that the checks found when it came.
    """
    return Example(
        text=comment.body,
        author=comment.author,
        url=comment.website,
        hosts=tuple(sorted(likeness.hosts(comment))),
        signals=tuple(rule for rule in dict.fromkeys(rules) if rule not in LATER),
        page=comment.thread.page,
        at=comment.created_at,
    )


def labelled(comment: Comment, label: Label) -> Example:
    """A comment as the filter saw it, and what it was; what the checks found is in its row."""
    return replace(example(comment, (signal["rule"] for signal in comment.signals)), label=label)


def decided(site: Site) -> list[Case]:
    """The newest comments of a site that a moderator called spam or let pass, oldest first.

    The latest word counts, as long as it was about the words that stand there now; what was taken
    back, purged or erased is gone. What the checks found is what they found when the comment came.
    """
    return [one.case for one in decisions(Decision.site_id == site.id)]


def decided_elsewhere(site: Site) -> list[Case]:
    """Likewise, the newest on all other sites of this installation."""
    return [one.case for one in decisions(Decision.site_id != site.id)]


def decisions(where: ColumnElement[bool], most: int = NEWEST) -> list[Decided]:
    """The newest of those on some sites, likewise."""
    rows = db.session.execute(
        select(Decision, Comment)
        .join(Decision.comment)
        .join(Comment.thread)
        .options(contains_eager(Comment.thread))
        .where(
            where,
            Comment.site_id == Decision.site_id,
            Comment.body_hash != "",
            *by_people(),
        )
        .order_by(Decision.id.desc())
        .limit(most)
    )
    words = last_words(rows)
    return [
        Decided(_case(word.comment, label), word.first, word.decision.id)
        for word in sorted(words, key=lambda word: (word.comment.created_at, word.comment.id))
        if (label := word.label)
    ]


@dataclass(frozen=True)
class Word:
    """What a moderator said last of a comment, and did not take back."""

    comment: Comment
    decision: Decision
    # The first decision of a moderator about it.
    first: int

    @property
    def label(self) -> Label | None:
        """What that makes of the comment; nothing if its author has changed it since."""
        edited, decision = self.comment.edited_at, self.decision
        is_changed = edited and edited > decision.created_at
        if is_changed and not self.comment.edited_by_moderator:
            return None
        if decision.status_from is Status.spam and decision.move in {Move.restore, Move.undo}:
            return "ham"  # “Not spam”, wherever that puts it
        return LABELS.get(decision.status_to)


def last_words(rows: Iterable[tuple[Decision, Comment]]) -> Iterator[Word]:
    """The last word on each comment, from decisions of people, the newest first."""
    found: dict[int, tuple[Comment, list[Decision]]] = {}
    for decision, comment in rows:
        found.setdefault(comment.id, (comment, []))[1].append(decision)
    for comment, decisions in found.values():
        if (last := _standing(decisions)) is not None:
            yield Word(comment, last, decisions[-1].id)


def _standing(newest_first: Sequence[Decision]) -> Decision | None:
    """The newest that nobody has taken back; to take back what the machine did is one, too."""
    by_people = {decision.id for decision in newest_first}
    taken_back: set[int] = set()
    for decision in newest_first:
        if decision.id in taken_back:
            continue
        if decision.undoes_id in by_people:
            taken_back.add(decision.undoes_id)
        elif decision.move is not Move.undo or decision.batch_id is None:
            return decision
    return None


def beside_filter(comment: Comment) -> Assessment:
    """What was found in a comment by all but the filter: what it meets if that says nothing."""
    found = (each for each in comment.signals if each["rule"] not in _FILTER)
    return Assessment(tuple(map(Signal.from_dict, found)))


def by_people() -> tuple[ColumnElement[bool], ...]:
    """Decisions that say what a moderator thinks of a comment."""
    was_looked_at = (
        select(Batch.id)
        .where(
            Batch.site_id == Decision.site_id,
            Batch.id == Decision.batch_id,
            Batch.together.in_(_LOOKED_AT),
        )
        .exists()
    )
    return (
        Decision.moderator_id.is_not(None),
        Decision.move != Move.edit,
        Decision.batch_id.is_(None) | was_looked_at,
    )


def _case(comment: Comment, label: Label) -> Case:
    found = beside_filter(comment)
    return Case(labelled(comment, label), found.risk, is_held=bool(found.holding))
