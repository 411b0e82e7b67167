"""Which language a comment is written in, as far as its words tell."""

import re
from functools import cache
from typing import Any

# Of less than this nobody could tell: names, “ok”, “lol”.
_MIN_LETTERS = 8
# Another script than ours, such as Hangul, tells more with each sign.
_MIN_FOREIGN = 3
# A few sentences tell as much as pages do.
_ENOUGH = 200
_SURE = 0.8
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+")
_LETTER = re.compile(r"[^\W\d_]")
_LAST_LATIN = "\u036f"


def language_of(text: str) -> str:
    """Its code of two letters, such as “de”; nothing where that would be a guess."""
    words = _ADDRESS.sub(" ", text[: 2 * _ENOUGH])[:_ENOUGH]
    letters = _LETTER.findall(words)
    is_latin = max(letters, default="") <= _LAST_LATIN
    if len(letters) < (_MIN_LETTERS if is_latin else _MIN_FOREIGN):
        return ""
    code, confidence = load().classify(words)
    return str(code) if confidence >= _SURE else ""


@cache
def load() -> Any:
    """The model, once a process. It takes a second, so a worker does it before it forks."""
    # With it comes numpy, which a process that never screens does not need.
    from py3langid import langid  # type: ignore[import-untyped]  # noqa: PLC0415

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    # The rest are small neighbours of these (Wu of Chinese, Pidgin of English): in a few words of
    # a comment they would only take away from what is likely.
    identifier.set_languages([label for label in identifier.labels if len(label) == len("de")])
    return identifier
