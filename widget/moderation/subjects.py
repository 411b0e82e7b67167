"""What a rule is about: someone or something that a moderator points at, or types."""

import re
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email

from widget.db import now
from widget.models import Comment, Match
from widget.models.rule import MAX_PATTERN
from widget.moderation import mailboxes
from widget.spam import likeness

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# Only these can be typed: nobody knows a hash.
TYPED = (Match.email, Match.domain, Match.link)


class Unclear(Exception):
    """It cannot be told what is meant; says why."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is matched, as a rule keeps it (models.rule), and how it is called.

    `sought` is what comments are looked for by (moderation.clusters): a digest says nothing of the
    address, so there it is a comment that has it (“#12”), or the address that was typed.
    """

    match: Match
    pattern: str
    about: str = ""
    sought: str = field(default="", repr=False)


def of(comment: Comment, match: Match, host: str = "") -> Subject:
    """The author of a comment, by one of the things that tell them; or a host it links to."""
    match match:
        case Match.key:
            if not comment.key_hash:
                raise Unclear("This comment came without a browser’s key.")
            return _same(match, comment.key_hash, comment.author)
        case Match.network:
            return _network(comment)
        case Match.email:
            if not comment.email:
                raise Unclear("This comment came without an e-mail address.")
            return _email(comment.site_id, comment.email, f"#{comment.id}")
        case Match.domain:
            if not comment.email:
                raise Unclear("This comment came without an e-mail address.")
            return _same(match, mailboxes.domain(comment.email))
        case Match.link:
            return _link(comment, host)


def typed(site_id: int, match: Match, text: str) -> Subject:
    """What a moderator typed: an address, a domain, a host or a whole link."""
    text = text.strip()
    match match:
        case Match.email:
            try:
                validate_email(text, check_deliverability=False, test_environment=True)
            except EmailNotValidError as error:
                raise Unclear(
                    "Please enter a complete e-mail address, such as name@example.org."
                ) from error
            return _email(site_id, text, text)
        case Match.domain:
            return _same(match, _host(text.rpartition("@")[2]))
        case Match.link:
            return _same(match, _linked(text))
        case Match.key | Match.network:
            raise Unclear("Please begin at one of the author’s comments, under “More”.")


def _same(match: Match, pattern: str, about: str = "") -> Subject:
    return Subject(match=match, pattern=pattern, about=about[:MAX_PATTERN], sought=pattern)


def _email(site_id: int, email: str, sought: str) -> Subject:
    return Subject(
        match=Match.email,
        pattern=mailboxes.digest(site_id, email),
        about=mailboxes.masked(email)[:MAX_PATTERN],
        sought=sought,
    )


def _network(comment: Comment) -> Subject:
    today, came = now(), comment.created_at
    if not comment.network_hash:
        raise Unclear("Of this comment’s network, nothing is known (any more).")
    if (came.year, came.month) != (today.year, today.month):
        raise Unclear(
            "This comment came before the month began. The codes that stand for networks change "
            "with each month, so its network cannot be known again."
        )
    return _same(Match.network, comment.network_hash, comment.author)


def hosts(comment: Comment) -> list[str]:
    """What a comment links to, whole hosts before the domains that they lie below."""
    found = {each for host in likeness.hosts(comment) for each in likeness.domains(host)}
    return sorted(found, key=lambda host: (-host.count("."), host))


def _link(comment: Comment, host: str) -> Subject:
    linked = hosts(comment)
    if not (host or linked):
        raise Unclear("This comment links to nothing.")
    return _same(Match.link, _host(host) if host else linked[0])


def _linked(text: str) -> str:
    """A host, or an ending: “*.top” or “.top”. No part of a host can be told apart by a rule."""
    bare = text.removeprefix("*").removeprefix(".")
    if bare != text and _LABEL.fullmatch(label := likeness.host_of(f"//{bare}")):
        return likeness.ending(label)
    host = _host(bare)
    address = text.partition("//")[2] or text
    if "".join(re.split(r"[/?#]", address, maxsplit=1)[1:]):
        raise Unclear(
            f"A rule is on a whole host: enter {host} for all that links there. To catch this "
            "address alone, list it as a word under House rules."
        )
    return host


def _host(text: str) -> str:
    """A host in the form that links are kept in (models.likeness.LinkedHost)."""
    host = likeness.host_of(text if "//" in text else f"//{text}").removeprefix("*.").lower()
    labels = host.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):  # noqa: PLR2004
        raise Unclear("Please enter a host, such as spam.example, or a link to it.")
    return host
