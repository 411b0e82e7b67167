"""Mail: composed here, sent by SMTP, or written as .eml files where no server is set."""

import hashlib
import smtplib
import ssl
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

from flask import render_template

from widget.config import Settings
from widget.models import Comment, Delivery, Membership, Move
from widget.notify import plain
from widget.notify.links import VALID_SECONDS, MailedMove, sign
from widget.notify.waiting import Waiting

_TIMEOUT = 20
_OFFERED = {Move.approve: "Approve", Move.spam: "Spam", Move.trash: "Trash"}
# The queue shows longer comments whole.
_MAX_BODY = 5000
_EXCERPT = 300
# Replies from 500 up say that another try cannot help (RFC 5321, 4.2.1).
_PERMANENT = 500


# How an error begins that is none: the message had become moot.
MOOT = "not needed any more: "


class NotSent(Exception):
    """A message did not go out; `for_good` says that trying again cannot help.

    `pause`: for how long whoever refused it wants to be left alone.
    """

    def __init__(self, why: str, *, for_good: bool, pause: timedelta | None = None) -> None:
        super().__init__(why)
        self.for_good = for_good
        self.pause = pause


class NotNeeded(NotSent):
    """Nobody needs the message any more."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{MOOT}{why}", for_good=True)


def held(settings: Settings, delivery: Delivery, comment: Comment) -> EmailMessage:
    """The mail that asks a moderator about a held comment.

    It holds what the decision needs and no more: the author's e-mail address stays here.
    """
    title = comment.thread.title or comment.thread.page
    known = {
        "comment": comment,
        "title": title,
        "article": _article(settings, comment),
        "body": _shortened(comment.body),
        "links": _links(settings, delivery, comment.id),
        "days": VALID_SECONDS // 86_400,
        "queue": f"{settings.public_url}/desk/pending/",
        "choices": f"{settings.public_url}/desk/account/telling",
    }
    return compose(
        settings,
        recipient=delivery.recipient,
        subject=f"[{comment.site.name}] Please moderate: “{title}”",
        text=render_template("mail/held.txt", **known),
        html=render_template("mail/held.html", **known),
        unique=f"{delivery.site_id}:{delivery.dedupe_key}",
    )


def waiting(
    settings: Settings, delivery: Delivery, place: Membership, found: Waiting
) -> EmailMessage:
    """The mail that tells a moderator of all that waits."""
    told = [
        {
            "comment": comment,
            "title": comment.thread.title or comment.thread.page,
            "article": _article(settings, comment),
            "words": plain.words_of(comment.body_html, _EXCERPT),
            "links": _links(settings, delivery, comment.id),
        }
        for comment in found.comments
    ]
    known = {
        "site": place.site,
        "waiting": found,
        "told": told,
        "days": VALID_SECONDS // 86_400,
        "queue": f"{settings.public_url}/desk/pending/?site={place.site.key}",
        "filter": f"{settings.public_url}/desk/sites/{place.site.key}/filter",
        "choices": f"{settings.public_url}/desk/account/telling",
    }
    return compose(
        settings,
        recipient=delivery.recipient,
        subject=f"[{place.site.name}] {found.summary}",
        text=plain.filled(render_template("mail/waiting.txt", **known)),
        html=render_template("mail/waiting.html", **known),
        unique=f"{delivery.site_id}:{delivery.dedupe_key}",
    )


def _links(settings: Settings, delivery: Delivery, comment_id: int) -> dict[str, str]:
    """What can be decided, in words, and the page that asks for it."""
    return {
        words: f"{settings.public_url}/desk/decide/"
        + sign(
            settings,
            MailedMove(
                comment_id=comment_id, moderator_id=delivery.payload["moderator"], move=move
            ),
        )
        for move, words in _OFFERED.items()
    }


def _article(settings: Settings, comment: Comment) -> str:
    """Where the comment would stand: the host page, or ours where its address is not known."""
    if comment.thread.url.startswith(("http://", "https://")):
        return comment.thread.url
    query = urlencode({"page": comment.thread.page})
    return f"{settings.public_url}/t/{comment.site.key}?{query}"


def _shortened(body: str) -> str:
    """As much of a comment as a mail should carry."""
    return body if len(body) <= _MAX_BODY else f"{body[:_MAX_BODY].rstrip()} […]"


def compose(
    settings: Settings,
    *,
    recipient: str,
    subject: str,
    text: str,
    html: str | None,
    unique: str,
    headers: dict[str, str] | None = None,
) -> EmailMessage:
    """A mail in text and HTML. The same `unique` always gives the same Message-ID."""
    name, address = parseaddr(settings.mail_from)
    domain = address.rpartition("@")[2] or "localhost"
    digest = hashlib.sha256(f"{settings.secret_key}:{unique}".encode()).hexdigest()[:32]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = recipient
    # A subject holds titles that came from outside: a line break in it would be a header of theirs.
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{digest}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    for header, value in (headers or {}).items():
        message[header] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand a mail to the SMTP server, or write it as a file. Raises NotSent."""
    try:
        if settings.smtp_url:
            _send_by_smtp(settings.smtp_url, message)
        else:
            _write(mail_folder(settings), message)
    except smtplib.SMTPResponseException as error:
        # Only what was said of this very mail is final. A wrong password, say, is mended some day.
        is_final = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= _PERMANENT
        text = (
            error.smtp_error.decode(errors="replace")
            if isinstance(error.smtp_error, bytes)
            else str(error.smtp_error)
        )
        raise NotSent(f"{error.smtp_code} {text}", for_good=is_final) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise NotSent(
            f"the server refused the recipient ({codes[0]})",
            for_good=min(codes) >= _PERMANENT,
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(str(error) or type(error).__name__, for_good=False) from error


def mail_folder(settings: Settings) -> Path:
    """Where mail goes while no SMTP server is set."""
    return settings.data / "mail"


def _write(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").partition("@")[0]
    partial = folder / f"{name}.part"
    partial.write_bytes(message.as_bytes())
    partial.rename(folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{name}.eml")


def _send_by_smtp(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=_TIMEOUT, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=_TIMEOUT)
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif parts.scheme == "smtp" and parts.username and not _is_here(host):
            # Whoever sits between could have removed the offer, to read the password.
            raise NotSent("the mail server offers no encryption (STARTTLS)", for_good=False)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _is_here(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"
