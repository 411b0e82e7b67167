"""The mail that was written to files, to look at while developing."""

from email import message_from_bytes, policy
from pathlib import Path

from flask import Blueprint, abort, render_template
from flask_security import auth_required

from widget import config
from widget.notify.mail import mail_folder

bp = Blueprint("mailbox", __name__)
_SHOWN = 100


def is_open() -> bool:
    """Only in development, and only while mail is written to files: it holds others' links."""
    settings = config.current()
    return settings.development and not settings.smtp_url


@bp.get("/mail/")
@auth_required("session")
def index() -> str:
    """The latest mails, newest first."""
    if not is_open():
        abort(404)
    files = sorted(mail_folder(config.current()).glob("*.eml"), reverse=True)[:_SHOWN]
    return render_template("desk/mailbox.html", mails=[_read(file) for file in files])


def _read(file: Path) -> dict[str, str]:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "date": str(message["Date"]),
        "text": str(body.get_content()) if body else "",
    }
