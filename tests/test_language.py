"""What is said in which language: the page's choice, else the site's; and in a site's own words."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from tests.conftest import Backstage, Reader, WithoutScript
from widget import language
from widget.models import Hold
from widget.web.dates import moment

once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


# -------------------------------------------------------------------------------- numbers and times


@pytest.mark.parametrize(
    ("tag", "number", "said"),
    [
        ("en", 1, "1 comment"),
        ("en", 1234, "1,234 comments"),
        ("de", 1234, "1.234 Kommentare"),
        ("es", 1_000_000, "1.000.000 de comentarios"),
        ("fr", 0, "0 commentaire"),
        ("fr", 1234, "1\u202f234 commentaires"),
        ("ht", 2, "2 kòmantè"),
        ("pl", 2, "2 komentarze"),
        ("pl", 12, "12 komentarzy"),
        ("pl", 22, "22 komentarze"),
        ("uk", 21, "21 коментар"),
        ("uk", 11, "11 коментарів"),
        ("ar", 1, "تعليق واحد"),
        ("ar", 2, "تعليقان"),
        ("ar", 7, "7 تعليقات"),
        ("ar", 11, "11 تعليقًا"),
        ("ar", 100, "100 تعليق"),
        ("he", 2, "שתי תגובות"),
        ("ja", 5, "5 件のコメント"),
    ],
)
def test_a_number_of_things_is_said_as_the_language_says_it(
    tag: str, number: int, said: str
) -> None:
    with language.speaking(tag):
        assert language.ngettext("%(num)s comment", "%(num)s comments", number) == said


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", "March 1, 2019 at 3:05 pm"),
        ("ar", "1 مارس 2019، الساعة 3:05 م"),
        ("de", "1. März 2019 um 15:05 Uhr"),
        ("es", "1 de marzo de 2019, 15:05"),
        ("fr", "1er mars 2019 à 15:05"),
        ("he", "1 במרץ 2019 בשעה 15:05"),
        ("ht", "1 mas 2019, 15:05"),
        ("it", "1º marzo 2019 alle 15:05"),
        ("ja", "2019年3月1日 15:05"),
        ("nl", "1 maart 2019 om 15:05"),
        ("pl", "1 marca 2019 o 15:05"),
        ("pt", "1º de março de 2019 às 15:05"),
        ("uk", "1 березня 2019\u202fр., 15:05"),
        ("zh", "2019年3月1日 15:05"),
    ],
)
def test_a_time_is_written_as_the_language_writes_it(tag: str, said: str) -> None:
    with language.speaking(tag):
        assert moment(datetime(2019, 3, 1, 20, 5, tzinfo=UTC), "America/New_York") == said


def test_the_last_day_of_a_month_is_not_the_first() -> None:
    with language.speaking("fr"):
        assert moment(datetime(2019, 3, 11, 9, 0, tzinfo=UTC)) == "11 mars 2019 à 09:00"


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("pt-BR", "pt"),
        ("DE_at", "de"),
        ("zh-Hant-TW", "zh"),
        ("fr", "fr"),
        ("x-klingon", ""),
        ("", ""),
    ],
)
def test_a_tag_names_one_of_our_languages_or_none(tag: str, found: str) -> None:
    assert language.known(tag) == found


# ------------------------------------------------------------------------- which language is spoken


@once
def test_the_page_says_the_language_else_the_site_and_never_the_reader(
    ann: Reader, client: FlaskClient, backstage: Backstage
) -> None:
    german = {"Accept-Language": "de"}
    address = {"page": ann.page}
    english = client.get("/embed/news/thread", query_string=address, headers=german)
    assert "Leave a Reply" in english.text
    assert "Accept-Language" not in english.headers["Vary"]
    assert section(ann.read(lang="de-CH")).get("lang") == "de"
    assert "Kommentar schreiben" in ann.read(lang="de-CH").text
    assert "Leave a Reply" in ann.read(lang="xx").text

    backstage.set(language="he")
    hebrew = section(ann.read())
    assert (hebrew.get("lang"), hebrew.get("dir")) == ("he", "rtl")
    spanish = section(ann.read(lang="es"))
    assert (spanish.get("lang"), spanish.get("dir")) == ("es", "ltr")
    # What was typed keeps its own direction.
    assert spanish.xpath("//textarea/@dir") == ["auto"]


@once
def test_faults_are_told_in_the_language_of_the_form(
    ann: Reader, client: FlaskClient, backstage: Backstage
) -> None:
    form = section(ann.read(lang="de")).forms[0]
    assert form.fields["lang"] == "de", "the form says in which language it was shown"
    assert "Ihren Namen" in ann.post(author=" ", lang="de").text
    assert "Ihren Kommentar" in ann.post(" ", lang="de").text
    assert "von 65.526 auf 65.525 Bytes" in ann.post("x" * 65_526, lang="de").text
    ann.say("Once.")
    assert "anscheinend schon" in ann.post("Once.", lang="de").text
    unknown = client.get("/embed/nobody/thread", query_string={"page": ann.page, "lang": "de"})
    assert unknown.status_code == 404
    assert "gibt es hier nicht" in unknown.text
    assert "Diese Seite der Kommentare" in ann.read(lang="de", after="nonsense").text
    backstage.set(language="fr")
    assert "votre nom" in ann.post(author=" ").text
    assert "65 525 octets" in ann.post("x" * 600_000).text.replace("\u202f", " ")


@once
def test_without_a_script_the_language_stays_from_page_to_page(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    cara = WithoutScript(app.test_client(), "Cara")
    backstage.approve(ann.say("Answer me."))
    tree = parsed(cara.read(lang="de"))
    assert tree.get("lang") == "de"
    ours = [link for link in tree.xpath("//a/@href") if "/t/news" in link]
    assert ours
    assert all("lang=de" in link for link in ours), ours
    faulty = cara.post(author=" ", lang="de")
    assert (faulty.status_code, parsed(faulty).get("lang")) == (422, "de")
    posted = cara.post("Without a script.", lang="de")
    again = cara.client.get(posted.headers["Location"])
    assert parsed(again).get("lang") == "de"
    assert "wartet auf Freischaltung" in again.text


class TestTooQuickly:
    """With a limit that can be reached."""

    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "post_limit": "1 per minute"}

    @once
    def test_who_posts_too_quickly_is_told_so_in_the_language_of_the_form(
        self, ann: Reader
    ) -> None:
        ann.post("The first.", lang="de")
        refused = ann.post("The second.", lang="de")
        assert refused.status_code == 429
        assert "zu schnell" in refused.text


# ------------------------------------------------------------------------------- a site's own words


@once
def test_a_sites_own_words_stand_in_its_threads_as_words(ann: Reader, backstage: Backstage) -> None:
    backstage.set(
        hold=Hold.none,
        words={
            "en": {
                "%(num)s comment": ["%(num)s letter", "%(num)s letters"],
                "Leave a Reply": 'Write to "the <b>editor</b>" & us',
                "Please enter your name.": "Who are you?",
            }
        },
    )
    backstage.screen(ann.say("One."))
    assert ">1 letter</h2>" in ann.read().text
    backstage.screen(ann.say("Two."))
    thread = section(ann.read())
    assert thread.findtext(".//h2") == "2 letters"
    assert thread.findtext(".//h3") == 'Write to "the <b>editor</b>" & us'
    assert "Who are you?" in ann.post(author=" ").text
    # They were chosen in English; in another language they would be foreign words.
    assert "2 Kommentare" in ann.read(lang="de").text


def section(response: Any) -> Any:
    """The thread in an answer."""
    assert response.status_code == 200, response.text
    return parsed(response).find_class("comments")[0]


def parsed(response: Any) -> Any:
    """The page in an answer."""
    return html.document_fromstring(response.text)
