"""What can be set at a site: one description for the command line and the desk's page.

Each setting is a column of models.site, under the name that publishers know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from widget.models import Hold, Moderator, Order, Site, Telling, Votes
from widget.models.site import MAX_DEPTH
from widget.moderation import log
from widget.moderation.kinds import (
    Choice,
    Kind,
    Language,
    Listing,
    Name,
    Number,
    Origins,
    Switch,
    Zone,
)
from widget.spam.words import count

_TOLD_LINES = 20
_TOLD_LENGTH = 60


@dataclass(frozen=True)
class Setting:
    """One thing that can be set: `name` is its column, `hint` says what it does.

    `shown`: readers' pages show it, so that they have to be made anew.
    """

    name: str
    label: str
    kind: Kind
    hint: str = ""
    shown: bool = True

    @property
    def kind_name(self) -> str:
        """Which field it has on a page."""
        return type(self.kind).__name__.lower()

    def of(self, site: Site) -> str:
        """How it is set, as it would be typed."""
        return self.kind.write(getattr(site, self.name))


def change(site: Site, values: Mapping[str, Any], moderator: Moderator | None) -> list[Setting]:
    """Set what differs, and write it to the log; returns what has changed."""
    changed = [
        setting
        for setting in SETTINGS.values()
        if setting.name in values and values[setting.name] != getattr(site, setting.name)
    ]
    before, after = {}, {}
    for setting in changed:
        old, new = getattr(site, setting.name), values[setting.name]
        before[setting.name] = _told(setting, old)
        after[setting.name] = _told(setting, new)
        if isinstance(setting.kind, Listing):
            after[setting.name] += _difference(old, new)
        setattr(site, setting.name, new)
    if changed:
        log.write(site.id, moderator, "site changed", site.name, before=before, after=after)
    if any(setting.shown for setting in changed):
        site.version += 1
    return changed


def _told(setting: Setting, value: Any) -> str:
    if isinstance(setting.kind, Listing):
        lines = count(value)
        return "1 line" if lines == 1 else f"{lines:,} lines"
    return setting.kind.write(value)


def _difference(old: str, new: str) -> str:
    """The lines that came and went, as far as a line of the log has room for them."""
    before, after = old.splitlines(), new.splitlines()
    return "".join(
        f"; {verb}: {_few(lines)}"
        for verb, lines in (
            ("added", sorted({*after} - {*before})),
            ("removed", sorted({*before} - {*after})),
        )
        if lines
    )


def _few(lines: list[str]) -> str:
    # A listed address is somebody's: the log does not repeat it.
    shown = [line[:_TOLD_LENGTH] for line in lines if line.strip() and "@" not in line]
    rest = len(lines) - len(shown[:_TOLD_LINES])
    told = [f"“{line.strip()}”" for line in shown[:_TOLD_LINES]]
    return ", ".join([*told, *([f"{rest:,} more"] if rest else [])])


_DAYS = Number(0, 36_500, "days")
HOLDS = {
    Hold.all.value: "Everyone: each comment must be approved",
    Hold.first.value: "First-timers: whose browser has no approved comment here",
    Hold.none.value: "Nobody, unless something looks like spam",
}
_DECLARED = (
    Setting("hold", "Who waits for a moderator", Choice(Hold, HOLDS), shown=False),
    Setting(
        "hold_links",
        "Hold a comment from",
        Number(0, 1_000, "links on"),
        "Spam tends to have many. 0: never for its links.",
        shown=False,
    ),
    Setting(
        "hold_reports",
        "Hold it again when",
        Number(0, 1_000, "readers reported it"),
        "Counted once a network. 0: never.",
        shown=False,
    ),
    Setting(
        "hold_words",
        "Comment moderation keys",
        Listing(),
        "What says one of these is held.",
        shown=False,
    ),
    Setting(
        "spam_words",
        "Disallowed comment keys",
        Listing(),
        "What says one of these goes to spam at once.",
        shown=False,
    ),
    Setting(
        "require_email", "Comment authors must fill out their e-mail address", Switch(),
        "It is never shown to readers.",
    ),
    Setting("edit_minutes", "Authors may change what they wrote for", Number(0, 525_600, "minutes"),
            "Or take it back. 0: not at all."),
    Setting(
        "close_after_days", "Close comments on articles older than", _DAYS,
        "Since the first comment. 0: they stay open.",
    ),
    Setting("votes", "Readers may vote", Choice(Votes, {
        Votes.none.value: "Not at all", Votes.up.value: "Up", Votes.both.value: "Up and down",
    })),
    Setting("markdown", "Understand *emphasis* and Markdown’s other everyday marks", Switch()),
    Setting("depth", "Threaded comments, up to", Number(1, MAX_DEPTH, "levels deep"),
            "Deeper replies stand on the last level. 1: a flat list."),
    Setting("page_size", "Break comments into pages of", Number(1, 200, "top-level comments")),
    Setting("order", "The first page shows", Choice(Order, {
        Order.oldest.value: "The older comments", Order.newest.value: "The newer comments",
    }), "Replies always stand oldest first."),
    Setting("infinite_scroll", "Show more while readers scroll, instead of at a link", Switch()),
    Setting("trash_days", "Empty the trash after", _DAYS, "0: never.", shown=False),
    Setting("spam_days", "Empty spam after", _DAYS, "0: never.", shown=False),
    Setting("new_telling", "New moderators hear of what waits", Choice(Telling, {
        Telling.at_once.value: "At once, for each comment", Telling.hourly.value: "Once an hour",
        Telling.daily.value: "Once a day", Telling.never.value: "Never",
    }), "Until they choose for themselves.", shown=False),
    Setting(
        "reader_mail", "Readers may ask for mail: whether their comment is published, and new ones",
        Switch(), "Off, nobody new can ask. Who asked before still hears.",
    ),
    Setting(
        "tell_reasons", "Tell authors why their comment was rejected", Switch(),
        "Those who asked to hear of it; as the moderator worded it.", shown=False,
    ),
    Setting(
        "transparent", "Show how this site is moderated", Switch(),
        "A public page: how many comments were held, approved and rejected, why, and how soon.",
    ),
    Setting("name", "Site name", Name(), "As readers know it."),
    Setting("origins", "Where its pages live", Origins(),
            "One address a line, such as https://news.example.org."),
    Setting("language", "Language", Language(), "In which readers are spoken to."),
    Setting("timezone", "Time zone", Zone(), "In which times are shown."),
)  # fmt: skip
SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _DECLARED}
