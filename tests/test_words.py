"""`widget site words`: a publisher's own words, set one by one or as a file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select

from tests.conftest import Backstage, Reader
from widget.cli.words import words
from widget.db import db
from widget.models import Site

Run = Callable[..., Result]
COUNT = "%(num)s comment"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command on the app's database: `run("list", "news")`."""

    def invoke(*said: str) -> Result:
        return CliRunner().invoke(words, said, obj=ScriptInfo(create_app=lambda: app))

    return invoke


def site(app: Flask) -> Site:
    """The site as it is now."""
    with app.app_context():
        return db.session.scalars(select(Site).where(Site.key == "news")).one()


def test_a_message_is_replaced_and_restored_and_readers_see_it_at_once(
    run: Run, app: Flask, ann: Reader
) -> None:
    before = ann.read()
    assert "Leave a Reply" in before.text
    done = run("set", "news", "Leave a Reply", "Write to the editor")
    assert done.exit_code == 0, done.output
    after = ann.read()
    assert "Write to the editor" in after.text
    assert after.headers["ETag"] != before.headers["ETag"]
    assert site(app).words == {"en": {"Leave a Reply": "Write to the editor"}}
    assert run("unset", "news", "Leave a Reply").exit_code == 0
    assert "Leave a Reply" in ann.read().text
    assert site(app).words == {}
    assert "no words of its own" in run("unset", "news", "Leave a Reply").output


def test_a_number_of_things_takes_words_for_each_plural_form(
    run: Run, ann: Reader, backstage: Backstage
) -> None:
    backstage.approve(ann.say("One."))
    short = run("set", "news", COUNT, "%(num)s letter")
    assert short.exit_code == 1
    assert "needs 2 in this language" in short.output
    # Named by its plural, too.
    assert run("set", "news", "%(num)s comments", "one letter", "%(num)s letters").exit_code == 0
    assert ">one letter</h2>" in ann.read().text
    polish = ("list", "%(num)s listy", "%(num)s listów")
    assert run("set", "news", "--language", "pl", COUNT, *polish).exit_code == 0
    assert ">list</h2>" in ann.read(lang="pl").text
    assert ">one letter</h2>" in ann.read().text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["Coments", "Letters"], "No reader is ever told “Coments”."),
        (["Comments", " "], "needs words"),
        (["Comments", "Let\nters"], "on one line"),
        (["Comments", "Letters", "Letter"], "needs 1"),
        (["Comments", "100 % letters"], "a % can only stand in %(…)s"),
        (["Reply to %(name)s", "Reply"], "lacks %(name)s"),
        (["Reply to %(name)s", "Reply to %(author)s"], "there is no %(author)s here"),
        ([COUNT, "letter", "letters"], "“letters” lacks %(num)s"),
        (["--language", "xx", "Comments", "Letters"], "--language"),
    ],
)
def test_words_that_could_not_be_said_are_refused(
    run: Run, app: Flask, said: list[str], why: str
) -> None:
    refused = run("set", "news", *said)
    assert refused.exit_code != 0
    assert why in refused.output
    assert site(app).words == {}


def test_the_list_shows_every_message_and_which_are_the_sites_own(run: Run) -> None:
    run("set", "news", "Comments", "Letters")
    listed = run("list", "news").output.splitlines()
    assert "Comments\tLetters\town" in listed
    assert "Reply\tReply" in listed
    assert f"{COUNT} | %(num)s comments\t{COUNT} | %(num)s comments" in listed
    assert run("list", "news", "--own").output == "Comments\tLetters\town\n"
    german = run("list", "news", "--language", "de").output.splitlines()
    assert "Reply\tAntworten" in german
    assert run("list", "nobody").exit_code == 1


def test_all_words_go_out_as_a_file_and_come_back(run: Run, app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "news.po"
    own = ("eine Zuschrift", "%(num)s Zuschriften")
    run("set", "news", "--language", "de", COUNT, *own)
    run("set", "news", "Comments", "Letters")
    assert run("export", "news", str(file), "--language", "de").exit_code == 0
    text = file.read_text()
    assert '#. Ours: Antworten\nmsgid "Reply"\nmsgstr ""\n' in text
    assert 'msgstr[1] "%(num)s Zuschriften"' in text

    run("unset", "news", "--language", "de", COUNT)
    file.write_text(text.replace('msgid "Reply"\nmsgstr ""', 'msgid "Reply"\nmsgstr "Entgegnen"'))
    taken = run("import", "news", str(file))
    assert taken.exit_code == 0, taken.output
    assert "2 messages of its own in Deutsch" in taken.output
    german = {COUNT: list(own), "Reply": "Entgegnen"}
    assert site(app).words == {"de": german, "en": {"Comments": "Letters"}}


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ('msgid "Coments"\nmsgstr "Letters"\n', "No reader is ever told “Coments”."),
        ('msgid "Reply to %(name)s"\nmsgstr "Reply"\n', "lacks %(name)s"),
        (f'msgid "{COUNT}"\nmsgstr "Letters"\n', "needs 2"),
        ('msgid "Comm', "This is no .po file"),
        ("\udcff\udcfe", "This is no .po file"),
    ],
)
def test_a_file_with_a_fault_changes_nothing(
    run: Run, app: Flask, tmp_path: Path, file: str, why: str
) -> None:
    run("set", "news", "Comments", "Letters")
    header = 'msgid ""\nmsgstr ""\n"Language: en\\n"\n\n'
    path = tmp_path / "news.po"
    path.write_text(f'{header}msgid "Reply"\nmsgstr "Answer"\n\n{file}', errors="surrogateescape")
    refused = run("import", "news", str(path))
    assert refused.exit_code == 1
    assert why in refused.output
    assert site(app).words == {"en": {"Comments": "Letters"}}


def test_a_file_says_which_language_it_is_in(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "news.po"
    path.write_text('msgid "Reply"\nmsgstr "Answer"\n')
    assert "“Language:”" in run("import", "news", str(path)).output
