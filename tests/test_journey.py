"""The way of a comment, end to end: read this first.

Everything is real: `widget up` with its web server, its forked worker, cron and Valkey; a mail
server; Chromium; a host page on another origin.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests import parts, silence
from tests.conftest import whatever_the_database
from tests.parts import Inbox, Service, until

OWNER, PASSWORD = "olga@example.org", "correct horse battery"
WORDS = "The board voted for parking. Nobody voted for a list of who was at the clinic."
ANSWER = "The minutes are public: page 14 says who may search it, and why."
MORE = "Thank you. Page 14 it is; the audit is on page 31."


@pytest.fixture
def mail() -> Iterator[tuple[str, Inbox]]:
    """A mail server, for the moderators' mail."""
    with parts.mail_server() as server:
        yield server


@pytest.fixture
def up(database: str, mail: tuple[str, Inbox], tmp_path: Path) -> Iterator[Service]:
    """`widget up`, as `make run` starts it, on this database and with a mail server."""
    heard, notes = silence.among_children(tmp_path / "ear")
    service = Service(
        tmp_path,
        {
            **heard,
            "WIDGET_DATABASE_URL": database,
            "WIDGET_DEMO_PORT": str(parts.free_port()),
            "WIDGET_SMTP_URL": mail[0],
            "WIDGET_OWNER_EMAIL": OWNER,
            "WIDGET_OWNER_PASSWORD": PASSWORD,
        },
    )
    process = service.start("up")
    until(
        lambda: (
            process.popen.poll() is not None
            or (parts.answers(f"{service.url}/readyz") and parts.answers(article(service)))
        ),
        "both pages to answer",
    )
    assert process.popen.poll() is None, process.log.read_text()
    yield service
    service.stop()
    assert not notes.exists(), f"what left this machine: {notes.read_text()}"


@pytest.fixture
def visit(browser: Browser, up: Service) -> Iterator[Callable[[], Page]]:
    """Open the article in a browser of one's own."""
    contexts: list[BrowserContext] = []

    def open_article() -> Page:
        context = browser.new_context(viewport={"width": 1000, "height": 750})
        contexts.append(context)
        page = context.new_page()
        page.goto(article(up))
        return settled(page)

    yield open_article
    for context in contexts:
        context.close()


@pytest.mark.browser
@pytest.mark.slow
@whatever_the_database
def test_a_comment_travels_from_reader_to_reader(  # noqa: PLR0915 (one story, told in one go)
    up: Service,
    mail: tuple[str, Inbox],
    visit: Callable[[], Page],
    picture: Callable[[Page, str], None],
) -> None:
    # Ann writes under the article and sees her words at once, marked as waiting.
    ann = visit()
    write(ann, "Ann Alder", WORDS)
    expect(pending(ann)).to_contain_text(WORDS)
    expect(pending(ann)).to_contain_text("awaiting moderation")
    picture(ann, "awaiting-moderation")

    # She reloads: still there, for her. Bob, in his browser, does not see it.
    ann.reload()
    expect(pending(settled(ann))).to_contain_text(WORDS)
    bob = visit()
    expect(bob.locator(".comments")).to_be_visible()
    assert WORDS not in bob.content()

    # The worker has screened it and one mail asks the moderator.
    _address, inbox = mail
    until(lambda: inbox.mails, "the moderator's mail")
    assert WORDS in " ".join(inbox.text().split())

    # Olga sees why it waits, and approves.
    desk = sign_in(visit(), up)
    card = desk.locator("article", has_text=WORDS)
    expect(card).to_contain_text("First comment from this browser")
    card.get_by_role("button", name="Approve").click()
    expect(desk.locator("article", has_text=WORDS)).to_have_count(0)

    # Now Bob sees it, and answers.
    bob.reload()
    published = settled(bob).locator(".comment", has_text=WORDS)
    expect(published.locator(".comment-author").first).to_have_text("Ann Alder")
    expect(bob.locator(".comment-pending")).to_have_count(0)
    published.get_by_role("link", name="Reply").or_(
        published.get_by_role("button", name="Reply")
    ).first.click()
    write(bob, "Bob Birch", ANSWER)
    expect(pending(bob)).to_contain_text(ANSWER)

    # The link in the second mail opens a page that asks; its button approves the answer.
    until(lambda: len(inbox.mails) == 2, "the second mail")
    link = re.search(r"[Aa]pprove\D*?(https?://\S+)", inbox.text())
    assert link
    asked = visit()
    asked.goto(link[1])
    picture(asked, "mail-link")
    ann.reload()
    expect(settled(ann).locator(".comments")).to_be_visible()
    assert ANSWER not in ann.content(), "opening the link changes nothing"
    asked.get_by_role("button", name="Approve").click()
    ann.reload()
    answer = settled(ann).locator(".comment .comment", has_text=ANSWER)
    expect(answer).to_be_visible()

    # Ann is known now: her next comment is public without a moderator.
    answer.get_by_role("link", name="Reply").or_(
        answer.get_by_role("button", name="Reply")
    ).first.click()
    write(ann, "Ann Alder", MORE)
    expect(ann.locator(".comment", has_text=MORE).last).to_be_visible()
    until(lambda: bob.reload() and MORE in settled(bob).content(), "the known author's comment")
    bob.locator(".comments").evaluate("thread => thread.scrollIntoView()")
    picture(bob, "published")
    assert len(inbox.mails) == 2, "nobody was asked"


def article(up: Service) -> str:
    """The host page: on another port, hence another origin."""
    return f"http://127.0.0.1:{up.settings['WIDGET_DEMO_PORT']}/"


def write(page: Page, name: str, words: str) -> None:
    """Fill in the form as a reader does, and send it."""
    form = page.locator(".comment-form")
    form.get_by_label("Name *").fill(name)
    form.get_by_label("Email *").fill(f"{name.partition(' ')[0].lower()}@example.org")
    form.get_by_role("textbox", name="Comment").fill(words)
    form.get_by_role("button", name="Post Comment").click()


def pending(page: Page) -> Locator:
    """My comment that waits."""
    return page.locator(".comment-pending")


def settled(page: Page) -> Page:
    """The page once its thread is there, which comes when one is near."""
    page.locator("footer").scroll_into_view_if_needed()
    expect(page.locator(".comment-form")).to_be_visible()
    return page


def sign_in(page: Page, up: Service) -> Page:
    """The desk, signed in."""
    page.goto(f"{up.url}/desk/")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("article").first).to_be_visible()
    return page
