"""Mails to readers: in their language, as plain text that stands by itself, and as HTML.

The text of a mail is rendered whole and then filled to lines that any client shows.
"""

from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

from flask import render_template

from widget import addresses, language
from widget.config import Settings
from widget.language import gettext as _
from widget.language import ngettext
from widget.models import Comment, Decision, Delivery, Site, Status, Subscription, Thread
from widget.notify import links, mail, plain
from widget.notify.links import Purpose

_WHOLE = 5000
_EXCERPT = 300


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """What a digest says of one thread: its newest comments, and how many there are in all."""

    thread: Thread
    comments: list[Comment]
    count: int


def confirm(settings: Settings, delivery: Delivery, subscription: Subscription) -> EmailMessage:
    """The one mail to somebody who has not confirmed yet."""
    site, thread = subscription.site, subscription.thread
    with language.speaking(subscription.language or site.language, site.words):
        return _compose(
            settings,
            delivery,
            template="reader_confirm",
            subject=_("Please confirm: comments on “%(title)s”", title=title_of(thread)),
            known={
                **_common(thread),
                "is_thread": subscription.comment_id == 0,
                "is_daily": subscription.daily,
                "confirm": _link(settings, Purpose.confirm, subscription),
                "days": links.VALID_SECONDS // 86_400,
            },
            headers=_list_headers(settings, subscription, thread),
        )


def news(
    settings: Settings, delivery: Delivery, comment: Comment, subscription: Subscription
) -> EmailMessage:
    """One comment, to one subscriber."""
    site, thread = comment.site, comment.thread
    with language.speaking(subscription.language or site.language, site.words):
        if subscription.comment_id:
            subject = _("New reply to your comment on “%(title)s”", title=title_of(thread))
        else:
            subject = _("New comment on “%(title)s”", title=title_of(thread))
        return _compose(
            settings,
            delivery,
            template="reader_news",
            subject=subject,
            known={
                **_common(thread),
                **_quoted(comment, _WHOLE),
                "is_reply": subscription.comment_id != 0,
                "answered": _answered(comment),
                "unsubscribe": _link(settings, Purpose.unsubscribe, subscription),
                "manage": _manage(settings, delivery),
            },
            headers=_list_headers(settings, subscription, thread),
        )


def digest(
    settings: Settings, delivery: Delivery, chapters: list[Chapter], spoken: str
) -> EmailMessage:
    """All that a subscriber has not heard of yet, in one mail."""
    site = delivery.site
    count = sum(chapter.count for chapter in chapters)
    unsubscribe = links.for_reader(
        settings, Purpose.unsubscribe, site_id=site.id, email=delivery.recipient
    )
    with language.speaking(spoken or site.language, site.words):
        if len(chapters) == 1:
            subject = ngettext(
                "%(num)s new comment on “%(title)s”",
                "%(num)s new comments on “%(title)s”",
                count,
                title=title_of(chapters[0].thread),
            )
        else:
            subject = ngettext(
                "%(num)s new comment on “%(title)s” and other articles",
                "%(num)s new comments on “%(title)s” and other articles",
                count,
                title=title_of(chapters[0].thread),
            )
        return _compose(
            settings,
            delivery,
            template="reader_digest",
            subject=subject,
            known={
                "site": site,
                "chapters": [_chapter(chapter) for chapter in chapters],
                "unsubscribe": unsubscribe,
                "manage": _manage(settings, delivery),
            },
            headers=_headers(settings, unsubscribe, site, f"daily.{site.key}"),
        )


def decided(
    settings: Settings, delivery: Delivery, comment: Comment, decision: Decision | None
) -> EmailMessage:
    """What became of a comment, to its author; its words only where they are public anyway.

    Where they are not, neither is what the author said the page's title was: with it, anyone
    could have us write anything to anybody.
    """
    site, thread = comment.site, comment.thread
    is_public = comment.status is Status.approved
    with language.speaking(comment.language or site.language, site.words):
        title = title_of(thread) if thread.approved_count else site.name
        if is_public:
            subject = _("Your comment on “%(title)s” is published", title=title)
        else:
            subject = _("Your comment on “%(title)s” is not published", title=title)
        return _compose(
            settings,
            delivery,
            template="reader_decided",
            subject=subject,
            known={
                **_common(thread),
                **(_quoted(comment, _WHOLE) if is_public else {}),
                "title": title,
                "is_public": is_public,
                "reason": _reason(site, decision),
            },
        )


def _reason(site: Site, decision: Decision | None) -> str:
    """What a moderator said of a decision, where the site tells its authors."""
    return decision.reason if site.tell_reasons and decision and decision.moderator else ""


def title_of(thread: Thread) -> str:
    """What the article is called."""
    return thread.title or thread.page


def _compose(
    settings: Settings,
    delivery: Delivery,
    *,
    template: str,
    subject: str,
    known: dict[str, object],
    headers: dict[str, str] | None = None,
) -> EmailMessage:
    known["subject"] = subject
    return mail.compose(
        settings,
        recipient=delivery.recipient,
        subject=subject,
        text=plain.filled(render_template(f"mail/{template}.txt", **known)),
        html=render_template(f"mail/{template}.html", **known),
        unique=f"{delivery.site_id}:{delivery.dedupe_key}",
        headers=headers,
    )


def _common(thread: Thread) -> dict[str, object]:
    return {
        "site": thread.site,
        "title": title_of(thread),
        "article": addresses.thread(thread.site, thread),
    }


def _quoted(comment: Comment, limit: int) -> dict[str, object]:
    return {
        "author": comment.author,
        "published_at": comment.published_at,
        "words": plain.words_of(comment.body_html, limit),
        "address": addresses.comment(comment.site, comment.thread, comment.id),
    }


def _answered(comment: Comment) -> str:
    """Whom a comment replies to, if readers can see it."""
    parent = comment.parent
    return parent.author if parent and parent.status is Status.approved else ""


def _chapter(chapter: Chapter) -> dict[str, object]:
    return {
        "title": title_of(chapter.thread),
        "article": addresses.thread(chapter.thread.site, chapter.thread),
        "comments": [_quoted(comment, _EXCERPT) for comment in chapter.comments],
        "more": chapter.count - len(chapter.comments),
    }


def _link(settings: Settings, purpose: Purpose, subscription: Subscription) -> str:
    return links.for_reader(
        settings,
        purpose,
        site_id=subscription.site_id,
        email=subscription.email,
        thread_id=subscription.thread_id,
    )


def _manage(settings: Settings, delivery: Delivery) -> str:
    return links.for_reader(
        settings, Purpose.manage, site_id=delivery.site_id, email=delivery.recipient
    )


def _list_headers(settings: Settings, subscription: Subscription, thread: Thread) -> dict[str, str]:
    unsubscribe = _link(settings, Purpose.unsubscribe, subscription)
    return _headers(settings, unsubscribe, thread.site, f"thread-{thread.id}.{thread.site.key}")


def _headers(settings: Settings, unsubscribe: str, site: Site, name: str) -> dict[str, str]:
    """What lets a mail program offer “unsubscribe” with one click (RFC 8058), and sort."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    return {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"{' '.join(site.name.split())} <{name}.{host}>",
        "Precedence": "list",
    }
