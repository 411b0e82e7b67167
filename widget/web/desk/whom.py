"""What the desk says of rules: whom they are about, what they do and how long."""

from flask import Flask

from widget.models import Comment, Effect, Match, Rule, Status
from widget.moderation import previews, subjects
from widget.moderation.previews import Preview
from widget.moderation.subjects import Subject

EFFECTS = {
    Effect.spam: "Ban: it goes to spam",
    Effect.trash: "Ban: it goes to the trash",
    Effect.hold: "Hold: it waits for a moderator",
    Effect.trust: "Trust: it is published, unless it looks like spam",
}
PERIODS = {"day": "for a day", "week": "for a week", "month": "for a month", "ever": "for good"}
_DONE = {
    Effect.spam: "banned, to spam",
    Effect.trash: "banned, to the trash",
    Effect.hold: "held",
    Effect.trust: "trusted",
}
_OF_COMMENT = {
    Match.key: "the browser that {author} wrote with",
    Match.network: "the network that {author} wrote from",
    Match.email: "the e-mail address that {author} gave",
    Match.domain: "the whole domain of that address",
}
_TYPED = {
    Match.link: "a host that comments link to",
    Match.email: "an e-mail address",
    Match.domain: "a whole domain of e-mail addresses",
}
_MAX_HOSTS = 20
_STATUSES = {
    Status.pending: "pending",
    Status.approved: "approved",
    Status.spam: "in spam",
    Status.trash: "in the trash",
    Status.rejected: "rejected",
}


def init_app(app: Flask) -> None:
    """Give the templates their words."""
    for word in (whom, done, found, in_sight, until_words):
        app.add_template_filter(word)
    app.jinja_env.globals.update(effects=EFFECTS, periods=PERIODS)


def choices(comment: Comment) -> dict[str, str]:
    """By what the author of a comment, or what it links to, can be told."""
    known = {
        Match.key: comment.key_hash,
        Match.network: comment.network_hash,
        Match.email: comment.email,
        Match.domain: comment.email,
    }
    found = {
        match.value: words.format(author=comment.author)
        for match, words in _OF_COMMENT.items()
        if known[match]
    }
    hosts = subjects.hosts(comment)[:_MAX_HOSTS]
    return found | {f"{Match.link.value} {host}": f"links to {host} or below" for host in hosts}


def typed_choices(*, sees: bool) -> dict[str, str]:
    """What can be typed by somebody who sees addresses, or does not."""
    return {match.value: words for match, words in _TYPED.items() if sees or match is Match.link}


def whom(rule: Rule | Subject, sees_emails: bool) -> str:  # noqa: FBT001 (a template says it)
    """Whom or what a rule is about. A hash is never shown, an address only to who may see it."""
    match rule.match:
        case Match.key:
            return f"The browser of {rule.about}" if rule.about else "A browser"
        case Match.network:
            return f"The network of {rule.about}" if rule.about else "A network"
        case Match.email:
            known = rule.about if sees_emails else ""
            return f"The e-mail address {known}" if known else "An e-mail address"
        case Match.domain:
            return f"E-mail addresses at {rule.pattern}" if sees_emails else "An e-mail domain"
        case Match.link:
            return f"Links to {rule.pattern}"


def done(rule: Rule) -> str:
    """What becomes of what matches."""
    return _DONE[rule.effect]


def until_words(rule: Rule) -> str:
    """How long a rule counts."""
    if rule.until is None:
        return "It counts until it is ended."
    return f"It ends by itself on {rule.until:%b} {rule.until.day}, {rule.until.year}."


def found(preview: Preview) -> str:
    """How many comments a rule would have caught, by where they are now."""
    counts = [
        f"{_number(count)} {_STATUSES[status]}" for status, count in preview.counts.items() if count
    ]
    return ", ".join(counts)


def in_sight(preview: Preview) -> str:
    """How many of them a ban would take away."""
    return f"more than {previews.COUNTED:,}" if preview.is_capped else f"{preview.in_sight:,}"


def _number(count: int) -> str:
    return f"more than {previews.COUNTED:,}" if count > previews.COUNTED else f"{count:,}"
