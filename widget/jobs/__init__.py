"""Every RQ entry point, and the cron table. Thin, idempotent; they take ids and commit."""

from collections.abc import Callable

from widget import config
from widget.jobs.learning import learn, learn_due, let_learn
from widget.jobs.screening import consult, screen, screen_waiting
from widget.jobs.sending import deliver, ring
from widget.jobs.upkeep import forget, move_batch, sweep, write_digests

__all__ = [
    "consult",
    "cron_table",
    "deliver",
    "forget",
    "learn",
    "learn_due",
    "let_learn",
    "move_batch",
    "ring",
    "screen",
    "screen_waiting",
    "sweep",
    "write_digests",
]
_OFTEN, _DAILY = 900, 86_400


def cron_table() -> list[tuple[Callable[[], None], int]]:
    """What is rung for regularly, and every how many seconds."""
    return [
        (sweep, config.current().sweep_seconds),
        (write_digests, _OFTEN),
        (learn_due, _OFTEN),
        (forget, _DAILY),
    ]
