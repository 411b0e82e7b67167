"""The search of the queue: what a moderator types, and what it means to the database.

Words and “phrases in quotes” are looked for in the text. An operator looks elsewhere, a minus
before either one leaves out what it finds.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, or_

from widget.models import Comment, Kind, Site, Status, Thread

MAX_LENGTH = 400
# Each is looked for in thousands of texts.
MAX_TERMS = 20
ANY = "any"
OPERATORS = (
    *("author", "email", "site", "page", "link", "status"),
    *("before", "after", "rule", "lang", "kind", "text"),
)  # fmt: skip
_TERM = re.compile(r'(-?)(?:([A-Za-z]+):(?!//))?(?:"([^"]*)"?|(\S+))?')
_DATE = re.compile(r"([12]\d{3})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_Meaning = ColumnElement[bool]


@dataclass(frozen=True)
class _Term:
    operator: str
    value: str
    is_not: bool


@dataclass(kw_only=True)
class Search:
    """What was understood: `faults` says in words what was not.

    `conditions` makes conditions for an entity, because a listing may look at rows of a subquery.
    `statuses` None: those of the view.
    """

    typed: str = ""
    faults: list[str] = field(default_factory=list)
    meanings: list[Callable[[type[Comment]], _Meaning]] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    statuses: tuple[Status, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def where(self, entity: type[Comment]) -> list[_Meaning]:
        """The conditions that no index answers."""
        return [meaning(entity) for meaning in self.meanings]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whose comments somebody may look through: these sites', and by address only these ids'."""

    sites: Sequence[Site]
    emails: Collection[int] = ()
    zone: str = "UTC"


def parse(typed: str, reach: Reach) -> Search:
    """Understand what was typed; what cannot be is among the faults."""
    search = Search(typed=typed.strip()[:MAX_LENGTH], sites=list(reach.sites))
    if len(typed.strip()) > MAX_LENGTH:
        search.faults.append(f"A search can have {MAX_LENGTH} characters.")
    for term in _TERM.finditer(search.typed):
        minus, operator, quoted, bare = term.groups()
        value = quoted if quoted is not None else bare
        if value or operator:
            operator = (operator or "text").lower()
            if len(search.meanings) == MAX_TERMS:
                search.faults.append(f"A search can have {MAX_TERMS} words.")
                break
            _take(search, _Term(operator, (value or "").strip(), bool(minus)), reach)
    return search


def _take(search: Search, term: _Term, reach: Reach) -> None:
    operator = term.operator
    if operator not in OPERATORS:
        known = ", ".join(f"{each}:" for each in OPERATORS)
        search.faults.append(
            f"There is no “{operator}:”. These can be used: {known}. Quotes look for it as a text."
        )
    elif not term.value:
        search.faults.append(f"Say after “{operator}:” what to look for, without a blank between.")
    elif operator == "site":
        _take_site(search, term)
    elif operator == "status":
        _take_status(search, term)
    elif operator in {"before", "after"}:
        _take_date(search, term, reach.zone)
    elif operator == "kind" and term.value.lower() not in set(Kind):
        search.faults.append(
            f"There is no kind “{term.value}”. These can be used: {', '.join(Kind)}."
        )
    elif operator == "email" and not reach.emails:
        search.faults.append(
            "You may not see readers’ e-mail addresses here, so “email:” finds nothing for you."
        )
    else:
        search.meanings.append(_meaning(term, frozenset(reach.emails)))


def _take_site(search: Search, term: _Term) -> None:
    value = term.value.casefold()
    named = [site for site in search.sites if value in {site.key, site.name.casefold()}]
    if not named:
        search.faults.append(f"“{term.value}” is none of the sites that are looked through here.")
    else:
        search.sites = [site for site in search.sites if (site in named) is not term.is_not]


def _take_status(search: Search, term: _Term) -> None:
    value = term.value.lower()
    if value == ANY:
        search.statuses = tuple(Status)
    elif value not in set(Status):
        named = ", ".join([*Status, ANY])
        search.faults.append(f"There is no status “{value}”. These can be used: {named}.")
    elif term.is_not:
        search.statuses = tuple(each for each in search.statuses or Status if each != value)
    else:
        search.statuses = (*(search.statuses or ()), Status(value))


def _take_date(search: Search, term: _Term, zone: str) -> None:
    begins = _begins(term.value, zone)
    if begins is None:
        search.faults.append(
            f"“{term.value}” is no date. Write “{term.operator}:2026-11-23”, or a month, or a year."
        )
    elif (term.operator == "before") is not term.is_not:
        search.until = min(begins, search.until or begins)
    else:
        search.since = max(begins, search.since or begins)


def _begins(value: str, zone: str) -> datetime | None:
    """When that day, month or year began where the site is."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        return datetime.combine(day, time(), ZoneInfo(zone))
    except ValueError:
        return None


def _meaning(term: _Term, emails: frozenset[int]) -> Callable[[type[Comment]], _Meaning]:
    """What a term asks of each comment."""

    def meaning(entity: type[Comment]) -> _Meaning:
        found = _FINDERS[term.operator](entity, term.value)
        found = ~found if term.is_not else found
        if term.operator != "email":
            return found
        # Elsewhere nobody learns by asking whose comment it is.
        return and_(entity.site_id.in_(emails), found)

    return meaning


def _by_author(entity: type[Comment], value: str) -> _Meaning:
    return _contains(entity.author, value)


def _by_email(entity: type[Comment], value: str) -> _Meaning:
    return _contains(entity.email, value)


def _by_page(entity: type[Comment], value: str) -> _Meaning:
    thread = or_(_contains(Thread.page, value), _contains(Thread.title, value))
    return entity.thread.has(thread)


def _by_link(entity: type[Comment], value: str) -> _Meaning:
    """A host, or any part of an address: in a link of the text or in the website field."""
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", value, flags=re.IGNORECASE)
    if not host:
        return false()
    return or_(
        *(
            _contains(column, f"{before}{host}")
            for column in (entity.body_html, entity.website)
            for before in ("//", "//www.", ".")
        )
    )


def _by_rule(entity: type[Comment], value: str) -> _Meaning:
    name = re.sub(r"\s+", "-", value.casefold())
    return entity.rules.contains(f" {name} ", autoescape=True)


def _by_language(entity: type[Comment], value: str) -> _Meaning:
    return entity.written_in == value.lower()


def _by_kind(entity: type[Comment], value: str) -> _Meaning:
    return entity.kind == Kind(value.lower())


def _by_text(entity: type[Comment], value: str) -> _Meaning:
    return _contains(entity.body, value)


_FINDERS: dict[str, Callable[[type[Comment], str], _Meaning]] = {
    "author": _by_author,
    "email": _by_email,
    "page": _by_page,
    "link": _by_link,
    "rule": _by_rule,
    "lang": _by_language,
    "kind": _by_kind,
    "text": _by_text,
}


def _contains(column: object, value: str) -> _Meaning:
    """Whatever its case. SQLite folds ASCII only, so it is asked for the usual spellings."""
    spellings = {value} if value.isascii() else {value, value.lower(), value.upper(), value.title()}
    return or_(*(column.icontains(each, autoescape=True) for each in sorted(spellings)))  # type: ignore[attr-defined]
