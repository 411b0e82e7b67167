"""Whose page may speak to which site, and that no one sees a neighbour's comments."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import HOST, PAGE, Backstage, Program, Reader, WithoutScript
from widget.models import Comment

OTHER = "http://other.example.org"
SERVICE = "http://comments.example.org"
STRANGERS = (
    "null",
    "https://evil.example.org",
    HOST.replace("http:", "https:"),
    f"{HOST}:8080",
    f"{HOST}.evil.example.org",
    f"{HOST}/",
    HOST.upper(),
    OTHER,
    "",
)


def test_only_the_sites_own_pages_and_ours_may_post(ann: Reader, backstage: Backstage) -> None:
    token = ann.token()
    for ann.origin in STRANGERS:
        assert ann.post(token=token).status_code == 403, ann.origin
        assert ann.mine().status_code == 403, ann.origin
    assert backstage.count(Comment) == 0

    for ann.origin in (HOST, SERVICE):
        assert ann.post(f"From {ann.origin}.", token=token).status_code == 202


def test_a_site_may_have_several_origins(ann: Reader, backstage: Backstage) -> None:
    backstage.set("news", origins=[HOST, "https://m.news.example.org:8443"])
    ann.origin = "https://m.news.example.org:8443"
    assert ann.post(page=f"{ann.origin}/a").status_code == 202
    assert ann.read().headers["Access-Control-Allow-Origin"] == ann.origin


def test_a_program_has_no_origin_and_is_taken_and_held(app: Flask, backstage: Backstage) -> None:
    program = Program(app.test_client())
    comment_id = program.say(token=None, nonce=None)
    backstage.screen(comment_id)
    held = backstage.comment(comment_id)
    assert held.status == "pending"
    assert {signal["rule"] for signal in held.signals} == {"form-token", "nonce"}


# ----------------------------------------------------------------------------------- CORS

Ask = Callable[[Reader], TestResponse]
ANSWERS: dict[str, tuple[int, Ask]] = {
    "thread": (200, lambda ann: ann.read()),
    "no such order": (400, lambda ann: ann.read(sort="best")),
    "counts": (200, lambda ann: ann.client.get("/embed/news/counts?page=a", headers=ann.headers)),
    "mine": (200, lambda ann: ann.mine()),
    "posted": (202, lambda ann: ann.post(nonce="the same")),
    "duplicate": (409, lambda ann: ann.post()),
    "wrong field": (422, lambda ann: ann.post(email="")),
    "too long": (413, lambda ann: ann.post("x" * 66_000)),
    "no form": (415, lambda ann: ann.client.post(
        "/embed/news/comments", json={}, headers=ann.headers)),
}  # fmt: skip


def test_the_sites_own_pages_may_read_every_answer_faults_too(ann: Reader) -> None:
    for name, (status, ask) in ANSWERS.items():
        response = ask(ann)
        assert response.status_code == status, name
        assert response.headers["Access-Control-Allow-Origin"] == HOST, name
        assert "Origin" in response.headers["Vary"], name
        assert "Access-Control-Allow-Credentials" not in response.headers, name


def test_nobody_else_may_read_any_answer(ann: Reader) -> None:
    ann.say(nonce="the same")
    token = ann.token()
    for ann.origin in STRANGERS:
        for response in (
            ann.read(),
            ann.read(sort="newest"),
            ann.mine(),
            ann.post(token=token),
            ann.client.get("/embed/news/counts?page=a", headers=ann.headers),
            ann.client.options("/embed/news/comments", headers=ann.headers),
            ann.client.get("/embed/nobody/thread?page=a", headers=ann.headers),
        ):
            told = {name for name, _ in response.headers if name.startswith("Access-Control")}
            assert not told, ann.origin
            assert "Origin" in response.headers.get("Vary", ""), response.request.url


# ------------------------------------------------------------------ cookies, or rather none


def test_the_public_side_neither_sets_nor_heeds_cookies(
    ann: Reader, app: Flask, settings: dict[str, Any]
) -> None:
    browser = WithoutScript(app.test_client(), "Cara")
    answers = [ask(ann) for _, ask in ANSWERS.values()]
    answers += [browser.read(), browser.post("Hello."), browser.post("", nonce="x")]
    answers += [
        ann.client.get(url)
        for url in (
            "/embed.js", "/embed.css", "/healthz", "/readyz", "/nothing", "/t/nobody?page=a",
            "/embed/nobody/thread?page=a",
        )
    ]  # fmt: skip
    for answer in answers:
        assert "Set-Cookie" not in answer.headers, answer.request.url
        assert "Cookie" not in answer.headers.get("Vary", ""), answer.request.url


# ------------------------------------------------------------------------------ neighbours


def test_an_unknown_site_is_404_everywhere(ann: Reader) -> None:
    for site in ("nobody", "News", "news%20", "news%00", "n%C3%A9ws", "x" * 300):
        for answer in (
            ann.client.get(f"/embed/{site}/thread?page=a"),
            ann.client.get(f"/embed/{site}/counts?page=a"),
            ann.client.get(f"/t/{site}?page=a"),
            ann.client.post(f"/embed/{site}/comments", data={"page": "a"}),
            ann.client.post(f"/embed/{site}/mine", data={"page": "a"}),
        ):
            assert answer.status_code == 404, answer.request.url


def test_neighbours_never_meet_even_under_the_same_name(
    ann: Reader, nell: Reader, backstage: Backstage
) -> None:
    ann.page = nell.page = "article-17"
    nell.key = ann.key
    mine = ann.say("Said at the news.")
    backstage.approve(mine)
    ann.say("Pending at the news.")

    for text in (
        nell.read().text,
        nell.mine().text,
        nell.client.get("/t/other?page=article-17").text,
        nell.client.get(f"/t/other?page=article-17&parent={mine}").text,
        nell.client.get(f"/t/other?page={PAGE}").text,
    ):
        assert "at the news." not in text
    assert nell.client.get("/embed/other/counts?page=article-17").json == {"article-17": 0}
    assert nell.post(parent=mine).status_code == 422
    assert backstage.comment(nell.say("Said next door.")).site_id != backstage.comment(mine).site_id
    assert "next door" not in ann.mine().text


@pytest.mark.parametrize("url", ["/embed/other/comments", "/embed/other/mine"])
def test_the_neighbours_pages_may_not_post_here(ann: Reader, url: str) -> None:
    assert ann.client.post(url, data={"page": "a"}, headers=ann.headers).status_code == 403
