"""Every word a reader sees is in the catalogues, and every catalogue has words for it."""

import re
from collections import Counter

import pytest
from babel import Locale
from babel.messages import Message

from tests.parts import PROJECT
from tools import words as tool
from widget import language
from widget.cli.words import forms, messages, wrong

OTHERS = sorted(set(language.LANGUAGES) - {language.SOURCE})
# Messages that are the same in a language: it took the English word, or English took its.
SAME = {
    "%(num)s minute": {"fr"},
    "Browser": {"de", "it", "nl"},
    "Email": {"it"},
    "Feed": {"de", "it", "nl", "pt"},
    "Moderator": {"nl"},
    "Name": {"de"},
    "No": {"es", "it"},
    "Pingback": {"de", "es", "fr", "ht", "it", "nl", "pl", "pt", "zh"},
    "Trackback": {"de", "es", "ht", "it", "nl", "pl", "pt", "zh"},
    "Votes": {"fr"},
    "Website": {"de", "nl"},
}


# ----------------------------------------------------------------------------------- the catalogues


@pytest.fixture(scope="module")
def said() -> dict[str, Message]:
    """What the sources say to readers."""
    return messages(tool.said())


@pytest.mark.parametrize("tag", language.LANGUAGES)
def test_a_catalogue_has_what_the_sources_say_and_nothing_else(
    tag: str, said: dict[str, Message]
) -> None:
    assert len(said) > 60
    catalogue = language.catalogue(tag)
    found = messages(catalogue)
    assert found.keys() - said.keys() == set(), "nobody says this any more: run `make words`"
    assert said.keys() - found.keys() == set(), "this is new: run `make words`"
    assert {name: found[name].id for name in said} == {name: said[name].id for name in said}
    assert not catalogue.obsolete


def test_the_languages_are_those_that_publishers_are_told_of() -> None:
    names = {str(Locale(tag).english_name) for tag in language.LANGUAGES}
    assert len(names) == 14
    guide = (PROJECT / "docs/publishers.md").read_text()
    (said,) = re.findall(r"that `data-lang` on the tag names: (.+?);", guide, re.DOTALL)
    told = set(re.split(r",\s+|\s+or\s+", said))
    assert told == {name.removeprefix("Haitian ") for name in names}


def test_english_is_said_as_it_stands_in_the_sources() -> None:
    found = messages(language.catalogue(language.SOURCE)).values()
    assert not [message.string for message in found if any(forms(message.string))]


@pytest.mark.parametrize("tag", OTHERS)
def test_everything_is_translated(tag: str) -> None:
    found = messages(language.catalogue(tag))
    assert [name for name, message in found.items() if not all(forms(message.string))] == []
    assert [name for name, message in found.items() if message.fuzzy] == []
    same = {
        name
        for name, message in found.items()
        if set(forms(message.id)) & set(forms(message.string))
    }
    assert same == {name for name, tags in SAME.items() if tag in tags}


def _words(message: str) -> str:
    return re.sub(r"%\(\w+\)s", "", message)


@pytest.mark.parametrize("tag", OTHERS)
def test_a_translation_has_all_plural_forms_and_the_same_placeholders(tag: str) -> None:
    found = messages(language.catalogue(tag)).values()
    assert [
        fault for message in found for fault in wrong(message, forms(message.string), tag)
    ] == []


@pytest.mark.parametrize("tag", language.LANGUAGES)
def test_a_message_is_words_and_never_markup(tag: str) -> None:
    found = messages(language.catalogue(tag)).values()
    texts = [text for message in found for text in (*forms(message.id), *forms(message.string))]
    assert [text for text in texts if re.search(r"[<\"\\]|&\w+;|^\s|\s$|  ", text)] == []


@pytest.mark.parametrize("tag", OTHERS)
def test_plural_forms_are_those_of_the_language(tag: str) -> None:
    names, index = Locale.parse(tag).plural_form, language.plural(tag)
    numbers = [*range(1500), 10_000, 1_000_000, 2_000_000, 1_000_001]
    pairs = {(names(number), index(number)) for number in numbers}
    if tag == "ht":  # Creole nouns do not change; Babel takes French for it
        assert {found for _, found in pairs} == {0}
        return
    assert set(Counter(name for name, _ in pairs).values()) == {1}, "a category has one form"
    assert set(Counter(found for _, found in pairs).values()) == {1}, "a form has one category"


def test_making_the_catalogues_again_changes_nothing() -> None:
    sources = tool.said()
    for tag in language.LANGUAGES:
        text = (language.CATALOGUES / f"{tag}.po").read_text()
        assert tool.written(tag, text, sources) == text, "run `make words`"


def test_what_was_translated_stays_and_what_is_new_waits_without_a_guess() -> None:
    sources = tool.said()
    sources.add("Comments at the very end")
    text = tool.written("de", (language.CATALOGUES / "de.po").read_text(), sources)
    assert 'msgid "Comments"\nmsgstr "Kommentare"\n' in text
    assert 'msgid "Comments at the very end"\nmsgstr ""\n' in text
    assert "fuzzy" not in text
    without = tool.written("de", text, tool.said())
    assert "at the very end" not in without
    assert not re.search(r"Date|:\d+$", without, re.MULTILINE), "nothing that changes by itself"
