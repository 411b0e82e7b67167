"""The form in which an answer is wanted: a page, a fragment or JSON."""

from enum import Enum, auto

from flask import Response, jsonify, make_response, redirect, request

from widget import language
from widget.publishing import templates


class Wanted(Enum):
    """What the asker can use."""

    page = auto()
    fragment = auto()
    json = auto()


def wanted() -> Wanted:
    """A browser on its way to a page, our script, or a program?

    Fetch metadata tells (every browser of today sends it); without it, the Accept header does.
    """
    mode = request.headers.get("Sec-Fetch-Mode")
    accept = request.headers.get("Accept", "")
    if mode == "navigate" or (mode is None and "text/html" in accept):
        return Wanted.page
    if "application/json" in accept and "text/html" not in accept:
        return Wanted.json
    return Wanted.fragment


def notice(status: int, message: str, *, field: str = "") -> Response:
    """An answer in words; `field` is the form field that it is about."""
    match wanted():
        case Wanted.json:
            response = jsonify({"error": message, "field": field or None})
        case Wanted.page:
            template = "desk/message.html" if request.path.startswith("/desk") else "message.html"
            response = make_response(
                templates.render(
                    template, message=message, status=status, posted=request.method == "POST"
                )
            )
        case Wanted.fragment:
            response = make_response(
                templates.render("embed/notice.html", message=message, field=field)
            )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.vary.update({"Accept", "Sec-Fetch-Mode"})
    return response


def private(html: str, status: int = 200) -> Response:
    """An answer that is for one reader only."""
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def redirected(location: str) -> Response:
    """Go on there: what a form of a browser without a script is answered."""
    response = redirect(location, code=303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # werkzeug's type; Flask's at run time


def form_language() -> str:
    """The language of ours in which a form was shown; nothing where that is the site's own."""
    return language.known(request.form.get("lang", ""))
