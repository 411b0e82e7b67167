"""Which files `widget import` opens, and how it refuses the others."""

import codecs
import gzip
import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask

from tests.wxr import LINK, Importing, comment, export, post
from widget.transfer import IMPORTERS

WHOLE = export(post(comment(1)))


@pytest.fixture
def importing(app: Flask, tmp_path: Path) -> Importing:
    """The command, on the app's database."""
    return Importing(app, tmp_path)


def zipped(**files: str) -> bytes:
    """A zip file; `_` in a name stands for its dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


# ------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        gzip.compress(WHOLE.encode()),
        zipped(export_xml=WHOLE, readme_txt="Hello."),
        codecs.BOM_UTF8 + WHOLE.encode(),
        WHOLE.replace("UTF-8", "UTF-16").encode("utf-16"),
        WHOLE.replace("UTF-8", "windows-1252").encode("windows-1252"),
        WHOLE.replace("\n", "\r\n"),
        "\n\n  " + WHOLE,
        "`" + WHOLE,
        "<br />\n<b>Warning</b>: Cannot modify header information in plugin.php\n" + WHOLE,
        WHOLE.partition("?>")[2].lstrip(),
        export(post(comment(1)), version="1.0"),
        export(post(comment(1)), version="1.1"),
        WHOLE.replace("http://wordpress.org", "https://wordpress.org"),
    ],
    ids=[
        *("plain", "gzip", "zip", "BOM", "UTF-16", "windows-1252", "CRLF", "blank", "backtick"),
        *("PHP", "undeclared", "1.0", "1.1", "https"),
    ],
)
def test_files_that_are_read(content: str | bytes, importing: Importing) -> None:
    assert "1 new: 1 approved" in importing.take(content)
    (found,) = importing.comments()
    assert (found.author, found.body) == ("Ann", "I read the report.")


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
SECRET = '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("Dear Sir or Madam", "not an XML file"),
        ("{}", "not an XML file"),
        (WHOLE.replace("<rss", LAUGHS + "<rss").replace("read", "&b;"), "document type"),
        (WHOLE.replace("<rss", SECRET + "<rss").replace("read", "&a;"), "document type"),
        (WHOLE.replace("xmlns:wp", "xmlns:wq"), "not well-formed"),
        (WHOLE.replace('<?xml version="1.0" encoding="UTF-8" ?>', '<?xml encoding="x-y"?>'), "x-y"),
        (WHOLE.replace('encoding="UTF-8"', 'encoding="zlib"'), "“zlib”"),
        (WHOLE.replace("http://wordpress.org/export", "http://example.org"), "a feed"),
        (WHOLE.replace("rss", "feed"), "it begins with <feed>"),
        (WHOLE.replace("<![CDATA[", "&nbsp;<![CDATA[", 2), "'nbsp'"),
        (WHOLE.partition("</channel>")[0], "line 10"),
        (gzip.compress(WHOLE.encode())[:-20], "damaged or not complete"),
        (zipped(a_xml=WHOLE, b_xml=WHOLE), "2 XML files"),
        (zipped(a_txt="Hello."), "no XML files"),
        (zipped(a_xml=WHOLE)[:60], "zip file that cannot be opened"),
    ],
    ids=range(16),
)
def test_files_that_are_refused(content: str | bytes, why: str, importing: Importing) -> None:
    sentence = importing.refuse(content)
    assert why in sentence
    assert sentence.endswith("Nothing was imported.")


def test_a_file_that_is_broken_further_down_changes_nothing(importing: Importing) -> None:
    posts = [post(comment(n), post_id=n, link=f"{LINK}{n}") for n in range(500)]
    broken = export(*posts).replace("</item>\n</channel>", "</channel>")
    assert f"line {broken[: broken.index('</channel>')].count(chr(10)) + 1}" in importing.refuse(
        broken
    )


def test_files_that_are_none(importing: Importing, tmp_path: Path) -> None:
    assert "No such file" in importing.refuse(tmp_path / "nowhere.xml")
    assert "Is a directory" in importing.refuse(tmp_path)


def test_a_site_or_a_system_that_is_unknown(importing: Importing) -> None:
    file = importing.file(WHOLE)
    assert "`widget site list` shows all" in importing.run(file, site="gazette").stderr
    assert "one for: wordpress" in importing.run(file, system="blogger").stderr
    assert importing.comments() == []


def test_posts_come_before_the_file_is_read_to_its_end(importing: Importing) -> None:
    posts = [post(comment(n), post_id=n, link=f"{LINK}{n}") for n in range(1000)]
    file = importing.file(export(*posts))
    read: list[int] = []
    pages = IMPORTERS["wordpress"].read(file, Counter(), read.append)
    next(pages)
    assert sum(read) < file.stat().st_size / 2
    assert len(list(pages)) == 999
    assert sum(read) == file.stat().st_size


def test_nothing_is_drawn_where_there_is_no_terminal(importing: Importing) -> None:
    assert importing.run(importing.file(WHOLE)).stderr == ""


# -------------------------------------------------------------------------------------- characters


def test_characters_that_xml_forbids_are_taken_out(importing: Importing) -> None:
    text = "A\x00 bell\x07 rings\x1b.&#x1F600;"
    bare = comment(1, date_gmt="2012-01-03 18:30:00").replace(
        "<![CDATA[I read the report.]]>", "One&#8; &amp;lt;two&#x0B;&#00;&#xD800;"
    )
    report = importing.take(export(post(bare, comment(2, text, author="Bob\x01"))))
    found = importing.by_author()
    assert found["Ann"].body == "One &lt;two"
    assert found["Bob"].body == "A bell rings.&#x1F600;"
    assert found["Bob"].body_html == "<p>A bell rings.\N{GRINNING FACE}</p>"
    assert "8 control characters taken out" in report


def test_a_reference_cut_in_two_by_the_reader_is_found(importing: Importing) -> None:
    for shift in range(8):
        start = WHOLE.index("I read")
        padding = "x" * (65_536 - start - shift)
        whole = WHOLE.replace("I read the report.", f"{padding}&#x1;end")
        assert whole.index("&#x1;") == 65_536 - shift
        assert "1 control characters" in importing.take(whole, "--dry-run")


def test_bytes_that_are_no_letters_are_shown_as_such(importing: Importing) -> None:
    broken = WHOLE.encode().replace(b"report", b"r\xe9port")
    assert "1 broken characters" in importing.take(broken)
    assert importing.comments()[0].body == "I read the r\N{REPLACEMENT CHARACTER}port."
