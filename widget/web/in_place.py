"""Moderating in place: whoever is signed in to the desk decides under each comment of /t/SITE."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from flask import g, get_flashed_messages, request
from flask_security import current_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from sqlalchemy.orm import load_only

from widget.db import db
from widget.models import Badge, Comment, Moderator, Report, Role, Site, Thread
from widget.moderation import authors, reports, threads
from widget.publishing.nodes import Node
from widget.publishing.pages import Page
from widget.web.accounts import signed_in
from widget.web.desk import gate

_FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})


@dataclass(frozen=True)
class Beside:
    """What readers do not see of a comment: what others reported, and who wrote it."""

    reports: Sequence[Report]
    author: str


@dataclass(frozen=True)
class InPlace:
    """What the page needs for a moderator's buttons."""

    moderator: Moderator
    csrf_token: str
    back: str
    waiting: int
    told: list[tuple[str, str]]
    badges: tuple[Badge, ...] = tuple(Badge)

    def beside(self, site: Site, page: Page) -> dict[int, Beside]:
        """What is known of each comment on a page: two questions, whatever their number."""
        ids = [node.id for node in _nodes([*page.pinned, *page.nodes])]
        rows = db.session.scalars(
            select(Comment)
            .options(load_only(Comment.site_id, Comment.key_hash, Comment.email))
            .where(Comment.site_id == site.id, Comment.id.in_(ids))
        ).all()
        told = reports.open_reports(rows)
        return {row.id: Beside(told.get(row.id, []), authors.reference(row)) for row in rows}


def of(site: Site, thread: Thread | None) -> InPlace | None:
    """The moderator's buttons; None for readers, and wherever the page stands in a frame.

    The page may be framed, and a frame can be laid under somebody's clicks.
    """
    if request.headers.get("Sec-Fetch-Dest") in _FRAMES or not current_user.is_authenticated:
        return None
    if not gate.may(site.id, Role.moderator):
        return None
    g.moderates = True  # so that the session is kept (web.accounts): what was told is told once
    return InPlace(
        moderator=signed_in(),
        csrf_token=generate_csrf(),
        back=request.full_path,
        waiting=threads.count_waiting(thread) if thread else 0,
        told=cast("list[tuple[str, str]]", get_flashed_messages(with_categories=True)),
    )


def _nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _nodes(node.replies)
