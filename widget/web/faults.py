"""What was sent is not right: words beside the field, and all that was typed is still there."""

from flask import Response, abort, request

from widget.models import Site
from widget.publishing import templates
from widget.publishing.fragments import View
from widget.web import standalone
from widget.web.answers import Wanted, form_language, notice, private, wanted
from widget.web.forms import BodyForm, CommentForm

_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}


def check_type() -> None:
    """Only a form is read."""
    if request.mimetype not in _FORM_TYPES:
        abort(415)


def faulty(site: Site, form: BodyForm, *, prefix: str = "respond") -> Response:
    """The answer to a form whose fields are not right; `prefix`: what its ids begin with."""
    if "page" in form.errors:  # no field of the reader's: whatever sent this is at fault
        return notice(400, form.fault("page"), field="page")
    field = next(iter(form.errors))
    status = 413 if field == "body" and form.body_is_too_long else 422
    if wanted() is Wanted.json:
        return notice(status, form.fault(field), field=field)
    if wanted() is Wanted.page and isinstance(form, CommentForm):
        return form_again(site, form, status=status)
    return private(templates.render("embed/faults.html", errors=form.errors, prefix=prefix), status)


def form_again(site: Site, form: CommentForm, *, status: int) -> Response:
    """Without a script: the page, with all that was typed and the words beside the field."""
    view = View(site_key=site.key, page=form.text("page"), lang=form_language())
    return standalone.render(site, view, form=form, status=status)
