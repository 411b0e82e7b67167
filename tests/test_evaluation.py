"""Measuring the filter: on labelled lines, and on what a site's moderators decided."""

import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (  # type: ignore[import-untyped]
    brier_score_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from tests.blogs import Blog
from tests.conftest import Backstage, Reader
from widget.cli.spam import evaluate
from widget.db import db, now, writing
from widget.models import Comment, Decision, Move, Status, Thread, Via
from widget.models.site import Site
from widget.spam.decided import decided, decided_elsewhere
from widget.spam.evaluation import Judged, Report, cases, on_lines, trial
from widget.spam.labelled import Line, by_time, distinct, folds, leave_out, read
from widget.spam.measuring import Quality, interval, mean, quality

Evaluate = Callable[..., Result]
LABELS = ("spam", "ham")
_SELLING = re.findall(
    r"\w+", "cheap watches bonus casino pills loan winner discount crypto replica"
)
_TALKING = re.findall(r"\w+", "council library bridge mayor budget school river vote tram garden")
_COMMON = re.findall(r"\w+", "the and of this that with from people today really think more")


def said(number: int, *, spam: bool) -> dict[str, Any]:
    """A comment like others of its kind, and like no other."""
    dice = random.Random(2 * number + spam)
    own, others = (_SELLING, _TALKING) if spam else (_TALKING, _SELLING)
    words = [*dice.choices(own, k=4), *dice.choices(others, k=1), *dice.choices(_COMMON, k=8)]
    dice.shuffle(words)
    return {"text": f"{' '.join(words)} {number}", "label": "spam" if spam else "ham"}


def written(file: Path, rows: Sequence[Any]) -> Path:
    """A file with a JSON object on each line."""
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def heap(count: int, **more: Any) -> list[dict[str, Any]]:
    """As many of either label, in turn."""
    return [said(number // 2, spam=bool(number % 2)) | more for number in range(2 * count)]


@pytest.fixture
def ask() -> Evaluate:
    """Run the command where there is no service: files need none."""

    def no_app() -> Flask:
        raise AssertionError("files were asked about, and the service was started")

    def invoke(*words: Any) -> Result:
        return CliRunner().invoke(
            evaluate, [str(word) for word in words], obj=ScriptInfo(create_app=no_app)
        )

    return invoke


def told(result: Result) -> dict[str, Any]:
    """What was printed as JSON."""
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


# ------------------------------------------------------------------------------------------ figures


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20).map(lambda step: step / 20), st.booleans()), min_size=2
    ).filter(lambda rows: len({truth for _, truth in rows}) == 2)
)
def test_figures_are_those_that_everybody_computes(rows: list[tuple[float, bool]]) -> None:
    found, truth = [one for one, _ in rows], [spam for _, spam in rows]
    ours = quality(found, truth)
    called = [one >= 0.5 for one in found]
    assert ours.roc_auc == pytest.approx(roc_auc_score(truth, found))
    assert ours.brier == pytest.approx(brier_score_loss(truth, found))
    assert ours.precision == pytest.approx(precision_score(truth, called, zero_division=0))
    assert ours.recall == pytest.approx(recall_score(truth, called))
    assert ours.accuracy == pytest.approx(
        sum(one == spam for one, spam in zip(called, truth, strict=True)) / len(rows)
    )


def test_recall_at_a_rate_of_false_positives_counts_no_ham_too_many() -> None:
    ham = [number / 1000 for number in range(1000)]
    spam = [0.9985, 0.9975, 0.9915, 0.9, 0.999]
    measured = quality([*ham, *spam], [False] * len(ham) + [True] * len(spam))
    # One ham of a thousand may be above; and what scores like a ham is not above it.
    assert measured.recall_at_fpr_01 == pytest.approx(2 / 5)
    assert measured.recall_at_fpr_1 == pytest.approx(4 / 5)


def test_the_calibration_error_is_how_far_probabilities_are_from_what_came_true() -> None:
    truth = [True] * 9 + [False]
    assert quality([0.9] * 10, truth).calibration_error == pytest.approx(0)
    assert quality([0.6] * 10, truth).calibration_error == pytest.approx(0.3)


def test_a_rate_is_never_surer_than_its_numbers_allow() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    low, high = interval(0, 100)
    assert low == 0
    assert 0.03 < high < 0.04
    assert interval(5, 1000)[1] < interval(5, 900)[1]
    low, high = interval(50, 100)
    assert low == pytest.approx(1 - high)


# ------------------------------------------------------------------------------------------ parting


def test_time_parts_each_label_at_its_own_share(tmp_path: Path) -> None:
    rows = [
        {"text": f"{label} {day}", "label": label, "date": f"2020-01-{day:02}"}
        for label, days in (("ham", range(1, 11)), ("spam", range(11, 16)))
        for day in days
    ]
    random.Random(4).shuffle(rows)
    known, asked = next(by_time(read(written(tmp_path / "a", rows)), 0.6))
    assert [line.text for line in known] == [
        *(f"ham {day}" for day in range(1, 7)),
        *(f"spam {day}" for day in range(11, 14)),
    ]
    assert len(asked) == 6
    assert max(line.at for line in known if line.at) <= max(line.at for line in asked if line.at)


def test_without_dates_the_order_of_lines_is_that_of_time() -> None:
    lines = [Line(f"{number}", "spam" if number % 2 else "ham") for number in range(10)]
    known, asked = next(by_time(lines, 0.6))
    assert [line.text for line in known] == ["0", "1", "2", "3", "4", "5"]
    assert [line.text for line in asked] == ["6", "7", "8", "9"]


def test_every_line_is_asked_once_of_those_it_is_not_among() -> None:
    lines = [
        Line(f"{number}", "spam" if number % 3 else "ham", said={"video": number % 4})
        for number in range(40)
    ]
    for splits in (list(folds(lines, 5)), list(leave_out(lines, "video"))):
        asked = [line.text for _, test in splits for line in test]
        assert sorted(asked) == sorted(line.text for line in lines)
        for known, test in splits:
            assert not {line.text for line in known} & {line.text for line in test}
            assert len(known) + len(test) == len(lines)
    assert list(folds(lines, 5)) == list(folds(lines, 5))
    assert [
        len({line.said["video"] for line in test}) for _, test in leave_out(lines, "video")
    ] == [1] * 4


def test_of_equal_texts_the_first_stays() -> None:
    lines = [Line("a", "spam", author="1"), Line("b", "ham"), Line("a", "spam", author="2")]
    assert distinct(lines) == lines[:2]


# ------------------------------------------------------------------------------------------ reading


def test_what_is_known_of_a_comment_is_read(tmp_path: Path) -> None:
    row = {
        "text": "Words", "label": "ham", "author": "Ann", "url": "https://ann.example.org",
        "page": "https://news.example.org/1", "date": "2020-05-01T10:00:00Z", "more": [1],
    }  # fmt: skip
    [line] = read(written(tmp_path / "a", [row]))
    assert (line.author, line.url, line.page) == (row["author"], row["url"], row["page"])
    [[case], _] = cases([line], [])
    assert (case.example.author, case.example.url, case.example.page) == (
        row["author"], row["url"], row["page"],
    )  # fmt: skip
    assert case.example.at == line.at


@pytest.mark.parametrize(
    "date",
    [
        "2020-05-01 10:00:00",
        "2020-05-01T12:00:00+02:00",
        "Fri, 01 May 2020 10:00:00 +0000",
        1588327200,
    ],
)
def test_dates_are_read_however_they_are_written(tmp_path: Path, date: str | int) -> None:
    [line] = read(written(tmp_path / "a", [{"text": "", "label": "ham", "date": date}]))
    assert line.at
    assert line.at.timestamp() == 1588327200


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "this is not JSON"),
        ("[]", "this is no object"),
        ('{"text": "x"}', "“label” is null, not “spam” or “ham”"),
        ('{"text": "x", "label": "Junk"}', '“label” is "Junk"'),
        ('{"text": "x", "label": ["spam"]}', "“label” is"),
        ('{"label": "spam"}', "“text” is missing"),
        ('{"text": 5, "label": "spam"}', "“text” is missing, or no text"),
        ('{"text": "", "label": "spam", "author": 5}', "“author” is no text"),
        ('{"text": "", "label": "spam", "date": "soon"}', '“date” is "soon", no date'),
        ('{"text": "", "label": "spam", "date": 1e300}', "no date"),
        ("[" * 100_000, "this is not JSON"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    ask: Evaluate, tmp_path: Path, line: str, why: str
) -> None:
    good = json.dumps(said(1, spam=True))
    file = tmp_path / "bad.jsonl"
    file.write_text(f"{good}\n\n{line}\n{good}\n")
    refused = ask(file, "--by-time", "0.6")
    assert refused.exit_code == 2
    assert "bad.jsonl, line 3: " in refused.output
    assert why in refused.output
    assert refused.output.count("\n") == 1


def test_files_that_are_none_are_refused_in_words(ask: Evaluate, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b'{"text": "x"\n\xff\xfe')
    (tmp_path / "empty").write_text("\n\n")
    written(tmp_path / "ham", [said(number, spam=False) for number in range(9)])
    for file, way, why in (
        ("missing", ("--folds", "5"), "cannot be read"),
        (".", ("--folds", "5"), "cannot be read"),
        ("binary", ("--folds", "5"), "line 2: this is not UTF-8"),
        ("empty", ("--folds", "5"), "is empty"),
        ("ham", ("--folds", "5"), "There is no spam in what would be asked"),
        ("ham", ("--leave-out", "video"), "9 of 9 lines have no “video”"),
        ("ham", ("--leave-out", "label"), "All lines have the same “label”"),
    ):
        refused = ask(tmp_path / file, *way)
        assert refused.exit_code == 2
        assert why in refused.output


def test_what_no_text_can_hold_and_what_we_would_refuse_is_measured_still(tmp_path: Path) -> None:
    odd = ["half \\ud83d a pair", "\\u0000 \\u001b", "x" * 70_000, "", '<a href=\\"' * 2_000]
    file = tmp_path / "odd"
    file.write_text(
        "\n".join(f'{{"text": "{text}", "label": "{label}"}}' for text in odd for label in LABELS)
    )
    known, asked = cases([], read(file))
    assert not known
    assert len(trial([], asked).judged) == 2 * len(odd)


# ---------------------------------------------------------------------------------------- measuring


def test_a_filter_that_can_learn_is_measured_on_what_it_has_not_seen(
    ask: Evaluate, tmp_path: Path
) -> None:
    train = written(tmp_path / "a.jsonl", heap(120))
    test = written(tmp_path / "b.jsonl", heap(200)[240:])
    found = told(ask("--train", train, "--test", test, "--json"))
    assert found["learned"] == 240
    assert found["asked"] == {"spam": 80, "ham": 80}
    assert found["roc_auc"] > 0.95
    assert found["accuracy"] > 0.85
    assert found["recall_at_fpr_01"] > 0.3
    assert 0 <= found["publish_at"] <= found["spam_at"] <= 1
    for label in LABELS:
        assert sum(found["outcomes"][label].values()) == 80
    false = found["false_positives"]
    assert false["count"] == found["outcomes"]["ham"]["spam"] == round(false["rate"] * 80)
    assert false["interval"][0] <= false["rate"] <= false["interval"][1]
    assert found["model_bytes"] > 1_000
    assert found["microseconds_per_comment"] > 0
    assert {word for word, _ in found["telling"]["spam"]} & set(_SELLING)
    assert {word for word, _ in found["telling"]["ham"]} & set(_TALKING)
    assert [step["from"] for step in found["thresholds"]] == sorted(
        step["from"] for step in found["thresholds"]
    )
    for label in LABELS:
        passed = [step[label] for step in found["thresholds"]]
        assert passed == sorted(passed, reverse=True)
    words = ask("--train", train, "--test", test).output
    assert "a.jsonl learned, b.jsonl asked" in words
    assert "240 comments" in words
    assert "ham called spam" in words


def test_one_file_is_parted_in_three_ways(ask: Evaluate, tmp_path: Path) -> None:
    rows = [{**row, "video": number % 3} for number, row in enumerate(heap(75))]
    file = written(tmp_path / "a.jsonl", [*rows, rows[0]])
    for words, rounds, learned, asked in (
        (("--by-time", "0.6"), 1, 90, 61),
        (("--folds", "5"), 5, 120, 150),
        (("--leave-out", "video"), 3, 101, 151),
    ):
        found = told(ask(file, *words, "--json"))
        assert found["rounds"] == rounds
        assert found["learned"] == learned
        assert sum(found["asked"].values()) == asked
        assert found["roc_auc"] > 0.9
    assert told(ask("--train", file, "--by-time", "0.6", "--json"))["learned"] == 90
    assert "in each of 5 rounds" in ask(file, "--folds", "5").output


def test_the_curve_says_what_fewer_decisions_would_have_taught(
    ask: Evaluate, tmp_path: Path
) -> None:
    rows = heap(150)
    # Whatever comes first: as much spam is among the oldest as among all.
    rows[:240] = sorted(rows[:240], key=lambda row: row["label"])
    file = written(tmp_path / "a.jsonl", rows)
    found = told(ask(file, "--by-time", "0.8", "--curve", "--json"))
    assert [step["learned"] for step in found["curve"]] == [50, 100, 200, 240]
    assert not any(step["not_enough"] for step in found["curve"])
    assert found["curve"][0]["brier"] > found["curve"][-1]["brier"] == found["brier"]
    few = written(tmp_path / "few.jsonl", [*heap(9), *(said(n, spam=False) for n in range(90))])
    text = ask("--train", few, "--test", file, "--curve").output
    assert "of 50 learned     Not enough decisions yet: 4 spam and 46 ham" in text


def test_parts_of_one_heap_are_measured_as_one_and_groups_each_for_itself() -> None:
    lines = [
        Line(row["text"], row["label"], said={"video": number % 2})
        for number, row in enumerate(heap(70))
    ]
    trials = on_lines(folds(lines, 2))

    def of(judged: list[Judged]) -> Quality:
        return quality([one.probability for one in judged], [one.case.is_spam for one in judged])

    assert Report(trials, together=2).quality == of([*trials[0].judged, *trials[1].judged])
    assert Report(trials).quality == mean([of(each.judged) for each in trials])


def test_before_there_is_enough_to_learn_from_the_checks_are_measured_alone(
    ask: Evaluate, tmp_path: Path
) -> None:
    links = " ".join(f"https://shop{number}.example.org/" for number in range(3))
    train = written(tmp_path / "a.jsonl", heap(3))
    spam = [{"text": f"{links} {number}", "label": "spam"} for number in range(8)]
    test = written(tmp_path / "b.jsonl", [*spam, *(said(n, spam=False) for n in range(100, 108))])
    found = told(ask("--train", train, "--test", test, "--json"))
    assert "Not enough decisions yet: 3 spam and 3 ham" in found["not_enough"]
    assert found["outcomes"] == {
        "spam": {"spam": 0, "held": 8, "published": 0},
        "ham": {"spam": 0, "held": 0, "published": 8},
    }
    assert found["roc_auc"] == 1
    assert found["checks"]["links"] == found["held_by_checks"] == {"spam": 8, "ham": 0}
    assert "Not enough decisions yet" in ask("--train", train, "--test", test).output


def test_other_sites_decisions_help_a_site_with_few(ask: Evaluate, tmp_path: Path) -> None:
    few = written(tmp_path / "few.jsonl", heap(30))
    others = written(tmp_path / "others.jsonl", heap(300)[160:])
    test = written(tmp_path / "test.jsonl", heap(80)[60:])
    alone = told(ask("--train", few, "--test", test, "--json"))
    helped = told(ask("--train", few, "--test", test, "--prior", others, "--json"))
    assert helped["roc_auc"] >= alone["roc_auc"]
    assert helped["brier"] < alone["brier"]


@pytest.mark.parametrize(("spam", "count"), [(0.9, 400), (0.03, 1000)])
def test_blogs_that_drown_in_spam_or_hardly_see_any_are_served_alike(
    spam: float, count: int
) -> None:
    """By time, with campaigns that were not there before, and what another site has decided."""
    prior, _ = cases(Blog(99, 0.5).lines(300), [])
    report = Report(on_lines(by_time(Blog(1, spam).lines(count), 0.6), prior))
    found = report.outcomes()
    assert report.quality.roc_auc > 0.98
    assert report.quality.recall_at_fpr_1 > 0.9
    assert found["ham"]["spam"] == found["spam"]["published"] == 0
    assert found["spam"]["spam"] > 0.05 * sum(found["spam"].values())


def test_a_comment_is_seen_with_what_came_before_it_and_nothing_else() -> None:
    lines = [
        Line("The same words.", "spam"),
        Line("Others.", "ham"),
        Line("The same words.", "ham"),
    ]
    [first, other], [again] = cases(lines[:2], lines[2:])
    assert "duplicate" not in first.example.signals
    assert "duplicate" not in other.example.signals
    assert "duplicate" in again.example.signals


def test_what_a_line_does_not_tell_is_not_held_against_it() -> None:
    _, [case] = cases([], [Line("I read the whole report.", "ham")])
    assert case.example.signals == ()
    assert case.risk == 0


def test_a_command_that_says_nothing_to_measure_is_told_what_to_say(
    ask: Evaluate, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.jsonl", heap(5))
    for words in (
        (),
        (file,),
        ("--train", file),
        ("--test", file),
        (file, "--by-time", "0.6", "--folds", "5"),
        ("--train", file, "--test", file, "--folds", "5"),
        (file, "--by-time", "1"),
        (file, "--folds", "1"),
        ("--site", "news", "--train", file),
    ):
        refused = ask(*words)
        assert refused.exit_code == 2, words
        assert "Traceback" not in refused.output


# ------------------------------------------------------------------------------------- a site's own


@pytest.fixture
def site(app: Flask) -> Evaluate:
    """Run the command on the app's database."""

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(evaluate, words, obj=ScriptInfo(create_app=lambda: app))

    return invoke


def fill(app: Flask, backstage: Backstage, count: int) -> None:
    """As many comments of either label as if moderators had decided each."""
    moves = {"spam": (Move.spam, Status.spam), "ham": (Move.approve, Status.approved)}
    with app.app_context(), writing():
        thread = db.session.query(Thread).first()
        pattern = db.session.query(Comment).first()
        olga = db.session.query(Decision).filter(Decision.moderator_id.is_not(None)).first()
        assert thread
        assert pattern
        assert olga
        for row in heap(count):
            move, to = moves[row["label"]]
            comment = Comment(
                site_id=thread.site_id, thread_id=thread.id, author="Ann", body=row["text"],
                body_html=row["text"], sanitizer_version=1, body_hash="0" * 64,
                screened_at=now(), status=to,
            )  # fmt: skip
            db.session.add(comment)
            db.session.flush()
            db.session.add(
                Decision(
                    site_id=thread.site_id, comment_id=comment.id, via=Via.desk, move=move,
                    moderator_id=olga.moderator_id, status_from=Status.pending, status_to=to,
                )
            )  # fmt: skip
        db.session.commit()


def labels(app: Flask) -> dict[str, str | None]:
    """What is learned of the comments of `news`."""
    with app.app_context():
        news = db.session.query(Site).filter_by(key="news").one()
        return {case.example.text: case.example.label for case in decided(news)}


def test_a_site_is_measured_on_its_own_moderators_decisions(
    app: Flask, ann: Reader, backstage: Backstage, site: Evaluate
) -> None:
    early = site("--site", "news")
    assert early.exit_code == 1
    assert "Not enough decisions yet: 0 spam and 0 ham" in early.output
    backstage.approve(ann.say("I read the whole report."))
    fill(app, backstage, 60)
    found = told(site("--site", "news", "--json"))
    assert found["learned"] == 72
    assert found["asked"] == {"spam": 24, "ham": 25}
    assert found["roc_auc"] > 0.9
    backstage.set(spam_from=0.5)  # whatever is half a percent likely
    eager = told(site("--site", "news", "--json"))["outcomes"]["ham"]["spam"]
    assert eager > found["outcomes"]["ham"]["spam"]
    backstage.set(spam_from=None)
    assert "news, by time" in site("--site", "news", "--by-time", "0.5").output
    assert "Not enough decisions yet" in site("--site", "other").output
    assert "There is no site “nobody”" in site("--site", "nobody").output


def test_only_what_a_moderator_said_last_of_these_very_words_is_learned(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    ids = {words: ann.say(words) for words in ("Kept.", "Spam.", "Both.", "Trash.", "Undone.")}
    ann.say("Nobody decided.")
    backstage.screen(*ids.values())
    for words, moves in {
        "Kept.": [Move.approve],
        "Spam.": [Move.spam],
        "Both.": [Move.spam, Move.restore, Move.approve],
        "Trash.": [Move.approve, Move.trash],
        "Undone.": [Move.approve, Move.unapprove],
    }.items():
        for move in moves:
            backstage.move(ids[words], move)
    assert labels(app) == {"Kept.": "ham", "Spam.": "spam", "Both.": "ham"}
    with app.app_context():
        news, other = db.session.query(Site).order_by(Site.key)
        assert decided_elsewhere(other) == decided(news)
        assert decided(other) == decided_elsewhere(news) == []
    with app.app_context(), writing():
        db.session.get_one(Comment, ids["Kept."]).edited_at = now()
        db.session.commit()
    assert labels(app) == {"Spam.": "spam", "Both.": "ham"}
