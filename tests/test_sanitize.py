"""What is published of what strangers type: the promises of widget/sanitize.py, and its enemies."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from widget import sanitize
from widget.sanitize import MAX_BODY_BYTES, Unacceptable, clean, plain, website

ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "abbr": {"title"},
    "acronym": {"title"},
    "b": set[str](),
    "blockquote": {"cite"},
    "br": set[str](),
    "cite": set[str](),
    "code": set[str](),
    "del": {"datetime"},
    "em": set[str](),
    "i": set[str](),
    "p": set[str](),
    "q": {"cite"},
    "s": set[str](),
    "strike": set[str](),
    "strong": set[str](),
}
REL = "nofollow ugc noopener"
thorough = settings(max_examples=250, derandomize=True, deadline=None, database=None)


class Page(HTMLParser):
    """Published HTML as another parser sees it, which notes whatever should not be there."""

    def __init__(self, published: str) -> None:
        super().__init__(convert_charrefs=True)
        self.dangers: list[str] = []
        self.disorder: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.began = 0
        self.feed(published)
        self.close()
        self.disorder += [f"<{tag}> is left open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if not set(given) <= ATTRIBUTES.get(tag, set()) or len(given) != len(attrs):
            self.dangers.append(f"<{tag}> has {attrs}")
        for name in given.keys() & {"href", "cite"}:
            (self.links if name == "href" else self.sources).append(given[name])
            if not re.match(r"(?i:https?://|mailto:)\w", given[name]):
                self.dangers.append(f"{name} is {given[name]!r}")
        if tag == "a" and given.get("rel") != REL:
            self.dangers.append(f"a link has {attrs}")
        if tag == "a" and "href" not in given:
            self.disorder.append("a link leads nowhere")
        if tag == "br":
            self.text += "\n"
            return
        if tag in self.open and tag in ("a", "p"):
            self.disorder.append(f"<{tag}> inside itself")
        if (tag in ("p", "blockquote")) != all(each == "blockquote" for each in self.open):
            self.disorder.append(f"<{tag}> inside {self.open}")
        self.open.append(tag)
        self.began = len(self.text)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.disorder.append(f"</{tag}> without its start")
        if self.began == len(self.text):
            self.disorder.append(f"<{tag}> is empty")
        if tag in ("p", "blockquote"):
            self.text += "\n\n"

    def handle_data(self, data: str) -> None:
        if not data.isspace() and not self.open:
            self.disorder.append(f"{data!r} is outside of paragraphs")
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.dangers.append(f"a comment or worse: {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.handle_comment(decl)

    def handle_pi(self, data: str) -> None:
        self.handle_comment(data)

    def unknown_decl(self, data: str) -> None:
        self.handle_comment(data)


def publish(typed: str) -> Page:
    """Clean a text, check all that must hold for every text, and return what a reader sees."""
    published = str(clean(typed))
    assert clean(published) == published
    assert not re.search(r"<(?!/?[a-z]+[ >])", published)
    page = Page(published)
    assert page.dangers == page.disorder == []
    return page


def words(text: str) -> str:
    return "".join(text.split())


def as_typed(text: str) -> str:
    """What is published of words on one line, when no tag among them is a tag."""
    return f"<p>{html.escape(text, quote=False)}</p>"


# ------------------------------------------------------------------------------ paragraphs and tags


@pytest.mark.parametrize(
    ("typed", "published"),
    [
        ("", ""),
        (" \n\t\r\n \u3000", ""),
        ("one", "<p>one</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\r\ntwo\rthree", "<p>one<br>two<br>three</p>"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        ("one\n \t \n\n\ntwo\n", "<p>one</p>\n<p>two</p>"),
        ("one\n  two", "<p>one<br>  two</p>"),
        ("    one\n\n    two", "<p>    one</p>\n<p>    two</p>"),
        ("<p>one</p><p>two</p>", "<p>one</p>\n<p>two</p>"),
        ("<p>one<p class=x>two<br>three<BR/>four", "<p>one</p>\n<p>two<br>three<br>four</p>"),
        ("<p></p><p> <br> </p>", ""),
        ("<p>one<b></b></p><p><i> </i></p>", "<p>one</p>"),
        ("one<br><br>two", "<p>one</p>\n<p>two</p>"),
    ],
)
def test_a_blank_line_is_a_paragraph_and_a_newline_a_break(typed: str, published: str) -> None:
    assert clean(typed) == published
    publish(typed)


@pytest.mark.parametrize(
    ("typed", "published"),
    [
        ("<b>one\n\ntwo</b>", "<p><b>one</b></p>\n<p><b>two</b></p>"),
        ("<b>one\ntwo</b>", "<p><b>one<br>two</b></p>"),
        ("<b>one\n</b>\ntwo", "<p><b>one</b></p>\n<p>two</p>"),
        ("one <b> two </b> three", "<p>one  <b>two</b>  three</p>"),
        ("<b>one", "<p><b>one</b></p>"),
        ("<b><i>one</b>two</i>", "<p><b><i>one</i></b><i>two</i></p>"),
        ("<B>one</B>", "<p><b>one</b></p>"),
        (
            "one<blockquote>two\n\nthree</blockquote>four",
            "<p>one</p>\n<blockquote><p>two</p>\n<p>three</p></blockquote>\n<p>four</p>",
        ),
        (
            "<b>one<blockquote>two</b></blockquote>",
            "<p><b>one</b></p>\n<blockquote><p><b>two</b></p></blockquote>",
        ),
        (
            "<blockquote>one<blockquote>two</blockquote></blockquote>",
            "<blockquote><p>one</p>\n<blockquote><p>two</p></blockquote></blockquote>",
        ),
        (
            "<p><blockquote><p>one</p></blockquote></p>",
            "<blockquote><p>one</p></blockquote>",
        ),
        (
            "<code>if x:\n    y\n\nz</code>",
            "<p><code>if x:<br>    y<br><br>z</code></p>",
        ),
        (
            "<code>one</code>\n\n<code>two</code>",
            "<p><code>one</code></p>\n<p><code>two</code></p>",
        ),
    ],
)
def test_tags_are_closed_and_begun_again_where_paragraphs_ask_for_it(
    typed: str, published: str
) -> None:
    assert clean(typed) == published
    publish(typed)


@pytest.mark.parametrize(
    "allowed",
    [
        f'<a href="https://example.org/a?b=1&amp;c=2" title="x" rel="{REL}">word</a>',
        f'<a href="http://example.org" rel="{REL}">word</a>',
        f'<a href="mailto:name@example.org?subject=x" rel="{REL}">word</a>',
        '<abbr title="&lt;&quot;&amp;&gt;\'">word</abbr>',
        '<acronym title="x">word</acronym>',
        "<b>word</b>",
        "<cite>word</cite>",
        "<code>word</code>",
        '<del datetime="2019-03-14">word</del>',
        "<em>word</em>",
        "<i>word</i>",
        '<q cite="https://example.org">word</q>',
        "<s>word</s>",
        "<strike>word</strike>",
        "<strong>word</strong>",
    ],
)
def test_each_allowed_tag_is_published_with_its_attributes(allowed: str) -> None:
    assert clean(allowed) == f"<p>{allowed}</p>"
    assert clean(allowed.replace(f' rel="{REL}"', "")) == f"<p>{allowed}</p>"


def test_a_quotation_may_name_its_source() -> None:
    quoted = '<blockquote cite="https://example.org/"><p>word</p></blockquote>'
    assert clean(quoted) == quoted


@pytest.mark.parametrize("name", ["onclick", "style", "class", "id", "dir", "name", "xml:lang"])
def test_attributes_that_are_not_allowed_are_left_out(name: str) -> None:
    assert clean(f'<b {name}="x">word</b>') == "<p><b>word</b></p>"
    assert clean(f"<B\n{name}='x' {name}>word</B>") == "<p><b>word</b></p>"


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        "a < b && c > d",
        "<3 and >_< and <- and <> and </>",
        "<!-- comment --> <!doctype html> <![CDATA[ x ]]> <?php echo 1 ?> <!>",
        '<img src="x" onerror="alert(1)">',
        "<ul><li>one</li></ul>",
        "<h1 class='x'>one</h1>",
        "<u>one</u> <bold>two</bold> <b.> <b/> <b-c> <b:c> <abbrev>",
        'text that ends in a tag <b title="',
        "text that ends in a tag <b",
        'a quote too many <b title="x"">',
        "<b title='x'onclick='y'>",
        "<<b <i",
        "</b></i></a></blockquote></br>",
        "&copy &nosuch; &#; &#x; &#0; &#10; &#x1b; &#1114112; &#xd800; &;",
        f"&#{'1' * 4_301}; &#x{'1' * 4_301};",
        "AT&T; R&D",
        "\u017f\u212a <\u017f> <bloc\u212aquote>",
        "`${x}` \\u003cb\\u003e %3Cb%3E",
        "\ufeff\u200b\u2028\u202e\ufffe\U0001f600 e\u0301",
    ],
)
def test_what_is_not_allowed_is_shown_as_typed(typed: str) -> None:
    page = publish(typed)
    assert words(page.text) == words(typed)
    assert page.links == []


def test_references_are_shown_as_their_characters() -> None:
    typed = "&lt;b&gt; &amp;amp; &#65;&#x42; &copy; &eacute; &quot; &nbsp;| &#128512;"
    assert words(publish(typed).text) == words('<b> &amp; AB © é " | \U0001f600')


# ---------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "javascript:123",
        "tel:1",
        "data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\u200bjavascript:alert(1)",
        "java\u200bscript:alert(1)",
        "\ufeffjavascript:alert(1)",
        "&#106;avascript:alert(1)",
        "&#x6A;&#x61;vascript:alert(1)",
        "javascript&colon;alert(1)",
        "java&Tab;script:alert(1)",
        "java&#10;script:alert(1)",
        "&#1;javascript:alert(1)",
        f"&#{'0' * 4_301}106;avascript:alert(1)",
        f"&#{'1' * 4_301}",
        "//example.org",
        "///example.org",
        "/path",
        "path",
        "?query",
        "#fragment",
        "",
        "\\\\example.org",
        "/\\example.org",
        "http:\\\\example.org",
        "http:example.org",
        "http:/example.org",
        "https:///example.org",
        "http://",
        "http://:80",
        "http:// example.org",
        "http://exa mple.org",
        "http://example.org/a b",
        "http://user@example.org",
        "http://user:secret@example.org",
        "http://example.org\\@example.com",
        "http://example.org\u202e/",
        "http://exa\u00admple.org",
        "http://example.org:port",
        "http://[::1]/",
        "http://ex%41mple.org",
        "http\u200b://example.org",
        "http\uff1a//example.org",
        "http\u017f://example.org",
        "mailto:",
        "mailto:name",
        "mailto:a@b@c",
        "mailto:name@example.org\u200b",
        "http&#x3a;//user@example.org",
    ],
)
def test_an_address_that_is_not_http_https_or_mailto_is_no_link(address: str) -> None:
    for typed in (
        f'<a href="{address}">word</a>',
        f"<a href='{address}' href='https://example.org'>word</a>",
        f'<A\nTITLE="x" HREF = "{address}" >word</A>',
    ):
        page = publish(typed)
        assert page.links == []
    for tag in ("q", "blockquote"):
        assert publish(f'<{tag} cite="{address}">word</{tag}>').sources == []


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org:99999",
        "http://999.999.999.999",
        "http://xn--.org",
        "http://ex\u3002ample\uff0forg",
    ],
)
def test_a_host_that_cannot_be_is_no_link(address: str) -> None:
    assert publish(f'<a href="{address}">word</a> {address}').links == []


def test_a_link_that_leads_nowhere_leaves_its_words() -> None:
    assert clean('see <a href="/there">this <b>here</b></a>.') == "<p>see this <b>here</b>.</p>"
    assert clean("<a name=x>word</a>") == "<p>word</p>"


def test_the_second_of_nested_links_ends_the_first() -> None:
    typed = '<a href="https://a.example">one<a href="https://b.example">two</a>three</a>'
    page = publish(typed)
    assert page.links == ["https://a.example", "https://b.example"]
    assert page.text == "onetwothree\n\n"


@pytest.mark.parametrize(
    ("typed", "links"),
    [
        ("see http://example.org", ["http://example.org"]),
        ("HTTPS://Example.ORG/", ["HTTPS://Example.ORG/"]),
        ("https://example.org/a?b=1&c=2&copy=3#d", ["https://example.org/a?b=1&c=2&copy=3#d"]),
        ("www.example.org/x", ["https://www.example.org/x"]),
        ("(see https://example.org).", ["https://example.org"]),
        ("https://example.org/a_(b), c", ["https://example.org/a_(b)"]),
        ("[x](https://example.org/)", ["https://example.org/"]),
        (
            "https://example.org/...! https://example.com?",
            ["https://example.org/", "https://example.com"],
        ),
        ("“https://example.org/”", ["https://example.org/"]),
        ("*https://example.org/*", ["https://example.org/"]),
        ("https://example.org\u200b", ["https://example.org"]),
        ("<https://example.org/x>", ["https://example.org/x"]),
        ("https://ru.example/wiki/Привет", ["https://ru.example/wiki/Привет"]),
        ("https://пример.рф", ["https://пример.рф"]),
        ("http://localhost:8000/", ["http://localhost:8000/"]),
        ("one\nhttps://example.org\ntwo", ["https://example.org"]),
        (
            "https://web.example/save/https://example.org/",
            ["https://web.example/save/https://example.org/"],
        ),
        ("<b>https://example.org</b>", ["https://example.org"]),
        ("&#104;ttps://example.org", ["https://example.org"]),
        ("https:<b></b>//example.org", ["https://example.org"]),
        ("<code>https://example.org</code>", []),
        ("xhttps://example.org", []),
        ("example.org and name@example.org", []),
        ("name@www.example.org", []),
        ("https://user@example.org", []),
        ("javascript://example.org/%0aalert(1)", []),
        ("ftp://example.org http:// https:///x www. www", []),
    ],
)
def test_bare_addresses_become_links(typed: str, links: list[str]) -> None:
    assert publish(typed).links == links


def test_a_bare_address_inside_a_link_is_not_a_second_link() -> None:
    page = publish('<a href="https://a.example">https://b.example <b>www.c.example</b></a>')
    assert page.links == ["https://a.example"]


# -------------------------------------------------------------------------------------- the enemies

HOSTILE = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/xss src=//evil.example></script>",
    "<<script>alert(1);//<</script>",
    "<img src=x onerror=alert(1)//",
    "<img src=`x`onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<svg><p><style><g title="</style><img src onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src onerror=x&gt;">',
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<noscript><style></noscript><img src=x onerror=alert(1)>",
    "<template><s><template><s><img src=x onerror=alert(1)>@</s>-</template>",
    "<style><!--</style><img src=x onerror=alert(1)>--></style>",
    '<title><a title="</title><img src=x onerror=alert(1)>"></a>',
    '<textarea><p title="</textarea><img src=x onerror=alert(1)>">',
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!><img src=x onerror=alert(1)>",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><html><svg onload=alert(1)>",
    '<!DOCTYPE x [<!ENTITY y "<script>alert(1)</script>">]>&y;',
    '<a href="https://a.example"onclick="alert(1)">word</a>',
    '<a href="https://a.example" onclick=alert(1)>word</a>',
    "<a href='https://a.example\" onclick=\"alert(1)'>word</a>",
    "<a href=https://a.example/`onclick=alert(1)>word</a>",
    '<a href="https://a.example/&quot; onclick=&quot;alert(1)">word</a>',
    '<a title="&quot; onclick=&quot;alert(1)" href=https://a.example>word</a>',
    "<a title='\"><img src=x onerror=alert(1)>' href=https://a.example>word</a>",
    '<abbr title="</abbr><script>alert(1)</script>">word</abbr>',
    '<abbr title="&lt;/abbr&gt;&lt;script&gt;alert(1)&lt;/script&gt;">word</abbr>',
    '<abbr title="`onmouseover=alert(1)">word</abbr>',
    '<abbr title=">">word</abbr>',
    '<abbr title=">" onclick=alert(1)>word</abbr>',
    "<abbr title='--><script>alert(1)</script>'>word</abbr>",
    '<b style="background:url(javascript:alert(1))">word</b>',
    "<b <script>alert(1)</script>>word</b>",
    "<b/onclick=alert(1)>word</b>",
    "<b\x0bonclick=alert(1)>word</b>".replace("\x0b", "\u00a0"),
    "<q cite=javascript:alert(1)>word</q>",
    '<blockquote cite="&#x6A;avascript:1">word</blockquote>',
    '<a href="https://a.example" rel="opener" target=_blank>word</a>',
    "<a rel=noreferrer rel=opener href=https://a.example>word</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&lt;<b>img src=x onerror=alert(1)</b>&gt;",
    "<b>&lt</b>script&gt;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<p><p><blockquote><p></blockquote><b><p></b></p>",
    "<b><p><a href=https://a.example><blockquote></b><p></a></blockquote>",
    "<table><td><b></table></b><form><b></form></b>",
    "<a href=https://a.example><table><a href=https://b.example></table></a>",
    "<select><b><option></select></b><keygen><isindex>",
    "<plaintext><b>",
    "<b id=x name=body action=y><i name=attributes>clobber</i></b>",
    "<b a='\n' b=\"\t\" c=`<` d=&>word</b>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<a href=https://a.example/?q=<script>alert(1)</script>>word</a>",
    "https://a.example/<script>alert(1)</script>",
    'https://a.example/"onmouseover="alert(1)',
    "https://a.example/'onmouseover='alert(1)",
    "https://a.example/`onmouseover=alert(1)",
    "https://a.example/?x=&quot;onmouseover=&quot;alert(1)",
    "https://a.example/&lt;b&gt;",
    "http://a.example/http://b.example http://javascript:alert(1)",
    "{{7*7}} {% raw %} ${7*7} <%= 7 %>",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_hostile_becomes_markup(typed: str) -> None:
    for text in (typed, f"<b>{typed}", f"<blockquote>{typed}</blockquote>", f"one\n\n{typed}\n"):
        page = publish(text)
        assert all(
            link.startswith(("http://a.example", "https://a.example", "https://b.example"))
            for link in page.links
        )


@pytest.mark.parametrize("typed", HOSTILE)
def test_the_libraries_hold_without_what_comes_before_them(typed: str) -> None:
    assert Page(sanitize._parsed(typed)).dangers == []
    assert Page(sanitize._LAST_WALL.clean(typed.replace("cite=", "href="))).dangers == []


@pytest.mark.parametrize(
    "typed", [each for each in HOSTILE if not re.search("</?[abpqs]|&|https:", each)]
)
def test_hostile_tags_are_shown_as_typed(typed: str) -> None:
    assert words(publish(typed).text) == words(typed)


# ----------------------------------------------------------------------------------------- any text

names = st.sampled_from(
    [*ATTRIBUTES, "A", "Blockquote", "script", "svg", "div", "style", "template"]
)
addresses = st.sampled_from(
    [
        "http://a.example",
        "https://a.example/b?c=1&d=2",
        "https://a.example/(b)",
        "HTTP://A.example:80",
        "www.a.example",
        "https://пример.рф/п",
        "http://a@b.example",
        "http://999.999.999.999",
        "http://a..example",
        "http://xn--a.example",
        "mailto:a@b.example",
        "mailto:o'b&c@b.example",
        "javascript:1",
        "tel:1",
        "//a.example",
        "/a",
        "http:",
        "//",
        "www.",
        "data:text/html,x",
        " http://a.example ",
    ]
)
marks = st.sampled_from(
    [
        *"<>&\"'`=/()[].,;:!-_ \t\n",
        *("\n\n", "\r\n", "  ", "--", "<!--", "-->", "<![CDATA[", "]]>", "<?", "<!doctype html>"),
        *(
            "&lt;",
            "&gt;",
            "&amp;",
            "&amp;lt;",
            "&quot;",
            "&#39;",
            "&nbsp;",
            "&#60;",
            "&#x3c;",
            "&copy",
        ),
        *("&#10;", "&#0;", "&#1;", "&#128;", "&#xd800;", "&nGt;", "&nosuch;", "&#", "&#x", "&"),
        *("\u00a0", "\u200b", "\u2028", "\u3000", "\u202e", "\ufeff", "\ufffe", "\u017f", "\u212a"),
    ]
)
unicode = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)
values = st.one_of(addresses, marks, unicode, st.just("word"))


@st.composite
def attributes(draw: st.DrawFn) -> str:
    """One attribute, more or less as HTML has it."""
    name = draw(
        st.sampled_from(["href", "title", "cite", "datetime", "rel", "onclick", "HREF", "x:y"])
    )
    quote = draw(st.sampled_from(['"', "'", "", '"']))
    before = draw(st.sampled_from([" ", " ", "\n", "  ", "/", ""]))
    equals = draw(st.sampled_from(["=", "=", "= ", " =\n", ""]))
    return f"{before}{name}{equals}{quote}{draw(values)}{quote}"


starts = st.builds(
    lambda name, given, end: f"<{name}{''.join(given)}{end}",
    names,
    st.lists(attributes(), max_size=3),
    st.sampled_from([">", ">", ">", " >", "/>", ""]),
)
ends = st.builds(lambda name, end: f"</{name}{end}", names, st.sampled_from([">", ">", " >", ""]))
texts = st.lists(
    st.one_of(starts, starts, ends, marks, addresses, unicode, st.just("word")), max_size=40
).map("".join)


@thorough
@given(texts)
def test_any_text_is_published_safely_and_stays_as_it_is_when_cleaned_again(typed: str) -> None:
    publish(typed)


@thorough
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t<>&;#/ab\"'")))
def test_any_characters_are_published_safely(typed: str) -> None:
    publish(typed)


@thorough
@given(texts, st.integers(0, 40), st.integers(0, 4), st.integers(0, 2_000))
def test_the_bounds_change_nothing_about_that(
    typed: str, most_marks: int, depth: int, parsed: int
) -> None:
    most = 12 * len(typed.encode()) + 20
    with mock.patch.multiple(
        sanitize, _MAX_MARKS=most_marks, _MAX_DEPTH=depth, _MAX_PARSED=parsed, _MAX_HTML=most
    ):
        publish(typed)


inert = st.sampled_from(
    [
        "word",
        "one two",
        "a < b",
        "<script>",
        "</script>",
        "<!-- x -->",
        "AT&T",
        '"quoted"',
        "x\n y",
        "&",
    ]
)
shown = st.recursive(
    st.tuples(inert, inert).map(lambda pair: (pair[0], pair[0]))
    | st.sampled_from(
        [("&lt;", "<"), ("&amp;amp;", "&amp;"), ("&#65;", "A"), ("<br>", ""), ("\n\n", "")]
    ),
    lambda inner: st.builds(
        lambda name, parts: (
            f"<{name}>{' '.join(typed for typed, _ in parts)}</{name}>",
            "".join(seen for _, seen in parts),
        ),
        st.sampled_from([name for name in ATTRIBUTES if name != "br"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@thorough
@given(shown)
def test_a_reader_sees_all_that_was_typed_and_nothing_else(pair: tuple[str, str]) -> None:
    typed, seen = pair
    assert words(publish(typed).text) == words(seen)


# --------------------------------------------------------------------------------------- the limits


def test_a_body_may_have_65525_bytes() -> None:
    assert clean("a" * MAX_BODY_BYTES) == f"<p>{'a' * MAX_BODY_BYTES}</p>"
    assert clean("é" * (MAX_BODY_BYTES // 2)) != ""
    bold = f"<b>{'a' * (MAX_BODY_BYTES - 7)}</b>"
    assert clean(bold) == f"<p>{bold}</p>"
    assert clean(clean(bold)) == clean(str(clean(bold))) == f"<p>{bold}</p>"
    assert clean("a\r\n" * 25_000).count("<br>") == 24_999


@pytest.mark.parametrize(
    "typed",
    [
        "a" * (MAX_BODY_BYTES + 1),
        "é" * (MAX_BODY_BYTES // 2 + 1),
        f"<p>{'a' * (MAX_BODY_BYTES + 1)}</p>",
        f"<p>{'a' * MAX_BODY_BYTES}</p> ",
        f"<p>{'&lt;' * (MAX_BODY_BYTES + 1)}</p>",
        "&lt;" * 20_000,
        "<b>x</b>" * 20_000,
        "<p>" * 1_000_000,
        f"<p>{'<b>' * 300_000}</p>",
        f"<{'&' * 500_000}>",
    ],
)
def test_a_longer_body_is_refused(typed: str) -> None:
    with pytest.raises(Unacceptable, match=r"shorten"):
        clean(typed)


@pytest.mark.parametrize(
    "character", ["\0", "\x01", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\x9f", "\udfff"]
)
def test_control_characters_and_surrogates_are_refused(character: str) -> None:
    for take in (clean, plain, website):
        with pytest.raises(Unacceptable, match=rf"U\+{ord(character):04X}"):
            take(f"exam{character}ple.org")


@pytest.mark.parametrize(
    "unit",
    [
        "<b>",
        "<b>x",
        "<b>x</b>",
        "<i><b>x</i>",
        "<blockquote>",
        "<blockquote>x</blockquote>",
        '<abbr title="x">y',
        "<q><s><em>",
        "<b>&amp;</b>",
        "<b>x</b>>>>>",
    ],
)
def test_what_is_too_tangled_for_parsers_is_published_as_typed(unit: str) -> None:
    typed = (unit * MAX_BODY_BYTES)[: MAX_BODY_BYTES // len(unit) * len(unit)]
    assert clean(typed) == as_typed(typed)
    publish(typed)


def test_tags_are_tags_up_to_the_bounds_and_words_beyond_them() -> None:
    assert "&lt;b" not in clean("<b>x</b> " * 700)
    assert "<b" not in clean("<b>x</b> " * 800)
    assert "&lt;b" not in clean("<b>" * 20 + "x")
    assert "<b" not in clean("<b>" * 21 + "x")
    assert clean("<b>x</b>" + "&" * 2_000) == as_typed("<b>x</b>" + "&" * 2_000)
    assert clean("<b>x</b>" + ">" * 2_000) == as_typed("<b>x</b>" + ">" * 2_000)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "<",
            "&",
            ">",
            '"',
            "'",
            "-",
            "@",
            " ",
            "\n",
            "a\n",
            "a\n\n",
            "\u00a0",
            "\U0001f600",
            "\u200b",
        ),
        *(
            "a.",
            "a.a.",
            "@@",
            "&lt;",
            "&amp;",
            "&#65;",
            "&x",
            "&#",
            "<!--",
            "<a ",
            "<a x=",
            "<a x='",
            '<a x="',
        ),
        *(
            "<b",
            "</b>",
            "<p>",
            "<p>x",
            "<br>",
            "x<br>",
            "<ul><li>",
            "<script>",
            "<b></b>",
            "<b title='\" ",
        ),
        *(
            "www.a.b ",
            "www.a.",
            "http://a(",
            "http://",
            "http://a.a.",
        ),
        *("<a href=http://a.b>x</a>", "<a href=http://a>", "<a href=x:1>x</a>", "<a>x"),
    ],
)
def test_any_text_of_full_length_is_published_whole(unit: str) -> None:
    typed = (unit * MAX_BODY_BYTES).encode()[:MAX_BODY_BYTES].decode(errors="ignore")
    page = publish(typed)
    if not re.search(r"<(?:a|b|br|p)\b[^<]*>|&.+;", unit):
        assert words(page.text) == words(typed)


@pytest.mark.parametrize(
    "typed",
    [
        '<abbr title="' + "x" * 40_000 + '">' + "x\n\n" * 8_000,
        "<a href=http://a title='" + "&#160;" * 20 + "'>" + "x\n\n" * 8_000,
        "<a href=http://a>" + "x\n\n" * 21_000,
        "<b>x</b>" + "www.a.b " * 8_000,
        "<a href='https://a.example'>" + "<b>x\n\n" * 18,
    ],
)
def test_what_is_begun_again_in_each_paragraph_does_not_add_up_without_end(typed: str) -> None:
    publish(typed)
    assert len(clean(typed)) <= 12 * MAX_BODY_BYTES


def test_threads_do_not_disturb_each_other() -> None:
    typed = [
        f"<b>{n} <i>x</b> https://a.example/{n}\n\n<q cite='http://a.b'>{n}" for n in range(200)
    ]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(clean, typed)) == [clean(each) for each in typed]


def test_what_was_stored_is_markup_again() -> None:
    published = clean("<b>x</b>")
    assert isinstance(published, Markup)
    assert isinstance(sanitize.stored(str(published)), Markup)
    assert sanitize.stored(str(published)) == published


# ------------------------------------------------------------------------------- names and websites


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Ada \u00a0\u3000 Lovelace ", "Ada Lovelace"),
        ("<b>Ada</b> & co", "<b>Ada</b> & co"),
        ("Ad\u200bm\u2060in\ufeff", "Admin"),
        ("\u202eadmin\u202c \u2066x\u2069\u200f", "admin x"),
        ("Ad\u200dmin\u200c", "Admin"),
        ("A\ufe0fd\u00adm\u034fi\u180en\U000e0041\U000e0100", "Admin"),
        ("\u3164\u115f\u1160\uffa0\u2800\u200b", ""),
        ("\u2028Ada\u2029Lovelace", "Ada Lovelace"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("O’Brien-Ñandú 李小龍", "O’Brien-Ñandú 李小龍"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("علی\u200c", "علی"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_letters_and_loses_what_could_disguise_it(typed: str, name: str) -> None:
    assert plain(typed) == name


@pytest.mark.parametrize("character", ["\n", "\r", "\t"])
def test_a_name_and_a_website_are_one_line(character: str) -> None:
    for take in (plain, website):
        with pytest.raises(Unacceptable):
            take(f"example{character}.org")


@thorough
@given(
    unicode
    | st.lists(unicode | marks).map("".join).filter(lambda text: not re.search(r"[\t\r\n]", text))
)
def test_a_name_cleaned_again_stays_as_it_is(typed: str) -> None:
    assert plain(plain(typed)) == plain(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("", None),
        ("  ", None),
        ("example.org", "https://example.org"),
        (" example.org/~ada?x=1#y ", "https://example.org/~ada?x=1#y"),
        ("example.org:8080/x", "https://example.org:8080/x"),
        ("www.example.org", "https://www.example.org"),
        ("HTTP://Example.ORG/Path", "http://example.org/Path"),
        ("https://example.org", "https://example.org"),
        ("https://пример.рф/Я", "https://пример.рф/Я"),
        ("हिन्दी.भारत", "https://हिन्दी.भारत"),
        ("http://192.0.2.1/x", "http://192.0.2.1/x"),
    ],
)
def test_a_website_is_an_absolute_address(typed: str, address: str | None) -> None:
    assert website(typed) == address
    assert website(address or "") == address


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "javascript:123",
        "javascript://example.org/%0aalert(1)",
        "data:text/html,x",
        "mailto:name@example.org",
        "tel:1",
        "ftp://example.org",
        "//example.org",
        "///example.org",
        "/path",
        "\\\\example.org",
        "http:example.org",
        "http:/example.org",
        "https:///example.org",
        "https://",
        "https://localhost",
        "localhost",
        "nothing like it",
        "example.org x",
        "https://example .org",
        "https://user@example.org",
        "https://user:secret@example.org",
        "https://example.org\\@example.com",
        "example.org@example.com",
        "https://example.org:99999",
        "https://example.org:x",
        "https://exam\u200bple.org",
        "https://example.org/\u202egpj.exe",
        'https://example.org/"onclick="x',
        "https://example.org/<b>",
        "https://999.999.999.999",
        "https://[::1]/",
        "https://.org",
        "https://example..org",
    ],
)
def test_no_other_address_is_a_website(typed: str) -> None:
    with pytest.raises(Unacceptable, match=r"example\.org"):
        website(typed)
