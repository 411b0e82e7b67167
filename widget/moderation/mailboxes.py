"""An e-mail address without the address: what a rule or a reference keeps of it."""

import hashlib
import hmac

from widget import config
from widget.notify import subscriptions


def digest(site_id: int, email: str) -> str:
    """What stands for a mailbox at one site. It says nothing to whoever lacks our secret key."""
    return _digest(config.current().secret_key, site_id, email)


def digests(site_id: int, email: str) -> list[str]:
    """The same, also under earlier secret keys: what was written then still counts."""
    settings = config.current()
    keys = [settings.secret_key, *settings.secret_key_fallbacks]
    return [_digest(key, site_id, email) for key in keys]


def domain(email: str) -> str:
    """What follows the @, in small letters."""
    return subscriptions.address(email).rpartition("@")[2]


def masked(email: str) -> str:
    """Enough for a moderator to know it again: “a…@example.org”."""
    name, _, host = subscriptions.address(email).rpartition("@")
    return f"{name[:1]}…@{host}"


def _digest(key: str, site_id: int, email: str) -> str:
    purpose = f"mailbox {site_id} {subscriptions.address(email)}"
    return hmac.new(
        key.encode(), purpose.encode(errors="surrogatepass"), hashlib.sha256
    ).hexdigest()
