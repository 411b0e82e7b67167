"""The log as a page and as a file: who did what, from what to what, why and when."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, render_template, request, stream_with_context
from flask_security import auth_required

from widget.db import db, now
from widget.models import Decision, Entry, Move, Site, Status, Via
from widget.moderation import log
from widget.moderation.log import Line, Position, Wanted
from widget.web.dates import iso, zone_of
from widget.web.desk import gate
from widget.web.desk.words import name_of

bp = Blueprint("log", __name__)

# How many lines of the file are made at a time.
STEP = 500
# What a spreadsheet takes for the beginning of a formula, also as a wide character.
_FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_MACHINE = "machine"
# What happens without anybody's command.
_BY_ITSELF = {"comments purged", "shields raised", "shields lowered"}
_Choice = TypeVar("_Choice", Status, Via)
_KINDS: dict[str, type[Line]] = {"decisions": Decision, "changes": Entry}
_HEADER = ("when", "site", "who", "by way of", "what", "about", "from", "to", "why")
MOVES = {
    Move.approve: "approved",
    Move.unapprove: "unapproved",
    Move.reject: "rejected",
    Move.spam: "marked as spam",
    Move.trash: "moved to the trash",
    Move.restore: "restored",
    Move.edit: "changed by its author",
    Move.hold: "held again",
    Move.withdraw: "taken back by its author",
    Move.undo: "undone",
}
VIAS = {
    Via.policy: "House rules and filter",
    Via.reports: "Readers’ reports",
    Via.author: "Its author",
    Via.desk: "The desk",
    Via.mail: "A mail",
    Via.transfer: "An import",
}


class Misread(ValueError):
    """A filter that cannot be understood; the message says which, and why."""


@bp.get("/log")
@auth_required("session")
def page() -> str:
    """One page of the log; every filter is in the address."""
    sites = gate.sites()
    chosen = _chosen(sites)
    fault, found = "", log.Page()
    try:
        found = log.read(_wanted(chosen), _after())
    except Misread as error:
        fault = str(error)
    return render_template(
        "desk/log.html",
        sites=sites,
        chosen=chosen,
        zone=_zone(chosen),
        page=found,
        fault=fault,
        asked=_asked(),
        comments=log.commented(found.lines),
        places={site.id: site for site in sites},
        people=log.people(sites),
        actions=log.actions(chosen),
        moves=MOVES,
        vias=VIAS,
        statuses=Status,
        who=who,
        what=what,
        changes=changes,
        is_decision=_is_decision,
    )


@bp.get("/log.csv")
@auth_required("session")
def file() -> Response:
    """The same lines, all of them, as a file for a spreadsheet."""
    try:
        wanted = _wanted(_chosen(gate.sites()))
    except Misread as error:
        abort(400, str(error))
    # A line that is written meanwhile would stand before the first one.
    wanted = replace(wanted, until=min(wanted.until or now(), now()))
    response = Response(
        stream_with_context(_rows(wanted)), content_type="text/csv; charset=utf-8; header=present"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="log-{now():%Y-%m-%d}.csv"'
    return response


def _rows(wanted: Wanted) -> Iterator[str]:
    """The file, a step at a time, none of which is kept, nor holds the database for long."""
    names = {site.id: site.name for site in wanted.sites}
    yield "\ufeff" + _written([_HEADER])  # or Excel takes it for another encoding
    after: Position | None = None
    while True:
        found = log.read(wanted, after, STEP)
        yield _written([_row(line, names[line.site_id]) for line in found.lines])
        after = found.after
        db.session.expunge_all()
        db.session.rollback()
        if after is None:
            return


def _row(line: Line, site: str) -> tuple[str, ...]:
    if isinstance(line, Decision):
        about, how = f"comment {line.comment_id}", line.via.value
        before, after = line.status_from.value, line.status_to.value
    else:
        about, how = line.subject, ""
        before, after = _json(line.before), _json(line.after)
    return (
        iso(line.created_at), site, who(line), how, what(line), about, before, after, line.reason,
    )  # fmt: skip


def _written(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula: what could be one becomes text."""
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""


def who(line: Line) -> str:
    """Whose doing it was: a moderator’s, or which part of the machine."""
    if line.moderator is not None:
        return name_of(line.moderator)
    if isinstance(line, Entry):
        return "The service by itself" if line.action in _BY_ITSELF else "The command line"
    return "Someone" if line.via in {Via.desk, Via.mail} else VIAS[line.via]


def what(line: Line) -> str:
    """What was done, in a word or two."""
    return MOVES[line.move] if isinstance(line, Decision) else line.action


def changes(entry: Entry) -> list[tuple[str, str, str]]:
    """What was changed, from what, to what."""
    return [
        (name.replace("_", " "), _said(entry.before.get(name)), _said(entry.after.get(name)))
        for name in {**entry.before, **entry.after}
    ]


def _said(value: Any) -> str:
    match value:
        case None | "" | []:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_said(each) for each in value)
        case dict():
            return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    return str(value)


def _is_decision(line: Line) -> bool:
    return isinstance(line, Decision)


# -------------------------------------------------------------------------------------- the filters


def _chosen(sites: list[Site]) -> list[Site]:
    key = request.args.get("site")
    if not key:
        return sites
    return [site for site in sites if site.key == key] or abort(404)


def _zone(chosen: list[Site]) -> str:
    """The zone whose days are meant: the sites’ own, if they have one in common."""
    zones = {site.timezone for site in chosen}
    return zones.pop() if len(zones) == 1 else "UTC"


def _asked() -> dict[str, str]:
    """What was asked for, as it was typed, without what is empty and where the page begins."""
    return {name: value for name, value in request.args.items() if value and name != "after"}


def _wanted(chosen: list[Site]) -> Wanted:
    """Raises Misread."""
    asked = request.args.get
    zone = zone_of(_zone(chosen))
    person, of = asked("who", ""), asked("what", "")
    return Wanted(
        sites=chosen,
        moderator_id=None if person in {"", _MACHINE} else _number(person, "a person’s number"),
        by_machine=person == _MACHINE,
        kind=_KINDS.get(of),
        move=Move(of) if of in set(Move) else None,
        action="" if of in {*_KINDS, *Move} else of,
        status_from=_one_of(Status, "from"),
        status_to=_one_of(Status, "to"),
        via=_one_of(Via, "via"),
        since=_midnight("since", zone),
        until=_midnight("until", zone, days=1),
        comment_id=_number(asked("comment", ""), "a comment’s number") or None,
    )


def _number(text: str, name: str) -> int:
    text = text.strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 18):  # noqa: PLR2004
        raise Misread(f"“{text}” is not {name}.")
    return int(text or 0)


def _one_of(kind: type[_Choice], name: str) -> _Choice | None:
    text = request.args.get(name, "")
    try:
        return kind(text) if text else None
    except ValueError as error:
        raise Misread(f"There is no “{text}” to choose here.") from error


def _midnight(name: str, zone: tzinfo, days: int = 0) -> datetime | None:
    """When a day begins in a zone, or the one so many days after it."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Misread(f"“{text}” is not a day. Please write it as 2026-03-14.") from error


def _after() -> Position | None:
    text = request.args.get("after", "")
    try:
        return Position.read(text) if text else None
    except ValueError as error:
        raise Misread(
            "There is no such page of the log. Please start from the first one."
        ) from error
