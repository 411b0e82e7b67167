"""Who wrote a comment, without knowing who: keyed hashes of a key and of an address.

The commenter's key is made and kept by the browser. An address is hashed with a key that changes
every month, so that hashes of different months cannot be joined without the secret.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# A key shorter than this was not made by our script and could be guessed.
MIN_KEY = 20
MAX_KEY = 128
_NETWORK_BITS = {4: 24, 6: 48}
# One connection has one address of version 4, but 2**64 of version 6.
_CONNECTION_BITS = {4: 32, 6: 64}

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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
    ip = _parsed(address)
    return Author(
        key_hash=hash_key(secret, site_id=site_id, key=key),
        address_hash=_hash(secret, _month(at), str(ip)) if ip else None,
        network_hash=_hash(secret, _month(at), _network(ip, _NETWORK_BITS)) if ip else None,
    )


def changed(earlier: Sequence[Author], author: Author) -> dict[str, str]:
    """What the hashes under earlier secrets have become: of a key and of a network."""
    return {
        old: new
        for each in earlier
        for old, new in (
            (each.key_hash, author.key_hash),
            (each.network_hash, author.network_hash),
        )
        if old and new
    }


def hash_connection(secret: str, *, address: str | None, at: datetime) -> str | None:
    """The hash that stands for whoever holds an address; what limits are counted by."""
    ip = _parsed(address)
    return _hash(secret, _month(at), _network(ip, _CONNECTION_BITS)) if ip else None


def _parsed(address: str | None) -> _Address | None:
    try:
        # Without the zone of a link-local address: it names a network card of ours.
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _network(ip: _Address, bits: dict[int, int]) -> str:
    return str(ipaddress.ip_network(f"{ip}/{bits[ip.version]}", strict=False))


def _month(at: datetime) -> str:
    return f"address {at:%Y-%m}"


def _hash(secret: str, purpose: str, value: str) -> str:
    key = hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()
    return hmac.new(key, value.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
