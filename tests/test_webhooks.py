"""Posting to a chat: how a bad server is borne, and where nothing is ever sent."""

import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import parts
from tests.chat import Chat, chat
from widget import config
from widget.db import now
from widget.notify import webhooks
from widget.notify.mail import NotSent

MESSAGE = {"text": "Something waits."}


@pytest.fixture
def room() -> Iterator[Chat]:
    """A chat's server."""
    with chat() as server:
        yield server


def send(url: str, *, to_private: bool = True) -> NotSent | None:
    """Post a message; why it was not taken, if so."""
    try:
        webhooks.post(config.Settings(webhooks_to_private=to_private), url, MESSAGE)
    except NotSent as error:
        return error
    return None


def refused(url: str, *, to_private: bool = True) -> NotSent:
    error = send(url, to_private=to_private)
    assert error is not None
    assert "SECRET" not in str(error)
    return error


# ------------------------------------------------------------------------------- a server's faults


def test_a_message_is_posted_as_json_and_a_good_answer_is_enough(room: Chat) -> None:
    room.is_endless = True
    assert send(room.url + "?thread=7") is None
    assert room.posted == [MESSAGE]
    assert room.paths == ["/services/T0SECRET/B0SECRET?thread=7"]


@pytest.mark.parametrize(
    ("status", "for_good"), [(500, False), (503, False), (408, False), (400, True), (403, True)]
)
def test_what_passes_is_tried_again_and_what_does_not_is_not(
    room: Chat, status: int, for_good: bool
) -> None:
    room.says(status, "invalid_payload")
    error = refused(room.url)
    assert (error.for_good, str(error)) == (
        for_good,
        f"the server answered {status}: invalid_payload",
    )


@pytest.mark.parametrize("status", [404, 410])
def test_a_room_that_is_gone_is_told_from_a_bad_message(room: Chat, status: int) -> None:
    room.says(status, "no_service for /services/T0SECRET/B0SECRET")
    assert isinstance(refused(room.url), webhooks.RoomIsGone)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ("30", timedelta(seconds=30)),
        ("0.5", timedelta(seconds=0.5)),
        ("999999999", timedelta(days=1)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta()),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("soon", None),
        ("1e9", None),
        ("", None),
    ],
)
def test_a_server_says_how_long_it_wants_to_be_left_alone(
    room: Chat, asked: str, pause: timedelta | None
) -> None:
    room.says(429, "slow down", Retry_After=asked)
    error = refused(room.url)
    assert (error.for_good, error.pause) == (False, pause)


def test_it_may_say_so_with_a_date(room: Chat) -> None:
    room.says(429, Retry_After=format_datetime(now() + timedelta(minutes=5), usegmt=True))
    pause = refused(room.url).pause
    assert pause is not None
    assert timedelta(minutes=4) < pause <= timedelta(minutes=5)


def test_a_redirect_is_not_followed(room: Chat) -> None:
    with chat() as other:
        for status in (301, 302, 307, 308):
            room.says(status, Location=other.url)
            error = refused(room.url)
            assert error.for_good
            assert "redirects are not followed" in str(error)
        assert other.posted == []


def test_of_an_answer_without_end_only_the_beginning_is_read(room: Chat) -> None:
    room.says(500)
    room.is_endless = True
    assert "500" in str(refused(room.url))
    assert room.ended.wait(parts.PATIENCE), "we hung up"
    assert room.written < 100 * webhooks.MAX_ANSWER


@pytest.mark.parametrize("how", ["is_silent", "is_dripping"])
def test_a_server_that_is_slow_has_only_so_much_time_in_all(
    room: Chat, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT", 0.3)
    setattr(room, how, True)
    error = refused(room.url)
    assert (error.for_good, str(error)) == (False, "no answer within 0.3 seconds")


@pytest.mark.usefixtures("reaches_out")
def test_who_speaks_no_http_or_is_away_is_borne(room: Chat) -> None:
    gone = f"http://127.0.0.1:{parts.free_port()}/T0SECRET"
    assert str(refused(gone)) == "no connection (ConnectionRefusedError)"
    assert "secure connection" in str(refused(room.url.replace("http:", "https:")))
    unknown = refused("https://no-such-name.invalid/T0SECRET")
    assert (unknown.for_good, str(unknown)) == (False, "the name of the server is not known")
    for impossible in ("https://chat..example/T0SECRET", f"https://{'a' * 64}.example/T0SECRET"):
        assert refused(impossible).for_good
        assert "not a complete address" in webhooks.fault_of(config.Settings(), impossible)
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def answer() -> None:
            with rude.accept()[0] as connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    """Who hangs up with something unread looks like one who broke down."""

        def ask() -> None:
            strange = refused(f"http://127.0.0.1:{rude.getsockname()[1]}/T0SECRET")
            assert str(strange) == "the answer was none of a web server"

        parts.at_once(answer, ask)


def test_only_a_certificate_of_the_right_name_that_is_trusted_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for names, trusted, told in (
        (["localhost"], True, None),
        (["localhost"], False, "self-signed"),
        (["elsewhere.example"], True, "elsewhere|mismatch"),
    ):
        file = certificate(tmp_path, names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        monkeypatch.setenv("SSL_CERT_FILE", str(file) if trusted else "/nowhere")
        with chat(context) as server:
            error = send(server.url.replace("127.0.0.1", "localhost"))
            if told is None:
                assert (error, server.posted) == (None, [MESSAGE])
            else:
                assert re.search(f"certificate is not trusted: .*({told})", str(error))
                assert server.posted == []


def certificate(folder: Path, names: list[str]) -> Path:
    """A certificate that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


# ----------------------------------------------------------------------- where nothing is ever sent


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "2002:7f00:1::", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_no_address_near_us_is_a_public_one(address: str) -> None:
    assert not webhooks.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_others_are(address: str) -> None:
    assert webhooks.is_public(address)


@pytest.mark.usefixtures("reaches_out")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0"]
)
def test_unless_the_operator_says_so_nobody_connects_to_this_machine(room: Chat, host: str) -> None:
    error = refused(room.url.replace("127.0.0.1", host), to_private=False)
    assert error.for_good
    assert "private network" in str(error)
    assert room.posted == []


@pytest.mark.usefixtures("reaches_out")
def test_a_name_that_leads_elsewhere_the_second_time_leads_nowhere(
    room: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [("192.0.2.7", room.port), ("127.0.0.1", room.port)]
    asked = []
    lookup = socket.getaddrinfo

    def rebound(host: str, port: int, **known: Any) -> Any:
        asked.append(host)
        return lookup(answers[min(len(asked), 2) - 1][0], port, **known)

    public = webhooks.is_public
    monkeypatch.setattr(webhooks, "is_public", lambda ip: ip == "192.0.2.7" or public(ip))
    monkeypatch.setattr(webhooks, "TIMEOUT", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    refused(f"http://chat.example:{room.port}/", to_private=False)
    assert asked == ["chat.example"], "what was looked at is what is connected to"
    assert room.posted == []


@pytest.mark.parametrize(
    "url",
    [
        "", "chat.example/hook", "http://chat.example/hook", "ftp://chat.example/", "https://",
        "https:///hook", "https://me:word@chat.example/hook", "https://chat.example/a b",
        "https://chät.example/hook", "https://chat.example/hook#room", "https://[::1/hook",
        "https://chat.example:99999/", "https://chat.example/\nX: y",
        "https://chat.example/" + "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_complete_address_is_said_in_words(url: str) -> None:
    assert webhooks.fault_of(config.Settings(), url).endswith((".", "521."))


def test_an_intranet_may_do_without_tls_and_others_may_not() -> None:
    url = "http://chat.intranet:8065/hooks/xyz"
    assert webhooks.fault_of(config.Settings(webhooks_to_private=True), url) == ""
    assert webhooks.fault_of(config.Settings(), "https://hooks.chat.example/services/x") == ""
