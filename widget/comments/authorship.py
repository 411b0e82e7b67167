"""Who wrote a comment, without knowing who: keyed hashes of a key and of an address.

The commenter's key is made and kept by the browser. An address is hashed with a key that changes
every month, so that hashes of different months cannot be joined.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime

# A key shorter than this was not made by our script and could be guessed.
MIN_KEY = 20
MAX_KEY = 128
_NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, kw_only=True)
class Author:
    """Hex SHA-256 HMACs; None where nothing was given."""

    key_hash: str | None
    address_hash: str | None
    network_hash: str | None


def hash_key(secret: str, *, site_id: int, key: str | None) -> str | None:
    """The hash that stands for a commenter's key at one site; None for no usable key."""
    if not key or not MIN_KEY <= len(key) <= MAX_KEY:
        return None
    return _hash(secret, f"commenter key {site_id}", key)


def recognise(
    secret: str, *, site_id: int, key: str | None, address: str | None, at: datetime
) -> Author:
    """Hash what tells one author from another. The raw values go no further."""
    month = f"address {at:%Y-%m}"
    exact, network = _address_and_network(address)
    return Author(
        key_hash=hash_key(secret, site_id=site_id, key=key),
        address_hash=_hash(secret, month, exact) if exact else None,
        network_hash=_hash(secret, month, network) if network else None,
    )


def _address_and_network(address: str | None) -> tuple[str, str]:
    if not address:
        return "", ""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "", ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    network = ipaddress.ip_network(f"{ip}/{_NETWORK_BITS[ip.version]}", strict=False)
    return str(ip), str(network)


def _hash(secret: str, purpose: str, value: str) -> str:
    key = hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()
    return hmac.new(key, value.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
