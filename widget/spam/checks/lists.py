"""What the site lists: words, phrases and addresses (spam.words)."""

from widget.spam.checks.reading import read
from widget.spam.checks.signal import Candidate, History, Signal
from widget.spam.words import words

SPAM_WORDS = "spam-words"


def hold_words(candidate: Candidate, _history: History) -> Signal | None:
    """A word, phrase or address that the site lists to be held."""
    return _listed(candidate, "hold-words", candidate.hold_words, score=0.5)


def spam_words(candidate: Candidate, _history: History) -> Signal | None:
    """A word, phrase or address that the site lists as spam."""
    return _listed(candidate, SPAM_WORDS, candidate.spam_words, score=1.0)


def _listed(candidate: Candidate, rule: str, listed: str, score: float) -> Signal | None:
    if not (known := words(listed)):
        return None
    reading = read(candidate)
    # As read and as typed: a tag or a reference inside a word hides it in one of the two only.
    is_typed_so = reading.text.strip() == candidate.body.strip()
    for text, says in (
        (reading.text, "Contains “{}”"),
        ("" if is_typed_so else candidate.body, "Contains “{}”"),
        ("\n".join(link.url for link in reading.links), "A link contains “{}”"),
        (candidate.author, "The name contains “{}”"),
        (candidate.website, "The website contains “{}”"),
    ):
        if found := known.find(text):
            return Signal(rule=rule, reason=says.format(found.span), span=found.span, score=score)
    # Not every moderator may see the address: the signal does not show it.
    if known.find(candidate.email):
        return Signal(rule=rule, reason="The e-mail address contains a listed word", score=score)
    return None
