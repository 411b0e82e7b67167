"""Foreign HTML becomes text that reads the same way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget import sanitize
from widget.transfer.reduction import reduce

BASE = "https://news.example.org/2012/the-database/"
NBSP, EM = "\N{NO-BREAK SPACE}", "\N{EM SPACE}"


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        # Newlines, as WordPress means them.
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("one<br />\ntwo<br>three", "one\ntwo\nthree"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<p>one</p>\n\n<p>two\nthree</p>", "one\n\ntwo\nthree"),
        ("<div>one</div><div>two</div>", "one\n\ntwo"),
        ("  one   \n   two  ", "one\ntwo"),
        # What is published stays.
        ("<b>a</b> <em>b</em><strike>c</strike>", "<b>a</b> <em>b</em><strike>c</strike>"),
        ('<abbr title="So">s</abbr>', '<abbr title="So">s</abbr>'),
        ("<q>a</q><del datetime=2012>b</del>", '<q>a</q><del datetime="2012">b</del>'),
        ("a<blockquote>b</blockquote>c", "a\n\n<blockquote>b</blockquote>\n\nc"),
        ("<b></b>a<i> </i>b", "a b"),
        # What is text stays text.
        ("1 &lt; 2 &amp; 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"),
        ("I <3 this, 1 < 2", "I &lt;3 this, 1 &lt; 2"),
        ("caf&eacute;&nbsp;au lait", f"café{NBSP}au lait"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        # Lists.
        ("a\n<ul>\n<li>b</li>\n<li>c</li>\n</ul>\nd", "a\n\n• b\n• c\n\nd"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        ('<ol start="8"><li>a</li><li value="20">b</li><li>c</li></ol>', "8. a\n20. b\n21. c"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", f"• a\n{EM}– b\n• c"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "• a\n• b"),
        ("<ul><li></li><li>b</li></ul>", "• b"),
        ("<ul><li><b>a</b></li></ul>", "• <b>a</b>"),
        ("<ol start='many'><li>a</ol>", "1. a"),
        # Tables.
        (
            "<table>\n<tr>\n<th>Who</th>\n<th>What</th>\n</tr><tr><td>Ann</td><td>1</td></tr></table>",
            "<strong>Who</strong> | <strong>What</strong>\nAnn | 1",
        ),
        ("<table><tr><td>a\nb</td><td></td><td>c<br>d</td></tr></table>", "a b | | c d"),
        ("<table><tr><td>a</td><td></td></tr><tr><td></td><td>b</td></tr></table>", "a\n | b"),
        ("<table><tr><td><ul><li>a<li>b</ul></td><td>c</td></tr></table>", "• a • b | c"),
        # Glossaries, headings, rules.
        (
            "<dl><dt>a</dt>\n<dd>b</dd><dt>c</dt><dd>d</dd></dl>",
            "<strong>a</strong>: b\n<strong>c</strong>: d",
        ),
        (
            "<dl><dt>a</dt><dt>b</dt><dd>c</dd><dd>d</dd></dl>",
            "<strong>a</strong>\n<strong>b</strong>: c\nd",
        ),
        ("a<h2>b</h2>c", "a\n\n<strong>b</strong>\n\nc"),
        ("a<hr />b", "a\n\nb"),
        # Code.
        ("<pre>\n  a\n    b\n\nc\n</pre>d", f"<code>{NBSP * 2}a\n{NBSP * 4}b\n\nc</code>\n\nd"),
        ("<pre><code>a\n\tb</code></pre>", f"<code>a\n{NBSP * 4}b</code>"),
        ("press <kbd>Esc</kbd> now", "press <code>Esc</code> now"),
        ("<code>a </code>b", "<code>a</code> b"),
        ("<pre>a<br>b</pre>", "<code>a\nb</code>"),
        ("<pre>a &lt; b   (c)</pre>", f"<code>a &lt; b{NBSP * 3}(c)</code>"),
        # Links.
        (
            '<a href="https://e.org/?a=1&amp;b=2">x</a>',
            '<a href="https://e.org/?a=1&amp;b=2">x</a>',
        ),
        ('<a href="/about">x</a>', '<a href="https://news.example.org/about">x</a>'),
        ('<a href="#more">x</a>', f'<a href="{BASE}#more">x</a>'),
        ('<a href="//e.org/a b">x</a>', '<a href="https://e.org/a%20b">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<a href="hhttps://e.org/">x</a>', "x"),
        ('<a href="http://[">x</a>', "x"),
        ('<a name="here">x</a>', "x"),
        (
            '<a href="mailto:a@e.org" title="A &quot;b&quot;">x</a>',
            '<a href="mailto:a@e.org" title="A &quot;b&quot;">x</a>',
        ),
        # Pictures and players.
        (
            'a <img src="https://e.org/1.jpg" alt="A  cat" />',
            'a <a href="https://e.org/1.jpg">A cat</a>',
        ),
        ('<img src="https://e.org/1.jpg">', '<a href="https://e.org/1.jpg">e.org</a>'),
        ('<img src="data:image/png;base64,AA" alt="A cat">', "A cat"),
        ('hi <img src="/s.gif" alt=":)" class="wp-smiley" />', "hi :)"),
        (
            '<a href="https://e.org/"><img src="/1.jpg" alt="cat"></a>',
            '<a href="https://e.org/">cat</a>',
        ),
        (
            'a<iframe src="//e.org/v">no frames</iframe>b',
            'a\n<a href="https://e.org/v">https://e.org/v</a>\nb',
        ),
        (
            '<object data="https://e.org/v"><embed src="https://e.org/v"></object>',
            '<a href="https://e.org/v">https://e.org/v</a>',
        ),
        (
            '<video><source src="https://e.org/v">No video?</video>',
            '<a href="https://e.org/v">https://e.org/v</a>',
        ),
        # What was never seen.
        ("a<script>alert(1)</script><style>b{}</style><!-- c -->d", "ad"),
        ("<template>a</template><title>b</title>c", "c"),
        # The rest is its words.
        ('<span style="color:red">a</span> <font>b</font> <u>c</u> <ins>d</ins>', "a b c d"),
        ("H<sub>2</sub>O, mc<sup>2</sup>, 2<sup>nd</sup>, x<sup>n</sup>", "H₂O, mc², 2nd, xⁿ"),
        ("<details><summary>a</summary>b</details>", "a\nb"),
        ("<article><section>a</section></article>b", "a\n\nb"),
        ("<unknown>a</unknown>", "a"),
        ("</b></p></div>a</td>", "a"),
        ("", ""),
        ("<p> </p><ul></ul>", ""),
    ],
)  # fmt: skip
def test_how_it_reads(foreign: str, ours: str) -> None:
    assert reduce(foreign, BASE) == ours


def test_an_indented_line_of_code_is_published_indented() -> None:
    published = sanitize.clean(reduce("<pre>if a:\n    b()</pre>", BASE))
    assert published == f"<p><code>if a:<br>{'&nbsp;' * 4}b()</code></p>"


def test_more_markup_than_can_be_published_leaves_the_words_and_the_links() -> None:
    foreign = '<b>one</b> <a href="https://e.org/">two</a> ' * 800
    published = sanitize.clean(reduce(foreign, BASE))
    assert "&lt;" not in published
    assert "<b>" not in published
    assert published.count('<a href="https://e.org/"') == 800
    assert published.count("one") == 800


def test_deep_nesting_neither_stops_it_nor_blows_it_up() -> None:
    for opening in (
        "<b>",
        "<div>",
        "<blockquote>",
        "<ul><li>",
        "<table><tr><td>",
        "<pre>",
        "<a href=/>",
    ):
        reduced = reduce(f"{opening}7" * 4_000, BASE)
        assert reduced.count("7") == 4_000
        assert len(reduced) < 200_000


_PAIRS = "p b a ul ol table pre code blockquote h2 dl sup span div form"
_BITS = st.sampled_from(
    [
        *(f"<{slash}{name}>" for name in _PAIRS.split() for slash in ("", "/")),
        *(f"<{name}>" for name in ("br", "hr", "li", "tr", "td", "th", "dt", "dd")),
        *(
            "word",
            "word",
            " ",
            "\n",
            "\n\n",
            "< ",
            "&",
            "&amp;lt;",
            "&nbsp;",
            "<!--",
            "-->",
        ),
        *('<a href="/x">', '<img src="/y" alt="word">'),
    ]
)


@given(st.lists(_BITS, max_size=40).map("".join))
def test_no_word_is_lost_and_no_tag_is_shown(foreign: str) -> None:
    published = sanitize.clean(reduce(foreign, BASE))
    if "<!--" not in foreign:
        assert re.sub("<[^>]*>", "", published).count("word") == foreign.count("word")
    assert not re.search("&lt;/?[a-z]", published.replace("&amp;lt;", ""))
    assert sanitize.clean(published) == published


@given(st.text())
def test_any_text_is_taken(foreign: str) -> None:
    plain = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "", foreign)
    sanitize.clean(reduce(plain, BASE))
