"""Markdown's everyday marks, where a site wants them: a short way to write the allowed tags."""

import pytest

from tests.conftest import Backstage, Reader, whatever_the_database
from widget import sanitize
from widget.comments.markdown import published
from widget.models import Site

SITE = Site(markdown=True)
REL = ' rel="nofollow ugc noopener"'


def shown(body: str) -> str:
    return str(published(SITE, body))


@whatever_the_database
def test_a_site_has_to_ask_for_it(ann: Reader, backstage: Backstage) -> None:
    typed = "*So* `it` is."
    assert backstage.comment(ann.say(typed)).body_html == "<p>*So* `it` is.</p>"
    assert "**strong" not in ann.read().text

    backstage.set(markdown=True)
    comment = backstage.comment(ann.say(f"{typed} Again."))
    assert comment.body == f"{typed} Again."
    assert comment.body_html == "<p><em>So</em> <code>it</code> is. Again.</p>"
    assert comment.sanitizer_version == sanitize.VERSION
    assert "**strong" in ann.read().text, "the note under the form says how"


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("*a* _b_ **c** __d__",
         "<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong></p>"),
        ("***e***", "<p><em><strong>e</strong></em></p>"),
        ("a\nb\n\nc", "<p>a<br>b</p>\n<p>c</p>"),
        ("snake_case_name, 2 * 3 * 4, *, **", "<p>snake_case_name, 2 * 3 * 4, *, **</p>"),
        ("`<b> & *x*`", "<p><code>&lt;b&gt; &amp; *x*</code></p>"),
        ("```py\nif a < b:\n    x\n\ny\n```\nthen",
         "<p><code>if a &lt; b:<br>    x<br><br>y</code></p>\n<p>then</p>"),
        ("```these words are no language", "<p><code>these words are no language</code></p>"),
        ("> a\n> b\n>> c\n\nd",
         "<blockquote><p>a<br>b</p>\n<blockquote><p>c</p></blockquote></blockquote>\n<p>d</p>"),
        ("- a\n- b\n  - c\n\nd", "<p>• a<br>• b<br>◦ c</p>\n<p>d</p>"),
        ("3. a\n4. *b*", "<p>3. a<br>4. <em>b</em></p>"),
        ("[a *b*](https://example.org/x_y_z 'c')",
         f'<p><a href="https://example.org/x_y_z" title="c"{REL}>a <em>b</em></a></p>'),
        ("<https://example.org/a*b*c>",
         f'<p><a href="https://example.org/a*b*c"{REL}>https://example.org/a*b*c</a></p>'),
        ("**https://a.org/__b__/*c*d**",
         f'<p><strong><a href="https://a.org/__b__/*c*d"{REL}>https://a.org/__b__/*c*d</a></strong></p>'),
        (r"\*a\* \<b> \\", r"<p>*a* &lt;b&gt; \</p>"),
    ],
)  # fmt: skip
def test_everyday_marks_become_the_allowed_tags(typed: str, html: str) -> None:
    assert shown(typed) == html


@pytest.mark.parametrize(
    "typed",
    [
        "# a heading\n---\n| a | b |",
        "[a](javascript:alert(1)) [b](/relative) [c](data:text/html,x) [d][e]",
        "1 < 2 & 3 > 2; &amp; &lt;b&gt; &#60;",
        "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- x --> <?php ?>",
        '<a href="javascript:alert(1)" onclick="x">words</a> <b class="x">bold</b>',
        '<a href="https://example.org/*a*">a</a> <b>b</b> & <blockquote>c</blockquote>',
    ],
)
def test_all_the_rest_is_as_it_would_be_without_markdown(typed: str) -> None:
    assert shown(typed) == str(sanitize.clean(typed))


HOSTILE = [
    "*", "_", "**a", "*a **b ", "`", "`a``b```c", "[", "[a](", "![a](", "[](", "<", "<a ", "<b>",
    "<!--", "<?", "> ", ">", "- ", "> - ", "1) ", "- a\n", "```\n", "\\", "&amp;", "&", ":",
    "http://", "https://a.b/*", "<https://x", "x\n\n", "  \n", "[a](https://x.org/", "[a](((((",
    '[a](b "', "***a** b", "*_`[<", "[a]: https://x.org\n\n[a]", "\t- ", "é*é*",
]  # fmt: skip


def test_hostile_marks_end_and_nothing_is_lost() -> None:
    for part in HOSTILE:
        for size in (200, 3_000, sanitize.MAX_BODY_BYTES // 2):
            typed = (part * size)[:size] + "end"
            html = shown(typed)
            assert "end" in html, part
            assert html == str(sanitize.clean(html)), part


def test_what_nests_too_deep_is_shown_as_it_was_typed() -> None:
    for typed in ("> " * 25 + "deep", "- " * 35 + "deep", "*a **b " * 30 + "deep" + "** c*" * 30):
        assert shown(typed) == str(sanitize.clean(typed))
    assert shown("> > deep *enough*").count("<blockquote>") == 2


def test_the_limit_is_on_what_was_typed() -> None:
    most = "&`<`" * (sanitize.MAX_BODY_BYTES // 4)
    assert "&amp;" in shown(most)
    with pytest.raises(sanitize.Unacceptable):
        shown(f"{most}more")
    with pytest.raises(sanitize.Unacceptable):
        shown("*a* \0")
