"""How a text is written."""

import re

from widget.spam.checks.reading import read, words_of
from widget.spam.checks.signal import Candidate, History, Signal

_LOUD, _MIN_LETTERS = 0.7, 20
_RUN, _SHOUTED = 8, "!?$€£"
_IN_A_ROW, _MANY_WORDS, _FEW_KINDS = 5, 25, 0.3
_LATIN, _OTHER = "a-zA-Z\u00c0-\u024f", "\u0370-\u03ff\u0400-\u052f"
_BOTH = re.compile(f"[{_LATIN}][{_OTHER}]|[{_OTHER}][{_LATIN}]")
_WORD = re.compile(r"[^\W\d_]+")
# Of either side, those that cannot be told from one of the other when they are read.
_TWINS = frozenset(
    "aceopxyijsABCEHIKMOPTXYSJ"
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u0410\u0412\u0421\u0415\u041d"
    "\u0406\u041a\u041c\u041e\u0420\u0422\u0425\u0423\u0405\u0408"
    "\u03bf\u03bd\u03c1\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
# Nothing to see between two letters of ours; elsewhere (Persian, emoji) such a sign has its use.
# A soft hyphen comes with what is copied from a newspaper, and none of these begins a text.
_UNSEEN = re.compile(
    f"[{_LATIN}{_OTHER}][\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064"
    f"\u206a-\u206f\u3164\ufeff\uffa0]+[{_LATIN}{_OTHER}]"
)
_TURNED = re.compile("[\u202d\u202e]")
_FOREIGN_SCRIPT = re.compile(
    "[\u0400-\u052f\u0590-\u0dff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)
_LATIN_LANGUAGES = words_of(
    "ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv ms nb nl nn no pl pt ro sk sl sq "
    "sv tr vi"
)


def invisible(candidate: Candidate, _history: History) -> Signal | None:
    """Signs within words that nobody sees, as typed: they part what is listed or compared."""
    body = candidate.body
    if body.isascii():
        return None
    if found := _UNSEEN.search(body):
        reason, span = "Has invisible signs within a word", found[0]
    elif found := _TURNED.search(body):
        reason, span = "Turns the direction of writing around", found[0]
    else:
        return None
    return Signal(rule="invisible", reason=reason, span=span, score=0.6)


def mixed_scripts(candidate: Candidate, _history: History) -> Signal | None:
    """A word with letters of another script in it that look like its own."""
    text = read(candidate).some
    if text.isascii() or not _BOTH.search(text):
        return None
    words = [word for word in _WORD.findall(text) if _BOTH.search(word)]
    strange = {word: letters for word in words if (letters := _strange(word)) <= _TWINS}
    if not strange:
        return None
    word = max(strange, key=lambda each: len(strange[each]))
    reason = f"“{word[:60]}” is spelled with letters of two scripts that look alike"
    # Once, and one letter of it, happens to whoever changes between two keyboards.
    is_slip = len(strange) == 1 and len(strange[word]) == 1
    score = 0.35 if is_slip else 0.7
    return Signal(rule="mixed-scripts", reason=reason, span=word, score=score, holds=not is_slip)


def repeated(candidate: Candidate, _history: History) -> Signal | None:
    """The same sign or the same words over and over."""
    reading = read(candidate)
    text = reading.some
    for char in sorted(set(text)):
        if (char.isalpha() or char in _SHOUTED) and (span := char * _RUN) in text:
            reason = f"Repeats “{char}”"
            return Signal(rule="repeated", reason=reason, span=span, score=0.2, holds=False)
    tokens = reading.tokens
    for at, word in enumerate(tokens[_IN_A_ROW - 1 :]):
        if word == tokens[at] and len(set(tokens[at : at + _IN_A_ROW])) == 1 and word.isalpha():
            reason = f"Says “{word[:60]}” many times in a row"
            return Signal(rule="repeated", reason=reason, span=word, score=0.35, holds=False)
    if len(tokens) >= _MANY_WORDS and len(set(tokens)) < _FEW_KINDS * min(len(tokens), 200):
        reason = "Says the same few words again and again"
        return Signal(rule="repeated", reason=reason, score=0.4, holds=False)
    return None


def caps(candidate: Candidate, _history: History) -> Signal | None:
    """Nearly all of it in capitals."""
    text = read(candidate).some
    upper = sum(map(str.isupper, text))
    if upper < _LOUD * _MIN_LETTERS:
        return None
    letters = upper + sum(map(str.islower, text))
    if letters < _MIN_LETTERS or upper < _LOUD * letters:
        return None
    reason = "Written in capitals"
    return Signal(rule="caps", reason=reason, score=0.2, holds=False)


def language(candidate: Candidate, history: History) -> Signal | None:
    """Another language than is usual in the thread; where it is new, than the site's own."""
    written = candidate.written_in
    usual = history.languages or frozenset(filter(None, [candidate.site_language[:2]]))
    if not written or not usual or written in usual:
        return None
    named = ", ".join(f"“{each}”" for each in sorted(usual))
    # In letters that most who read there cannot read, it is not meant for them.
    is_strange = usual <= _LATIN_LANGUAGES and _FOREIGN_SCRIPT.search(read(candidate).some)
    return Signal(
        rule="language",
        reason=f"Written in “{written}”, not in {named}",
        span=written,
        score=0.5 if is_strange else 0.3,
        holds=False,
    )


def _strange(word: str) -> set[str]:
    """The letters of whichever script the word has fewer of."""
    other = {char for char in word if char >= "\u0370"}
    latin = set(word) - other
    count = sum(char in other for char in word)
    return other if 2 * count <= len(word) else latin
