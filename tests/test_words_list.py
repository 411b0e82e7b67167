"""A site's lists of words: what a line finds, where, and what it lets pass."""

import pytest

from tests.test_spam_checks import candidate
from widget.spam import History, assess
from widget.spam.checks import hold_words, spam_words
from widget.spam.words import Words, fault


def found(listed: str, text: str) -> str | None:
    """What of the text is found, as it is written there."""
    match = Words(listed).find(text)
    return match.span if match else None


@pytest.mark.parametrize(
    ("line", "text", "span"),
    [
        ("casino", "Buy CAS\u00cdNO chips", "CAS\u00cdNO"),
        ("Cas\u00edno", "the casino", "casino"),
        ("casino", "cas\u200bi\u2060no!", "cas\u200bi\u2060no"),
        ("casino", "\uff43\uff41\uff53\uff49\uff4e\uff4f", "\uff43\uff41\uff53\uff49\uff4e\uff4f"),
        ("casino", "\U0001d402\U0001d400\U0001d412\U0001d408\U0001d40d\U0001d40e",
         "\U0001d402\U0001d400\U0001d412\U0001d408\U0001d40d\U0001d40e"),
        ("casino", "c\u0336a\u0336sino", "c\u0336a\u0336sino"),
        ("casino", "my_casino_royal", "casino"),
        ("stra\u00dfe", "STRASSE", "STRASSE"),
        ("lodz", "\u0141\u00f3d\u017a", "\u0141\u00f3d\u017a"),
        ("free spin", "a FREE  \n spin", "FREE  \n spin"),
        ("c++", "I like C++.", "C++"),
        ("win@casino.example", "Win@Casino.example", "Win@Casino.example"),
        ("\U0001f4b0", "win \U0001f4b0!", "\U0001f4b0"),
        # Wildcards: before, behind, inside; a * that is written matches too.
        ("casin*", "two Casinos!", "Casinos"),
        ("*press", "WordPress", "WordPress"),
        ("*press*", "see WordPress's", "WordPress"),
        ("*press*", "press", "press"),
        ("f*ck", "FUUCK", "FUUCK"),
        ("f*ck", "f*ck", "f*ck"),
        ("*.ru", "http://x.evil.ru/", "evil.ru"),
        ("cheap p*ll*", "cheap pills", "cheap pills"),
        # Writing without blanks between words, or with endings that hang on.
        ("\u8d4c\u573a", "\u53bb\u8d4c\u573a\u5427", "\u8d4c\u573a"),
        ("casino", "\u4e70casino\u7b79\u7801", "casino"),
        ("\u30d0\u30ab", "\uff8a\uff9e\uff76", "\uff8a\uff9e\uff76"),
        ("\uce74\uc9c0\ub178", "\uce74\uc9c0\ub178\uc5d0\uc11c", "\uce74\uc9c0\ub178"),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940",
            "\u092e\u0948\u0902 \u0939\u093f\u0928\u094d\u0926\u0940.",
            "\u0939\u093f\u0928\u094d\u0926\u0940",
        ),
    ],
)  # fmt: skip
def test_a_line_is_found_and_shown_as_it_is_written(line: str, text: str, span: str) -> None:
    assert found(line, text) == span
    assert found(f"# {line}\n\nanother\n {line} ", text) == span


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("press", "WordPress"),
        ("casino", "occasional casinos"),
        ("casin*", "occasino"),
        ("*sino", "casinos"),
        ("free spin", "free spins"),
        ("free spin", "freespin"),
        ("f*ck", "for luck"),
        (".*", "anything"),
        ("# casino", "casino"),
        ("*", "anything"),
        ("", "anything"),
        ("\u30cf", "\u30d0\u30ab"),  # another kana, not an accent
        ("\uac00", "\uac01\ud558"),  # half a syllable
        ("\u0939\u093f\u0928", "\u0939\u093f\u0928\u094d\u0926\u0940"),
    ],
)
def test_a_line_lets_pass_what_it_does_not_say(line: str, text: str) -> None:
    assert found(line, text) is None


def test_a_sign_that_becomes_a_blank_breaks_no_line() -> None:
    assert found("\u00b4casino", "At the casino.") == "casino"


def test_of_several_the_first_line_is_told() -> None:
    listed = Words("zebra\ntwo words\nzeb*\ncasino")
    match = listed.find("casino, two words, zebra")
    assert match
    assert (match.line, match.span) == ("zebra", "zebra")
    assert listed.find("casino zebras and two words") == Words("two words").find("two words")


def test_twenty_thousand_lines_of_every_kind_find_what_the_one_line_finds() -> None:
    others = [
        form.format(f"x{number}")
        for number in range(5_000)
        for form in ("{}", "{}*", "*{}*", "a {}")
    ]
    text = "A word about WordPress, " + "and more of it " * 50
    for line in ("WordPress", "word*", "*press*", "about wordpress", "w*s"):
        assert found("\n".join([*others, line]), text) == found(line, text) != ""
    assert found("\n".join(others), text) is None


def test_what_is_wrong_with_a_list_is_told_by_its_line() -> None:
    assert fault(f"casino\n# {'x' * 300}\n\n{'x' * 200}") == ""
    assert "Line 2" in fault(f"casino\n{'x' * 201}")
    assert "Line 1" in fault("**")
    vague = [f"{letter}*{number}" for letter in "abcdefghijk" for number in range(10)]
    assert fault("\n".join(vague[:100])) == "", "a few lines that fit nearly every text cost little"
    assert "Line 101" in fault("\n".join(vague))


def test_each_list_has_its_signal_which_says_where_the_word_stands() -> None:
    def told(**changes: str) -> tuple[str, str, str]:
        (signal,) = assess(candidate(**changes), History(), (hold_words, spam_words)).signals
        return signal.rule, signal.reason, signal.span

    assert told(spam_words="casin*", author="Casinos") == (
        "spam-words", "The name contains “Casinos”", "Casinos",
    )  # fmt: skip
    assert told(hold_words="*casino*", website="https://casino.example/")[0] == "hold-words"
    link = '<a href="https://c&#97;sino.example/">here</a>'
    assert told(hold_words="casino", body=link) == (
        "hold-words", "A link contains “casino”", "casino",
    )  # fmt: skip


def test_a_listed_address_is_not_shown_to_those_who_may_not_see_it() -> None:
    (signal,) = assess(
        candidate(spam_words="*@example.org", email="ann@example.org"), History()
    ).as_list()
    assert signal["rule"] == "spam-words"
    assert "ann" not in str(signal)
