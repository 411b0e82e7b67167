"""What the classifier learns, promises and explains. All texts are made up here."""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from widget.spam.classifier import (
    Example,
    Label,
    Model,
    NotEnough,
    UnknownVersion,
    better_or_equal,
    pack,
    train,
    unpack,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
TALK = [
    "council",
    "budget",
    "meeting",
    "harbour",
    "library",
    "traffic",
    "school",
    "neighbours",
    "article",
    "reporter",
    "camera",
    "police",
    "vote",
    "street",
    "bridge",
    "trains",
    "winter",
    "reading",
    "agree",
    "wrong",
    "question",
    "because",
    "people",
    "city",
]
WARES = [
    "casino",
    "bonus",
    "pills",
    "replica",
    "loans",
    "crypto",
    "profit",
    "discount",
    "followers",
    "cheap",
    "betting",
]
PITCH = [
    "best",
    "online",
    "buy",
    "visit",
    "my",
    "site",
    "now",
    "guaranteed",
    "free",
    "shipping",
    "offer",
    "click",
    "today",
]


def comment(chance: random.Random, label: Label, number: int) -> Example:
    """Talk of the town, or an advertisement that talks of it a little."""
    words = chance.choices(TALK, k=chance.randint(4, 30))
    if label == "spam":
        words = chance.choices(WARES + PITCH, k=chance.randint(3, 12)) + words[: len(words) // 3]
        chance.shuffle(words)
    elif chance.random() < 0.2:  # who talks of the casino is no spammer
        words += chance.choices(WARES + PITCH, k=2)
    return Example(" ".join(words), author="Kim", at=START + timedelta(hours=number), label=label)


def decisions(count: int, seed: int = 1, spam: float = 0.4) -> list[Example]:
    """So many decided comments, one an hour."""
    chance = random.Random(seed)
    return [
        comment(chance, "spam" if chance.random() < spam else "ham", number)
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def model() -> Model:
    """Learned from 600 decisions."""
    return train(decisions(600))


def truth(examples: list[Example]) -> np.ndarray:
    return np.array([example.label == "spam" for example in examples])


def test_it_learns_what_moderators_decide(model: Model) -> None:
    later = decisions(400, seed=2)
    assert np.mean((model.probabilities(later) > 0.5) == truth(later)) > 0.95


def test_fifty_decisions_are_already_of_use() -> None:
    later = decisions(400, seed=2)
    found = train(decisions(50)).probabilities(later)
    assert np.mean((found > 0.5) == truth(later)) > 0.85


def test_probabilities_mean_what_they_say(model: Model) -> None:
    later = decisions(2000, seed=3)
    found, spam = model.probabilities(later), truth(later)
    assert abs(found.mean() - spam.mean()) < 0.03
    for low, high in ((0.0, 0.1), (0.9, 1.0)):
        within = (found >= low) & (found <= high)
        assert within.sum() > 100
        assert abs(found[within].mean() - spam[within].mean()) < 0.04


def test_what_it_calls_spam_is_spam_and_it_still_calls_most(model: Model) -> None:
    later = decisions(2000, seed=4)
    verdicts = np.array([model.verdict(found) for found in model.probabilities(later)])
    spam = truth(later)
    assert np.mean(verdicts[~spam] == "spam") <= 0.002
    assert np.mean(verdicts[spam] == "ham") <= 0.02
    assert np.mean(verdicts[spam] == "spam") > 0.5
    assert 0 < model.publish_at <= 0.5 <= model.spam_at < 1


def test_with_little_ham_hardly_any_is_called_spam_either_and_it_says_what_it_cannot_know() -> None:
    small = train(decisions(80, seed=21))
    later = decisions(1000, seed=22)
    found, spam = small.probabilities(later), truth(later)
    assert np.mean(found[~spam] >= small.spam_at) <= 0.003
    assert np.mean(found[spam] >= small.spam_at) > 0.2
    assert any("nobody can see a rate below one in" in note for note in small.notes)


def test_one_ham_that_looks_like_spam_does_not_take_all_spam_for_ham(model: Model) -> None:
    """A moderator's slip, or a reader who quotes it: what is called spam stays above it, still."""
    slip = replace(decisions(1, seed=23, spam=1.0)[0], label="ham", at=START + timedelta(days=20))
    slipped = train([*decisions(600), slip])
    later = decisions(1000, seed=24)
    found, spam = slipped.probabilities(later), truth(later)
    assert np.mean(found[spam] >= slipped.spam_at) > 0.3
    assert np.mean(found[~spam] >= slipped.spam_at) <= 0.002


@pytest.mark.parametrize(("spam", "ham"), [(0, 0), (20, 29), (9, 300), (300, 9)])
def test_too_few_decisions_are_refused_in_words(spam: int, ham: int) -> None:
    chance = random.Random(5)
    known = [comment(chance, "spam", number) for number in range(spam)]
    known += [comment(chance, "ham", number) for number in range(ham)]
    with pytest.raises(NotEnough, match=f"^Not enough decisions yet: {spam} spam and {ham} ham"):
        train(known)


def test_the_same_decisions_make_the_same_model_in_any_order() -> None:
    known = decisions(120)
    mixed = random.Random(6).sample(known, len(known))
    assert train(known, at=START).to_bytes() == train(mixed, at=START).to_bytes()


def test_a_model_is_small_and_comes_back_from_its_bytes_the_same(model: Model) -> None:
    kept = replace(model, trained_at=START).to_bytes()
    back = Model.from_bytes(kept)
    assert len(kept) < 1_000_000
    assert back.to_bytes() == kept
    assert (back.trained_at, back.counts, back.notes) == (START, model.counts, model.notes)
    later = decisions(50, seed=7)
    assert list(back.probabilities(later)) == list(model.probabilities(later))


def test_bytes_of_another_version_or_of_no_model_are_refused(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = model.to_bytes()
    for broken in (b"", b"no model", kept[:-200], kept[:300], b"\x80\x04N."):
        with pytest.raises(ValueError, match="not a model"):
            Model.from_bytes(broken)
    monkeypatch.setattr("widget.spam.classifier.model.VERSION", 99)
    with pytest.raises(UnknownVersion):
        Model.from_bytes(kept)


def test_an_opinion_names_the_words_of_the_comment_that_weighed_most(model: Model) -> None:
    opinion = model.judge(Example("The library meeting? “Casino” bonus, cheap PILLS here!"))
    weights = dict(opinion.words)
    assert {"Casino", "bonus", "cheap", "PILLS"} <= {
        word for word, part in opinion.words if part > 0
    }
    assert weights["meeting"] < 0
    assert [abs(part) for _, part in opinion.words] == sorted(map(abs, weights.values()))[::-1]


def test_one_opinion_is_as_good_as_one_of_many(model: Model) -> None:
    later = decisions(40, seed=8)
    alone = [model.judge(example).probability for example in later]
    assert alone == pytest.approx(list(model.probabilities(later)), abs=1e-5)


def test_the_telling_words_of_many_comments_are_those_they_are_made_of(model: Model) -> None:
    spam, ham = model.telling(decisions(200, seed=9), most=8)
    assert {word for word, _ in spam} <= {*WARES, *PITCH}
    assert {word for word, _ in ham} <= set(TALK)


def test_praise_is_known_by_the_website_it_is_written_for() -> None:
    praise = ["Great post, thanks for sharing", "I really like this article", "So true, well said"]
    chance = random.Random(10)
    known = [
        Example(
            f"{chance.choice(praise)} {chance.choice(TALK)}",
            author=f"{chance.choice(WARES)} {chance.choice(WARES)}" if spam else "Robin",
            url=f"http://{chance.choice(WARES)}-{chance.choice(PITCH)}.example/" if spam else "",
            at=START + timedelta(hours=number),
            label="spam" if spam else "ham",
        )
        for number, spam in enumerate(chance.choices((True, False), k=200))
    ]
    model = train(known)
    text = "Great post, thanks for sharing bridge"
    sold = Example(text, author="Casino Bonus", url="http://casino-now.example/")
    opinion = model.judge(sold)
    assert opinion.probability > 0.9
    assert any("website" in fact or "name" in fact for fact, part in opinion.facts if part > 0)
    assert model.judge(Example(text, author="Robin")).probability < 0.1


def test_signals_of_the_checks_are_learned_like_words() -> None:
    chance = random.Random(11)
    kinds: list[tuple[Label, tuple[str, ...]]] = [("spam", ("shortener",)), ("ham", ())]
    known = [
        replace(comment(chance, "ham", number), label=label, signals=signals)
        for number, (label, signals) in enumerate(chance.choices(kinds, k=200))
    ]
    found = train(known).probabilities(
        [Example("city vote", signals=s) for s in (("shortener",), ())]
    )
    assert found[0] > 0.8
    assert found[1] < 0.2


def test_a_site_with_few_decisions_borrows_from_others_and_unlike_others_do_no_harm() -> None:
    own, later = decisions(60, spam=0.25), decisions(600, seed=12)
    alike = decisions(800, seed=13)
    turned: dict[str | None, Label] = {"spam": "ham", "ham": "spam"}
    unlike = [replace(example, label=turned[example.label]) for example in alike]
    loss = {}
    for name, prior in (("none", None), ("alike", alike), ("unlike", unlike)):
        found = np.clip(train(own, prior).probabilities(later), 1e-6, 1 - 1e-6)
        loss[name] = -np.log(np.where(truth(later), found, 1 - found)).mean()
    assert loss["alike"] < loss["none"]
    assert loss["unlike"] < loss["none"] * 1.25


def test_a_flood_of_one_text_leaves_the_rest_of_what_was_learned(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widget.spam.classifier.training.MAX_EACH", 400)
    flood = Example("casino casino", at=START + timedelta(days=99), label="spam")
    flooded = train(decisions(600) + [flood] * 1000)
    assert flooded.counts["spam"] <= model.counts["spam"] + 100
    later = decisions(200, seed=14)
    assert np.mean((flooded.probabilities(later) > 0.5) == truth(later)) > 0.95


def test_spam_of_one_text_alone_is_learned_too() -> None:
    ham = [example for example in decisions(300) if example.label == "ham"]
    spam = [
        Example("buy followers", at=START + timedelta(minutes=number), label="spam", author=name)
        for name in "abcd"
        for number in range(3)
    ]
    assert train(ham + spam).judge(Example("buy followers")).probability > 0.5


ODD = [
    "", " ", "😀", "\u200b", "\x00", "a", "´", "İ", "!" * 300, "a" * 65_536, "a " * 32_768,
    "http://" * 9_000, "www." * 16_000, "a." * 32_000, "@" * 65_536, "كازينو 카지노 赌场 казино",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_comments_are_judged_too(model: Model, text: str) -> None:
    odd = Example(text, author=text, url=text[:500], hosts=(text[:200], "[::1"), page=text)
    opinion = model.judge(odd)
    assert 0 < opinion.probability < 1
    assert opinion.verdict in {"spam", "unsure", "ham"}
    [again] = model.probabilities([unpack(pack(odd))])
    assert again == pytest.approx(opinion.probability, abs=1e-4)


def test_a_name_of_many_short_words_is_judged_too(model: Model) -> None:
    for author in ("A B C D E F G H", "W I T H  B L A N K S", "- - - - - -"):
        odd = Example("Search:WISDOM now", author=author)
        [again] = model.probabilities([odd])
        assert model.judge(odd).probability == pytest.approx(again, abs=1e-5)


def test_packed_decisions_teach_the_same_and_hold_no_words() -> None:
    known = decisions(120)
    packed = [pack(example) for example in known]
    unpacked = [
        unpack(kept, label=example.label, at=example.at)
        for kept, example in zip(packed, known, strict=True)
    ]
    assert train(unpacked).to_bytes() == train(known).to_bytes()
    for kept, example in zip(packed, known, strict=True):
        assert len(kept) < 3_000
        assert not any(word.encode() in kept for word in example.text.split())


def test_packed_features_of_another_version_or_cut_off_are_refused() -> None:
    kept = pack(Example("one two"))
    with pytest.raises(UnknownVersion):
        unpack(b"\x63" + kept[1:])
    with pytest.raises(ValueError, match="cut off"):
        unpack(kept[:-3])


def test_a_model_takes_over_only_if_it_is_no_worse(model: Model) -> None:
    later = decisions(300, seed=15)
    turned: dict[str | None, Label] = {"spam": "ham", "ham": "spam"}
    wrong = train([replace(one, label=turned[one.label]) for one in decisions(600)])
    assert better_or_equal(model, None, later)
    assert better_or_equal(model, model, later)
    assert better_or_equal(model, wrong, later)
    assert not better_or_equal(wrong, model, later)


def test_only_who_learns_or_judges_pays_for_the_libraries() -> None:
    # Says which are loaded after the package, and after what a worker needs to judge.
    lines = (
        "import sys; import widget.spam.classifier as c; heavy = {'numpy', 'scipy', 'sklearn'};"
        " print(*sorted(heavy & {*sys.modules})); c.Model; print(*sorted(heavy & {*sys.modules}))"
    )
    said = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert said.stdout.split("\n")[1] == "numpy"
    assert "sklearn" not in said.stdout
