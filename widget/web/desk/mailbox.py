"""The mail that was written to files, to look at while developing."""

from email import message_from_bytes, policy
from pathlib import Path

from flask import Blueprint, abort, render_template
from flask_security import auth_required

from widget import config
from widget.notify.mail import mail_folder
from widget.web.accounts import signed_in

bp = Blueprint("mailbox", __name__)
_SHOWN = 100


@bp.get("/mail/")
@auth_required("session")
def index() -> str:
    """The latest mails. Only in development: they hold other moderators' links."""
    settings = config.current()
    if not settings.development or settings.smtp_url:
        abort(404)
    files = sorted(mail_folder(settings).glob("*.eml"), reverse=True)[:_SHOWN]
    return render_template(
        "desk/mailbox.html", moderator=signed_in(), mails=[_read(file) for file in files]
    )


def _read(file: Path) -> dict[str, str]:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "date": str(message["Date"]),
        "text": str(body.get_content()) if body else "",
    }
