"""How the processes speak: one line an event on stderr, its level first.

`widget up` reads these lines: it shows warnings and errors, and keeps all of them in files.
"""

import logging
import logging.config
from typing import Any

CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"widget": {"level": "INFO"}, "_granian": {}},
}


def of_a_service() -> None:
    """For processes that stay: what they do can be followed."""
    logging.config.dictConfig(CONFIG)


def of_a_command() -> None:
    """For commands that end: their output is their answer, so only what is wrong is logged."""
    logging.config.dictConfig({**CONFIG, "loggers": {"widget": {"level": "WARNING"}}})
