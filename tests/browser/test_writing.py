"""Writing in comfort: drafts, a remembered name, a counter, rich paste, a preview.

Fixtures: `scene` runs a service and host pages on another origin, `visit` opens a browser of
one's own (tests/browser/conftest.py).
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Scene, Visit, on_phone_and_desktop
from tests.browser.test_embed import WORDS, comments_posted, mine, send, write
from tests.browser.test_own import faults_of
from widget import sanitize

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAFTS = "comments-drafts:news"
DRAFT_NOTICE = "This is what you began to write here."


def words(page: Page) -> Locator:
    """Where the comment is typed."""
    return page.get_by_label("Comment *")


def begin(page: Page) -> None:
    """Go into the form, and wait until it has all that a writer gets."""
    words(page).focus()
    expect(page.locator(".comment-remember")).to_be_visible()


def kept_words(page: Page) -> list[str]:
    """The drafts in this browser, the latest last."""
    found: list[str] = page.evaluate(
        f"JSON.parse(localStorage['{DRAFTS}'] ?? '[]').map(({{ body }}) => body)"
    )
    return found


# ----------------------------------------------------------------------------------------- drafts


@on_phone_and_desktop
def test_what_i_type_survives_reload_crash_and_leaving(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    url, elsewhere = scene.host_page(), scene.host_page("/elsewhere")
    first = scene.say(url, "The minutes are public.")
    page = visit(url)
    page.get_by_role("link", name="Reply to Bea").click()
    words(page).press_sequentially("Page 14,")
    page.wait_for_function(f"localStorage['{DRAFTS}']?.includes('Page 14,')")  # a crash
    crashed = page.context.new_page()
    crashed.goto(url)
    expect(words(crashed)).to_have_value("Page 14,")
    crashed.close()
    words(page).press_sequentially(" to be")
    page.reload()  # at once: before the typing rests
    expect(page.locator(f"#comment-{first} > #respond")).to_be_visible()
    expect(page.locator("#respond").get_by_role("heading").first).to_have_text("Reply to Bea")
    expect(words(page)).to_have_value("Page 14, to be")
    expect(page.get_by_text(DRAFT_NOTICE)).to_be_visible()
    assert page.evaluate("document.activeElement.localName") == "body", "no focus is taken"
    assert faults_of(page) == []
    picture(page, "writing-draft")
    page.goto(elsewhere)
    begin(page)
    expect(words(page)).to_have_value("")
    page.goto(url)
    expect(words(page)).to_have_value("Page 14, to be")
    words(page).press("End")
    words(page).press_sequentially(" exact.")
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    send(page)
    expect(page.locator(f"#comment-{first} .comment-mine")).to_contain_text("Page 14, to be exact.")
    assert kept_words(page) == []
    page.reload()
    expect(mine(page)).to_be_visible()
    expect(words(page)).to_have_value("")


def test_a_draft_is_gone_when_it_is_discarded_or_emptied(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    page = visit(url)
    begin(page)
    words(page).fill(WORDS)
    page.reload()
    page.get_by_role("button", name="Discard it").click()
    expect(words(page)).to_have_value("")
    expect(words(page)).to_be_focused()
    expect(page.get_by_text(DRAFT_NOTICE)).to_be_hidden()
    assert kept_words(page) == []
    words(page).fill(WORDS)
    page.wait_for_function(f"localStorage['{DRAFTS}']")
    words(page).fill(" ")
    page.wait_for_function(f"!localStorage['{DRAFTS}']")


def test_drafts_are_few_and_none_is_old(scene: Scene, visit: Visit) -> None:
    url = scene.host_page()
    page = visit(url)
    begin(page)
    page.evaluate(
        """name => {
            const day = 24 * 60 * 60 * 1000;
            const draft = (n) => ({ seed: `seed-${n}`, page: `p${n}`, parent: "",
                body: `Draft ${n}`, at: Date.now() - (n === 7 ? 31 : 29) * day });
            localStorage[name] = JSON.stringify([...Array(25).keys()].map(draft));
        }""",
        DRAFTS,
    )
    words(page).fill(WORDS)
    page.wait_for_function(f"localStorage['{DRAFTS}'].includes('{WORDS}')")
    assert kept_words(page) == [f"Draft {n}" for n in range(5, 25) if n != 7] + [WORDS]
    page.evaluate(f"localStorage['{DRAFTS}'] = 'something else entirely'")
    page.goto(url)
    begin(page)
    words(page).fill(WORDS)
    page.wait_for_function(f"localStorage['{DRAFTS}'].includes('{WORDS}')")


# ------------------------------------------------------------------------------- a remembered name


@on_phone_and_desktop
def test_my_name_is_remembered_if_i_ask_for_it_and_forgotten_if_not(
    scene: Scene, visit: Visit
) -> None:
    page = visit(scene.host_page())
    begin(page)
    remember = page.get_by_label(re.compile("Save my name"))
    fields = [page.get_by_role("textbox", name=name) for name in ("Name *", "Email *", "Website")]
    expect(remember).not_to_be_checked()
    remember.check()
    fields[2].fill("https://ann.example/")
    write(page)
    expect(mine(page)).to_be_visible()
    page.goto(scene.host_page("/another"))
    for field, text in zip(
        fields, ("Ann Alder", "ann@example.org", "https://ann.example/"), strict=True
    ):
        expect(field).to_have_value(text)
    expect(remember).to_be_checked()
    remember.uncheck()
    words(page).fill("Something else.")
    send(page)
    expect(mine(page)).to_be_visible()
    page.reload()
    expect(mine(page)).to_be_visible()
    for field in fields:
        expect(field).to_have_value("")
    expect(remember).not_to_be_checked()


# ------------------------------------------------------------------------------------ the counter


def test_near_the_limit_i_see_and_hear_how_much_there_is(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page(), before=lambda page: page.clock.install())
    begin(page)
    counter, status = page.locator(".comment-counter"), page.get_by_role("status")
    words(page).fill("é" * 29_000)
    expect(counter).to_be_hidden()
    words(page).fill("é" * 29_500)
    expect(counter).to_have_text("59,000 of 65,525 bytes")
    expect(status).to_have_text("")
    page.clock.fast_forward(2_000)
    expect(status).to_have_text("59,000 of 65,525 bytes")
    words(page).fill("é" * 33_000)
    write(page, "é" * 33_000)
    expect(words(page)).to_have_accessible_description(re.compile("Please shorten this"))
    expect(counter).to_have_text("66,000 of 65,525 bytes")


# -------------------------------------------------------------------------------------- rich paste

GOOGLE = """<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1">
<p dir="ltr" style="line-height:1.38"><span style="font-weight:400;font-style:normal">The </span>
<span style="font-size:11pt;font-weight:700;font-style:normal">minutes</span>
<span style="font-weight:400;font-style:italic">are public</span></p><br />
<ul><li dir="ltr"><p role="presentation"><span style="font-weight:400">one</span></p></li>
<li><p><span style="text-decoration:line-through">two</span></p></li></ul></b>"""
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office">
<head><style>p {color: red}</style>
<!--[if gte mso 9]><xml>nonsense</xml><![endif]--></head><body><!--StartFragment-->
<p class=MsoNormal><b>Bold</b> and <span style='font-weight:bold;mso-bidi-font-weight:normal'>so
is this</span><o:p></o:p></p>
<p class=MsoListParagraph><![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;</span>
</span><![endif]>an item</p><!--EndFragment--></body></html>"""
HOSTILE = """<p>Hello<script>bad()</script><img src=x onerror=bad()><style>p{}</style>
<a href="javascript:bad()">one</a> <a href=" https://example.org/?a=1&amp;b=2 " onclick=bad()
style="color:red">two</a> 1 &lt;b&gt; 2</p><blockquote><p>said</p><p>again</p></blockquote>
<pre><code>if a &lt; b:
    pass</code></pre>"""


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (GOOGLE, "The <b>minutes</b> <i>are public</i>\n\n• one\n• <s>two</s>"),
        (WORD, "<b>Bold</b> and <b>so is this</b>\n\n• an item"),
        (
            HOSTILE,
            """Hello one <a href="https://example.org/?a=1&b=2">two</a> 1 &lt;b> 2\n
<blockquote>said\n\nagain</blockquote>\n\n<code>if a < b:\n    pass</code>""",
        ),
    ],
    ids=["google", "word", "hostile"],
)
@pytest.mark.parametrize("has_set_html", [True, False])
def test_rich_text_becomes_clean_tags_and_can_be_undone(
    html: str, text: str, has_set_html: bool, scene: Scene, visit: Visit
) -> None:
    complaints: list[str] = []
    csp = (
        f"default-src 'none'; script-src {scene.service}; connect-src {scene.service}; "
        f"style-src {scene.service}; require-trusted-types-for 'script'"
    )

    def before(page: Page) -> None:
        page.on("console", lambda said: complaints.append(said.text))
        page.on("request", lambda asked: complaints.append(asked.url))
        if not has_set_html:
            page.add_init_script("delete Element.prototype.setHTML")

    page = visit(scene.host_page(csp=csp), before=before)
    begin(page)
    complaints[:] = [each for each in complaints if not each.startswith("http")]
    words(page).fill("Look: !")
    words(page).press("ArrowLeft")
    assert paste(page, html, "plain words") is False
    expect(words(page)).to_have_value(f"Look: {text}!")
    used, published = (set(re.findall(r"<(\w+)", each)) for each in (text, sanitize.clean(text)))
    assert used <= published, "it is what a comment may have"
    words(page).press("Control+z")
    expect(words(page)).to_have_value("Look: !")
    assert [each for each in complaints if "data:," not in each] == []


def test_plain_text_stays_plain(scene: Scene, visit: Visit) -> None:
    page = visit(scene.host_page())
    begin(page)
    assert paste(page, "", "a <b>c") is True
    editor = '<div style="color:#fff;font-weight:normal"><span>if a &lt; b:</span></div>'
    assert paste(page, editor, "if a < b:") is True


def paste(page: Page, html: str, plain: str) -> bool:
    """Paste what a clipboard holds; was it left to the browser?"""
    left: bool = words(page).evaluate(
        """(area, [html, plain]) => {
            const clipboardData = new DataTransfer();
            if (html) clipboardData.setData("text/html", html);
            clipboardData.setData("text/plain", plain);
            const options = { clipboardData, bubbles: true, cancelable: true };
            return area.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        [html, plain],
    )
    return left


# ---------------------------------------------------------------------------------------- preview


@on_phone_and_desktop
def test_i_see_before_i_post_what_will_be_published(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(scene.host_page())
    preview = page.locator(".comment-preview")
    show = page.get_by_role("button", name="Preview")
    words(page).fill("<b>All</b> of it\n\n<script>x</script>")
    show.click()
    expect(page.get_by_label("Name *")).to_be_focused()
    expect(page.get_by_label("Name *")).to_have_accessible_description("Please enter your name.")
    expect(preview).to_have_count(0)
    page.get_by_label("Name *").fill("Ann Alder")
    page.get_by_label("Email *").fill("ann@example.org")
    show.click()
    expect(preview).to_be_focused()
    expect(page.locator(".comment-fault, [aria-invalid=true]")).to_have_count(0)
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Preview")
    shown = preview.locator(".comment-body").inner_html()
    assert "<b>All</b> of it" in shown
    assert faults_of(page) == []
    picture(page, "writing-preview")
    assert comments_posted(scene) == 0
    page.get_by_role("button", name="Back to editing").click()
    expect(preview).to_be_hidden()
    expect(words(page)).to_be_focused()
    expect(words(page)).to_have_value("<b>All</b> of it\n\n<script>x</script>")
    send(page)
    expect(mine(page)).to_be_focused()
    assert mine(page).locator(".comment-body").inner_html() == shown


# ----------------------------------------------------------------------------- what the form looks


def test_each_state_of_the_form_is_accessible(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    name = "writing-dark"
    style = (
        "<style>body { color-scheme: light dark; background: Canvas; color: CanvasText }</style>"
    )
    page = visit(scene.host_page(head=style), **PHONE, color_scheme="dark")
    begin(page)
    page.get_by_text("Tell me by email").click()
    daily = page.get_by_label("All of a day in one email")
    expect(daily).to_be_hidden()
    page.get_by_label("Tell me of new comments").select_option("replies")
    expect(daily).to_be_visible()
    assert faults_of(page) == []
    picture(page, f"{name}-form")
    page.get_by_label("Tell me of new comments").select_option("")
    expect(daily).to_be_hidden()
    words(page).fill("é" * 30_000)
    expect(page.locator(".comment-counter")).to_be_visible()
    send(page)
    expect(page.get_by_role("status")).to_have_text("Please check the fields that are marked.")
    assert faults_of(page) == []
    picture(page, f"{name}-faults")
    page.route("**/comments", lambda route: route.abort())
    write(page)
    expect(page.get_by_role("status")).to_contain_text("does not answer")
    assert faults_of(page) == []
    picture(page, f"{name}-waiting")
    page.unroute("**/comments")
    page.get_by_role("button", name="Stop sending").click()
    send(page)
    expect(mine(page)).to_be_focused()
    mine(page).locator(".comment-receipt summary").click()
    assert faults_of(page) == []
    picture(page, f"{name}-pending")


def test_it_reads_from_right_to_left(
    scene: Scene, visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    body = f"<div dir='rtl' lang='ar'>{scene.tag('data-lang=ar')}</div>"
    page = visit(scene.host_page(body=body), viewport={"width": 375, "height": 900})
    form = page.locator("#respond")
    expect(form).to_have_css("direction", "rtl")
    form.locator("[name=author]").fill("ليلى")
    form.locator("[name=email]").fill("layla@example.org")
    form.locator("[name=body]").fill("قرأت التقرير كله.")
    form.locator(".comment-preview-button").click()
    expect(page.locator(".comment-preview")).to_be_focused()
    assert faults_of(page) == []
    picture(page, "writing-rtl-preview")
    form.locator(".comment-form-end .comment-button").first.click()
    expect(mine(page)).to_be_visible()
    assert faults_of(page) == []
    picture(page, "writing-rtl-pending")
