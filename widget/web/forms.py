"""The shape of what comes in: an allow-list of fields, their limits, and words for each fault."""

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, ValidationError

from widget import sanitize
from widget.comments import markdown
from widget.comments.threading import page_identity, without_control
from widget.language import gettext as _
from widget.models import Site, Status
from widget.models.comment import MAX_AUTHOR, MAX_EMAIL, MAX_NONCE, MAX_WEBSITE
from widget.models.thread import MAX_PAGE
from widget.moderation.moves import MODERATORS_MOVES
from widget.notify.subscriptions import Follow

_MAX_ID = 2**63 - 1
_MAX_DIGITS = 12


class _Body(TextAreaField):
    """A text area whose line breaks are newlines, as typed (forms send CRLF)."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").replace("\r\n", "\n")


class BodyForm(FlaskForm):
    """A comment's words.

    No CSRF token: nothing here acts for a signed-in person (no cookie is ever read), so there is
    no authority that a foreign page could borrow. Origin, form token and screening guard it.
    """

    class Meta:
        csrf = False

    body = _Body()

    def __init__(self, site: Site, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.site = site
        # What is published of the body, once that was found to be right.
        self.published = ""

    def text(self, name: str) -> str:
        """What stands in a field of text."""
        return str(self[name].data or "")

    def fault(self, name: str) -> str:
        """The first fault of a field, in words."""
        return str(self[name].errors[0])

    @property
    def body_is_too_long(self) -> bool:
        """Longer than any comment may be, in bytes."""
        return len((self.body.data or "").encode(errors="surrogatepass")) > sanitize.MAX_BODY_BYTES

    def validate_body(self, field: Field) -> None:
        try:
            self.published = markdown.published(self.site, field.data or "")
            # Characters that nobody can see are no words.
            text = sanitize.stored(self.published).striptags()
            words = sanitize.plain(" ".join(text.split()))
        except sanitize.Unacceptable as error:
            raise ValidationError(str(error)) from error
        if not words:
            raise ValidationError(_("Please write your comment."))


class EditForm(BodyForm):
    """Other words for a comment that is there already."""


class SignedForm(BodyForm):
    """A comment's words, and whose they are as readers see it."""

    author = StringField()
    website = StringField()

    def validate_author(self, field: Field) -> None:
        try:
            field.data = sanitize.plain(field.data or "")
        except sanitize.Unacceptable as error:
            raise ValidationError(str(error)) from error
        if not field.data:
            raise ValidationError(_("Please enter your name."))
        # Measured last: composing characters (NFC) can make a text longer.
        _no_longer_than(field, MAX_AUTHOR)

    def validate_website(self, field: Field) -> None:
        if not (field.data or "").strip():
            field.data = ""
            return
        try:
            field.data = sanitize.website(field.data) or ""
        except sanitize.Unacceptable as error:
            raise ValidationError(str(error)) from error
        _no_longer_than(field, MAX_WEBSITE)


class CommentForm(SignedForm):
    """What a reader sends."""

    # The first three come from the host page, not from the reader's hand.
    page = StringField(filters=[lambda page: page_identity(page or "")])
    url = StringField(filters=[lambda url: without_control(url or "")])
    title = StringField(filters=[lambda title: without_control(" ".join((title or "").split()))])
    parent = IntegerField(
        validators=[Optional(), NumberRange(1, _MAX_ID, "There is no such comment to reply to.")]
    )
    email = StringField()
    nonce = StringField(validators=[Length(max=MAX_NONCE, message="The nonce is too long.")])
    token = StringField()
    key = StringField()
    # A browser that can be asked for work says so by an empty field: see web/work.py.
    work = StringField()
    # For how many milliseconds the form was open, as far as our script can tell.
    took = StringField()
    # The honeypot: its name looks worth filling in to a program; people never see it.
    subject = StringField()

    # Which mails are asked for: of the decision, of replies or the whole thread, once a day.
    tell = BooleanField()
    subscribe = StringField(
        validators=[AnyOf(["", *Follow], "Please ask for “replies”, “thread” or nothing.")],
        filters=[lambda what: what or ""],
    )
    daily = BooleanField()

    @property
    def milliseconds(self) -> int | None:
        """For how long it was open; what is no such number tells nothing."""
        took = self.text("took")
        is_number = took.isascii() and took.isdigit() and len(took) <= _MAX_DIGITS
        return int(took) if is_number else None

    def validate_page(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Please say which page this comment is for."))
        _no_longer_than(field, MAX_PAGE)

    def validate_email(self, field: Field) -> None:
        field.data = (field.data or "").strip()
        if not field.data:
            if self.site.require_email:
                raise ValidationError(
                    _("Please enter your email address. It will not be published.")
                )
            return
        _no_longer_than(field, MAX_EMAIL)
        try:
            # Only the shape: asking the DNS would tell others who writes here, and be slow.
            validate_email(field.data, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ValidationError(
                _("Please enter a complete email address, such as name@example.org.")
            ) from error

    def validate_nonce(self, field: Field) -> None:
        if without_control(field.data or "") != (field.data or ""):
            raise ValidationError("The nonce holds a character that cannot be stored.")


class MoveForm(FlaskForm):
    """A moderator's decision on one comment, and the status they saw when they took it."""

    move = StringField(validators=[InputRequired()])
    expected = StringField(validators=[Optional()])
    back = HiddenField()

    def validate_move(self, field: Field) -> None:
        if field.data not in MODERATORS_MOVES:
            raise ValidationError("There is no such move.")

    def validate_expected(self, field: Field) -> None:
        if field.data not in set(Status):
            raise ValidationError("There is no such status.")


class PlainForm(FlaskForm):
    """A button: nothing but its CSRF token."""

    back = HiddenField()


def _no_longer_than(field: Field, limit: int) -> None:
    length = len(field.data or "")
    if length > limit:
        raise ValidationError(
            _(
                "This can have %(limit)s characters; it has %(length)s.",
                limit=limit,
                length=length,
            )
        )
