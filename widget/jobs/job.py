"""What all jobs have in common."""

import functools
from collections.abc import Callable
from typing import ParamSpec

from flask import current_app

from widget.db import writing

Params = ParamSpec("Params")
# For so many seconds a job goes on that has more to do, however slow the database is; then it rings
# for itself: others wait for this worker as well.
AT_A_STRETCH = 10


def job(function: Callable[Params, None]) -> Callable[Params, None]:
    """Give a job an app context, and so a session, of its own. It needs one around it already."""

    @functools.wraps(function)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> None:
        with current_app.app_context(), writing():
            function(*args, **kwargs)

    return run
