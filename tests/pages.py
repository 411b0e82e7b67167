"""Reading the desk's pages, and pressing their buttons, as a browser does."""

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from lxml import html
from lxml.html import FormElement, HtmlElement
from werkzeug.test import TestResponse

from tests.conftest import Desk

OpenDesk = Callable[[str], Desk]
# What a link to another website can look like, to a browser or to one of the parsers.
ELSEWHERE = (
    "https://evil.example/desk/pending/",
    "//evil.example/desk/pending/",
    "///evil.example/desk/pending/",
    r"/\evil.example/desk/pending/",
    r"\\evil.example\desk\pending",
    "https:evil.example/desk/pending/",
    "javascript:alert(1)//desk/pending/",
    "http://[/desk/pending/",
    "/desk/\r\nLocation: https://evil.example/",
)


def page(answer: TestResponse) -> HtmlElement:
    """The page as a tree."""
    return html.document_fromstring(answer.text)


def cards(answer: TestResponse) -> list[int]:
    """The ids of the comments on a page, in their order."""
    return [
        int(name) for name in re.findall(r'<article class="card" id="comment-(\d+)"', answer.text)
    ]


def card(desk: Desk, comment_id: int, address: str = "/desk/pending/") -> HtmlElement:
    """One comment's card on a page."""
    return page(desk.client.get(address)).get_element_by_id(f"comment-{comment_id}")


def press(desk: Desk, within: HtmlElement, label: str) -> TestResponse:
    """Press the button with this label."""
    (button,) = [button for button in within.iter("button") if button.text_content() == label]
    (form,) = button.iterancestors("form")
    return submit(desk, form, button)


def submit(desk: Desk, form: FormElement, button: HtmlElement | None = None) -> TestResponse:
    """Send a form as a browser would."""
    fields = [(name, str(value)) for name, value in form.form_values()]
    if button is not None and button.get("name"):
        fields.append((button.get("name"), button.get("value")))
    return desk.client.post(form.action, data=dict(fields))


def token(desk: Desk, address: str = "/desk/password") -> dict[str, str]:
    """A CSRF token that counts."""
    return {"csrf_token": desk.csrf(address)}


def path_of(location: str) -> str:
    """An address without the host."""
    return urlsplit(location)._replace(scheme="", netloc="").geturl()


def stays_here(answer: TestResponse) -> bool:
    """Does a browser that follows this answer stay on this host?"""
    # A browser reads a backslash as a slash, and drops line breaks.
    location = answer.headers.get("Location", "").replace("\\", "/")
    assert "\r" not in location
    assert "\n" not in location
    return urlsplit(urljoin("http://localhost/desk/login", location)).netloc == "localhost"
