"""The two ways the desk answers a button: a page to go to, or JSON for the script."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import jsonify, request
from werkzeug.wrappers import Response

# What stands in the address of a page of the queue: /desk/VIEW/.
_HOME = "pending"


def wants_json() -> bool:
    """Does the script ask, and not a browser that goes to a page?"""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def told(words: str, status: int = HTTPStatus.OK, **more: Any) -> Response:
    """What happened, in words, and what the script needs beside them."""
    answer = jsonify(told=words, **more)
    answer.status_code = status
    return answer


def view_behind() -> str:
    """Which view the button stood in, as the posted `back` says."""
    try:
        path = urlsplit(request.form.get("back", "")).path
    except ValueError:
        return _HOME
    name = path.removeprefix("/desk/").partition("/")[0]
    return name or _HOME
