"""What readers get: the same for all, ready to be kept anywhere, and never out of date."""

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import HOST, PAGE, Backstage, Reader, opened, told, whatever_the_database
from widget.models import Hold, Move, Order
from widget.publishing.fragments import Cache, Fragment, View
from widget.publishing.versions import Versions

THREAD = f"/embed/news/thread?page={PAGE}"


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """An approved comment."""
    comment_id = ann.say("Everyone may read this.")
    backstage.approve(comment_id)
    return comment_id


def get(reader: Reader, url: str = THREAD, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reader.client.get(url, headers=named)


@whatever_the_database
def test_a_fragment_is_html_to_be_kept_by_everyone(ann: Reader, said: int) -> None:
    for _ in ("built", "kept"):
        response = ann.read()
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        kept = response.cache_control
        assert kept.public
        assert kept.s_maxage
        assert kept.max_age == 0, "a browser asks each time: a validator makes that cheap"
        assert kept["stale-while-revalidate"]
        assert set(response.headers["Vary"].split(", ")) == {"Accept-Encoding", "Origin"}
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert f'id="comment-{said}"' in response.text
        assert "<form" in response.text
        assert "<script" not in response.text
        assert "<html" not in response.text


@whatever_the_database
def test_it_is_the_same_for_everyone(ann: Reader, bob: Reader, app: Flask, said: int) -> None:
    ann.say("Only I see this.")
    bob.client.set_cookie("moderator", "anything", domain="localhost")
    bob.client.environ_base["HTTP_USER_AGENT"] = "Another browser"
    bob.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert ann.read().data == bob.read().data
    assert ann.read().headers["ETag"] == bob.read().headers["ETag"]


@whatever_the_database
def test_only_what_is_approved_is_in_it(ann: Reader, backstage: Backstage, said: int) -> None:
    backstage.set("news", hold=Hold.all)
    words = {move: f"This goes by {move.value}." for move in (Move.spam, Move.trash, Move.reject)}
    for move, body in words.items():
        backstage.move(ann.say(body), move)
    ann.say("This is pending.")

    shown = (ann.read().text, get(ann, f"/t/news?page={PAGE}").text)
    assert all("Everyone may read this." in text for text in shown)
    assert not any(body in text for text in shown for body in (*words.values(), "This is pending."))


# ----------------------------------------------------------------------------- validators


@whatever_the_database
def test_who_has_it_already_gets_304(ann: Reader, said: int) -> None:
    etag = ann.read().headers["ETag"]
    strong = etag.removeprefix("W/")
    for known in (etag, strong, f'"other", {etag}', f'{etag}, W/"x"', "*"):
        for coding in ("identity", "br", "gzip"):
            response = get(ann, If_None_Match=known, Accept_Encoding=coding, Origin=HOST)
            assert response.status_code == 304, known
            assert response.data == b""
            assert response.headers["ETag"] == etag
            assert response.headers["Cache-Control"]
            assert response.headers["Access-Control-Allow-Origin"] == HOST
    for other in ('"other"', strong[:-2] + '"', strong.strip('"')[:-1], ""):
        assert get(ann, If_None_Match=other).status_code == 200, other


@whatever_the_database
def test_a_304_needs_no_kept_fragment(ann: Reader, app: Flask, settings: dict[str, Any]) -> None:
    ann.say()
    etag = ann.read().headers["ETag"]
    with opened(**settings) as fresh:
        response = fresh.test_client().get(THREAD, headers={"If-None-Match": etag})
    assert response.status_code == 304


@pytest.fixture
def other(app: Flask, settings: dict[str, Any]) -> Iterator[Flask]:
    """Another web process."""
    with opened(**settings) as other:
        yield other


def test_a_decision_is_visible_at_once_to_the_next_reader(
    ann: Reader, bob: Reader, backstage: Backstage, other: Flask
) -> None:
    neighbour = Reader(other.test_client(), name="Cleo")
    comment_id = ann.say("Now you see me.")
    backstage.screen(comment_id)
    etags = {bob.read().headers["ETag"]}
    for move, visible in (
        (Move.approve, True), (Move.unapprove, False), (Move.approve, True), (Move.trash, False),
        (Move.restore, True), (Move.spam, False),
    ):  # fmt: skip
        for reader in (bob, neighbour):
            reader.read()
        backstage.move(comment_id, move)
        for reader in (bob, neighbour):
            assert ("Now you see me." in reader.read().text) is visible, move
        etags.add(bob.read().headers["ETag"])
    assert len(etags) == 7


def test_a_change_of_the_sites_rules_is_visible_at_once(
    ann: Reader, backstage: Backstage, said: int
) -> None:
    before = ann.read()
    backstage.set("news", timezone="Asia/Tokyo", origins=["https://new.example.org"])
    after = ann.read()
    assert before.headers["ETag"] != after.headers["ETag"]
    assert before.text != after.text
    assert "Access-Control-Allow-Origin" not in after.headers


@whatever_the_database
def test_what_shapes_a_fragment_besides_the_database_is_in_its_validator(
    ann: Reader, settings: dict[str, Any], said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(**settings | {"public_url": "https://moved.example.org"}) as moved:
        assert moved.test_client().get(THREAD).headers["ETag"] != ann.read().headers["ETag"]

    etag, token = ann.read().headers["ETag"], ann.token()
    monkeypatch.setattr("widget.publishing.form_token.epoch", lambda: 4711)
    assert ann.read().headers["ETag"] != etag
    assert ann.token() != token


# ------------------------------------------------------------------------------ encodings


ACCEPTED = {
    "br": "br",
    "gzip": "gzip",
    "gzip, deflate, br": "br",
    "GZIP;q=0.5": "gzip",
    "br;q=0, gzip": "gzip",
    "br; q=0.000, gzip;q=0.0": None,
    "deflate, zstd": None,
    "brotli, xgzip": None,
    "": None,
}


@whatever_the_database
def test_it_comes_in_the_coding_that_is_accepted(ann: Reader) -> None:
    decode: dict[str | None, Callable[[bytes], bytes]] = {
        "br": brotli.decompress, "gzip": gzip.decompress, None: bytes,
    }  # fmt: skip
    plain = get(ann, Accept_Encoding="identity").data
    for accepted, coding in ACCEPTED.items():
        response = get(ann, Accept_Encoding=accepted)
        assert response.headers.get("Content-Encoding") == coding, accepted
        assert decode[coding](response.data) == plain
        assert int(response.headers["Content-Length"]) == len(response.data)


@whatever_the_database
def test_a_head_is_the_answer_without_its_body(ann: Reader, said: int) -> None:
    url = f"{THREAD}&sort=newest"  # nobody has asked for this yet
    heads = [ann.client.head(url, headers={"Accept-Encoding": "br"}) for _ in ("built", "kept")]
    full = get(ann, url, Accept_Encoding="br")
    for head in heads:
        assert head.data == b""
        assert sorted(head.headers) == sorted(full.headers)


# ---------------------------------------------------------------------------------- views


def test_every_view_has_its_own_fragment(ann: Reader, backstage: Backstage) -> None:
    backstage.set("news", hold=Hold.none, page_size=1)
    backstage.screen(ann.say("The first."), ann.say("The second."))
    for _ in ("built", "kept"):
        assert "The first." in ann.read(sort=Order.oldest).text
        assert "The first." not in ann.read(sort=Order.newest).text
        assert "The second." in ann.read(sort=Order.newest).text


@whatever_the_database
def test_a_page_that_nobody_wrote_on_has_a_form_and_no_thread(
    ann: Reader, backstage: Backstage
) -> None:
    response = ann.read()
    assert response.status_code == 200
    assert 'name="token"' in response.text
    assert "comment-list" in response.text


def test_only_so_much_is_kept_and_the_longest_unused_goes_first() -> None:
    def fragment(number: int) -> Fragment:
        now = Versions(1, 1, number)
        return Fragment(str(now), frozenset(), b"x" * 60, b"x" * 20, b"x" * 20)

    cache = Cache(limit=300)
    views = [View("news", str(number)) for number in range(4)]
    for number in range(3):
        cache.put(views[number], fragment(number))
    assert cache.get(views[0], fragment(0).etag)
    cache.put(views[3], fragment(3))

    kept = [bool(cache.get(views[number], fragment(number).etag)) for number in range(4)]
    assert kept == [True, False, True, True]
    cache.put(views[0], fragment(9))
    assert cache.get(views[0], fragment(0).etag) is None, "an old version is not given out"
    assert all(cache.get(views[n], fragment(n).etag) for n in (2, 3)), "replacing adds nothing"


# --------------------------------------------------------------------------------- counts


def test_counts_of_many_pages_come_at_once_under_the_names_they_were_asked_by(
    ann: Reader, bob: Reader, nell: Reader, backstage: Backstage, said: int
) -> None:
    backstage.approve(bob.say("Me, too."), nell.say("Next door."))
    ann.say("Pending.", page="an-id")
    names = [PAGE, f"{PAGE}/#comments", "an-id", "unknown", nell.page, "", "\0"]
    response = ann.client.get(
        "/embed/news/counts", query_string={"page": names}, headers=ann.headers
    )
    assert response.json == dict(zip(names, [2, 2, 0, 0, 0, 0, 0], strict=True))
    assert response.cache_control.public
    assert response.headers["Access-Control-Allow-Origin"] == HOST
    again = get(ann, response.request.url, If_None_Match=response.headers["ETag"])
    assert again.status_code == 304

    backstage.move(said, Move.trash)
    assert get(ann, f"/embed/news/counts?page={PAGE}").json == {PAGE: 1}


def test_up_to_a_hundred_pages_are_counted(ann: Reader) -> None:
    pages = "&".join(f"page={number}" for number in range(100))
    assert len(told(get(ann, f"/embed/news/counts?{pages}"))) == 100
    assert get(ann, f"/embed/news/counts?{pages}&page=100").status_code == 400
    assert get(ann, "/embed/news/counts").json == {}
