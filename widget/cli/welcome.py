"""What `widget up` says when all is running: where to go, and who to be there."""

import os
import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

from widget.cli import addresses
from widget.cli.demo import Owner
from widget.config import Settings
from widget.notify.mail import mail_folder


def text(settings: Settings, owner: Owner) -> str:
    """The lines, in the order in which a newcomer needs them."""
    return "\n".join(
        [
            "",
            f"  Demo page   {addresses.origins(settings.host, settings.demo_port)[0]}/",
            f"  Desk        {settings.public_url}/desk/",
            f"  Sign in as  {owner.email}",
            f"  Password    {_password(settings, owner)}",
            f"  Mail        {_mail(settings)}",
            f"  Kept in     {_short(settings.data)}",
            "",
            "Ctrl-C stops everything; nothing is lost.",
        ]
    )


def _password(settings: Settings, owner: Owner) -> str:
    if owner.password:
        return f"{owner.password}  (shown only this once)"
    if owner.is_new:
        return "as set in WIDGET_OWNER_PASSWORD"
    return f"as before; for a new one: {_command(settings)} moderator password {owner.email}"


def _mail(settings: Settings) -> str:
    if settings.smtp_url:
        return f"goes out by {urlsplit(settings.smtp_url).hostname}"
    files = f"files in {_short(mail_folder(settings))}/, as no WIDGET_SMTP_URL is set"
    return f"{files}; see {settings.public_url}/desk/mail/" if settings.development else files


def _command(settings: Settings) -> str:
    """How to run another command on this folder from here, ready to be pasted."""
    started = Path(sys.argv[0])
    command = _short(started) if started.name == "widget" else "python -m widget"
    default = type(settings).model_fields["data"].default
    if settings.data == Path(default).resolve():
        return command
    return f"WIDGET_DATA={shlex.quote(_short(settings.data))} {command}"


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
