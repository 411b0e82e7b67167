"""Whatever anyone sends, the answer is ours: never a fault of the server's."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from tests.conftest import HOST, PAGE, Backstage, Reader
from widget import jobs
from widget.db import db, writing
from widget.models import Comment, Decision, Delivery, Likeness, LinkedHost
from widget.notify import tellings

FIELDS = (
    "page", "url", "title", "parent", "author", "email", "website", "body", "nonce", "token", "key",
    "work", "subject", "unknown",
)  # fmt: skip
GOOD = {"page": PAGE, "author": "Ann", "email": "ann@example.org", "body": "I read it."}

texts = st.text(alphabet=st.characters(codec=None), max_size=60)
values: st.SearchStrategy[bytes] = st.one_of(
    st.binary(max_size=40),
    texts.map(lambda text: text.encode(errors="surrogatepass")),
    st.sampled_from([
        b"\0", b"\xed\xa0\x80", b"\xff\xfe", b"1" * 5000, b"-1", b"9" * 19,
        "\u202egnp.exe".encode(), "\u0661".encode(), "ﷺ".encode() * 245,
        "\U0001d160".encode() * 245, b"a@" + b"b" * 300,
        b"ann@xn--.org", "ann@\u2488com.org".encode(), b"http://[::", b"//x", b"http://x:99999",
        b"https://a.example.org/" + b"%" * 100, HOST.encode() + "/é?é=é#é".encode(),
        b"<b>" * 500, b"&" * 3000, b"a" * 70_000, b"\r\n" * 100, b"{{ 7 * 7 }}", b"%00",
        b"' OR 1=1 --",
    ]),
)  # fmt: skip
forms = st.dictionaries(st.sampled_from(FIELDS), values, max_size=3)
always = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def encoded(fields: dict[str, Any]) -> bytes:
    pairs = (
        f"{name}={quote_from_bytes(value if isinstance(value, bytes) else value.encode())}"
        for name, value in fields.items()
    )
    return "&".join(pairs).encode()


@pytest.fixture
def send(ann: Reader) -> Callable[..., int]:
    """POST a comment; returns the status, if the answer is one of ours."""

    def post(body: bytes, kind: str = "application/x-www-form-urlencoded", **headers: str) -> int:
        response = ann.client.post(
            "/embed/news/comments", data=body, content_type=kind, headers=headers
        )
        assert response.status_code in {201, 202, 303, 400, 403, 409, 413, 415, 422, 428}, (
            response.text
        )
        assert response.data.decode() or response.status_code == 303
        return response.status_code

    return post


def forget_decisions() -> None:
    """Let what nobody may remove be removed: each try begins with an empty house."""
    on_postgresql = db.engine.dialect.name == "postgresql"
    where = " ON decision" if on_postgresql else ""
    db.session.execute(text(f"DROP TRIGGER decision_is_not_removed{where}"))
    db.session.commit()


@pytest.mark.slow
def test_no_field_breaks_it_and_what_is_taken_goes_all_the_way(
    send: Callable[..., int], ann: Reader, app: Flask, backstage: Backstage
) -> None:
    mode = st.sampled_from(["cors", "navigate", "no-cors"])
    at_once = select(Delivery.id).where(Delivery.kind != tellings.WAITING)
    with app.app_context(), writing():
        forget_decisions()

    @always
    @given(forms, mode)
    def try_it(fields: dict[str, bytes], mode: str) -> None:
        with app.app_context(), writing():
            for model in (Delivery, Decision, Likeness, LinkedHost, Comment):
                db.session.execute(delete(model))
            db.session.commit()
        if send(encoded({**GOOD, **fields}), **{"Sec-Fetch-Mode": mode}) not in {202, 303}:
            return
        # Screened, mailed, approved and shown like any other.
        with app.app_context():
            comment = db.session.scalars(select(Comment)).one()
            comment_id, page = comment.id, comment.thread.page
        backstage.screen(comment_id)
        with app.app_context():
            # Of the ones that are told at once: many together wait for each other.
            waiting = db.session.scalars(at_once).all()
        with app.app_context():
            for delivery_id in waiting:
                jobs.deliver(delivery_id)
            assert all(db.session.get_one(Delivery, each).delivered_at for each in waiting)
        backstage.approve(comment_id)
        for shown in (f"/embed/news/thread?{urlencode({'page': page})}",
                      f"/t/news?{urlencode({'page': page})}"):  # fmt: skip
            response = ann.client.get(shown)
            assert response.status_code == 200
            assert f'id="comment-{comment_id}"' in response.text

    try_it()


@pytest.mark.slow
def test_no_body_and_no_header_breaks_it(send: Callable[..., int], ann: Reader) -> None:
    kinds = st.sampled_from([
        "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=x",
        "multipart/form-data", "multipart/form-data; boundary=b", "application/json", "text/plain",
        "", "é",
    ])  # fmt: skip
    parts = st.binary(max_size=30).map(
        lambda raw: (
            b'--b\r\nContent-Disposition: form-data; name="body"\r\n\r\n' + raw + b"\r\n--b--"
        )
    )
    header = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))

    @always
    @given(st.one_of(st.binary(max_size=60), parts), kinds, header, header, header)
    def try_it(body: bytes, kind: str, origin: str, accept: str, mode: str) -> None:
        send(body, kind, Origin=origin, Accept=accept, **{"Sec-Fetch-Mode": mode})
        response = ann.client.get(
            f"/embed/news/thread?page={PAGE}",
            headers={"If-None-Match": origin, "Accept-Encoding": accept, "Origin": mode},
        )
        assert response.status_code in {200, 304}

    try_it()


@pytest.mark.slow
def test_no_address_breaks_it(ann: Reader) -> None:
    names = st.sampled_from(["page", "sort", "after", "parent", "receipt", "x"])
    queries = st.lists(st.tuples(names, values.filter(lambda value: len(value) < 5000)), max_size=5)
    routes = st.sampled_from(["/embed/{}/thread", "/embed/{}/counts", "/t/{}", "/embed/{}/mine"])
    sites = st.one_of(st.just(b"news"), st.binary(max_size=20))

    @always
    @given(routes, sites, queries)
    def try_it(route: str, site: bytes, query: list[tuple[str, bytes]]) -> None:
        address = route.format(quote_from_bytes(site, safe=""))
        asked = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in query)
        for response in (
            ann.client.get(f"{address}?{asked}"),
            ann.client.post("/embed/news/mine", data=asked.encode(),
                            content_type="application/x-www-form-urlencoded"),
        ):  # fmt: skip
            assert response.status_code in {200, 308, 400, 404, 405}, response.text

    try_it()
