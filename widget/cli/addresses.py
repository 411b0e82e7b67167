"""Where we listen, and by which names a browser on this machine finds us there."""

import errno
import socket

from widget.config import PREFIX, Settings

_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 (compared, not bound)
_LOOPBACK = ("127.0.0.1", "localhost")


def origins(host: str, port: int) -> list[str]:
    """The origins of what listens on this host and port, the one to tell people first.

    To a browser each of this machine's names is an origin of its own.
    """
    names = list(_LOOPBACK)
    if host not in {*_LOOPBACK, *_EVERYWHERE}:
        names.insert(0, f"[{host}]" if ":" in host else host)
    return [f"http://{name}:{port}" for name in names]


def reachable(host: str) -> str:
    """Where to knock for what listens on this host."""
    return _LOOPBACK[0] if host in _EVERYWHERE else host


def family(host: str) -> socket.AddressFamily:
    """Which kind of address this is."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def fault(settings: Settings, name: str) -> str | None:
    """Why nobody can listen on the port that is set by `name`; None if we can."""
    port = getattr(settings, name)
    setting = f"{PREFIX}{name.upper()}"
    with socket.socket(family(settings.host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is taken: stop what listens there, or set {setting}."
            return (
                f"Nothing can listen on {settings.host}, port {port} ({error.strerror}): "
                f"set WIDGET_HOST or {setting}."
            )
    return None
