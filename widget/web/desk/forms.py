"""What moderators write: other words for a comment, a reply to it."""

from wtforms import HiddenField, StringField
from wtforms.validators import Length

from widget.models.comment import MAX_NONCE
from widget.web.forms import BodyForm, SignedForm


class RewordForm(SignedForm):
    """Other words for somebody's comment."""

    class Meta(SignedForm.Meta):
        csrf = True

    back = HiddenField()


class ReplyForm(BodyForm):
    """A moderator's reply. `nonce` makes a second click the same reply."""

    class Meta(BodyForm.Meta):
        csrf = True

    back = HiddenField()
    nonce = HiddenField(validators=[Length(min=8, max=MAX_NONCE)])
    # Which of the site's texts to put in: nothing is sent yet.
    canned = StringField()
