"""Providers on loopback: they speak the documented protocols, and can fail in every way."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

_CHUNK = b"x" * 65_536
KEY = "abcdef012345"
PASSWORD = "the-controllers-word"
SECRET = "whsec_" + base64.b64encode(b"a key of the site and its service").decode()


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """Its fields, if it is a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def message(self) -> EmailMessage:
        """The mail in it, if it is one."""
        return message_from_bytes(self.body, policy=policy.default)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What goes out."""

    status: int = 200
    kind: str = "text/plain; charset=utf-8"
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def as_json(code: int = 200, /, **found: Any) -> Said:
    return Said(status=code, kind="application/json", text=json.dumps(found))


@dataclass
class Service:
    """A server. It answers by its protocol, unless it has `says`, one after the other, or a fault:
    silent, dripping, endless, rubbish, hangs up.
    """

    port: int
    protocol: Callable[[Request], Said]
    scheme: str = "http"
    says: list[Said] = field(default_factory=list)
    fault: str = ""
    asked: list[Request] = field(default_factory=list)
    written: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def always(self, said: Said) -> None:
        """Answer so from now on."""
        self.says = [said] * 100


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        service = self.service
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(path=self.path, headers=headers, body=body)
        service.asked.append(request)
        with suppress(OSError):
            if service.fault:
                self._fail(service.fault)
            else:
                said = service.says.pop(0) if service.says else service.protocol(request)
                self._answer(said)
        self.close_connection = True

    def _fail(self, fault: str) -> None:
        service = self.service
        match fault:
            case "silent":
                self.connection.recv(1)
            case "dripping":
                while not service.ended.wait(0.02):
                    self.wfile.write(b"X")
            case "rubbish":
                self.wfile.write(b"\x00\xff SSH-2.0 hello\r\n\r\n")
            case "endless":
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                while True:
                    service.written += self.wfile.write(_CHUNK)
            case "hangs up":
                return

    def _answer(self, said: Said) -> None:
        self.send_response(said.status)
        if said.kind:
            self.send_header("Content-Type", said.kind)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.text.encode(errors="surrogateescape"))

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def serving(
    protocol: Callable[[Request], Said], context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[Service]:
    """A provider on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up is no fault
    found = Service(port=server.server_port, protocol=protocol)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"service": found})
    if context:
        found.scheme = "https"
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


# -------------------------------------------------------------------------------------- protocols


def akismet(request: Request) -> Said:
    """Akismet: plain text, and 200 even for errors."""
    form = request.form
    if form.get("key", form.get("api_key")) != KEY:
        return Said(
            text="invalid", headers={"X-akismet-debug-help": f"No such key: {form.get('api_key')}"}
        )
    if request.path == "/1.1/verify-key":
        return Said(text="valid")
    for name in ("blog", "user_ip"):
        if name not in form:
            return Said(text="invalid", headers={"X-akismet-debug-help": f'Empty "{name}" value'})
    if request.path in {"/1.1/submit-spam", "/1.1/submit-ham"}:
        return Said(text="Thanks for making the web a better place.")
    return _checked(form)


def _checked(form: dict[str, str]) -> Said:
    text = form.get("comment_content", "")
    if "blatant" in text:
        return Said(text="true", headers={"X-akismet-pro-tip": "discard"})
    if form.get("comment_author") == "akismet-guaranteed-spam":
        return Said(text="true")
    if "look later" in text and "recheck_reason" not in form:
        return Said(text="false", headers={"X-akismet-recheck-after": "120"})
    return Said(text="false")


def digest(address: str) -> str:
    """What StopForumSpam knows an address by."""
    return hashlib.md5(address.encode()).hexdigest()


LISTED = {digest("spammer@example.net"): (91, 95.29)}
UNSURE = {digest("shared@example.net"): (1, 12.5)}


def stopforumspam(request: Request) -> Said:
    """StopForumSpam: JSON, a part for each thing that was asked."""
    asked = request.form["emailhash"]
    known = {**LISTED, **UNSURE}.get(asked)
    if known is None:
        part: dict[str, Any] = {"value": asked, "frequency": 0, "appears": 0, "confidence": 80}
    else:
        part = {
            "value": asked, "appears": 1, "frequency": known[0], "confidence": known[1],
            "lastseen": "2026-10-07 05:48:53",
        }  # fmt: skip
    return as_json(success=1, emailhash=part)


def rspamd(request: Request) -> Said:
    """rspamd: a mail in, JSON out; to learn it wants its password."""
    message = request.message
    assert message["From"], "what it reads is a mail"
    assert not message.defects
    if request.path.startswith("/learn"):
        if request.headers.get("password") != PASSWORD:
            return as_json(401, error="Unauthorized")
        if "known" in message.get_content():
            return as_json(208, error="<1@x> has been already learned as spam, ignore it")
        return as_json(success=True)
    actions = {"pills": ("reject", 17.5), "watches": ("add header", 7.25), "soon": ("greylist", 4)}
    for word, (action, score) in actions.items():
        if word in message.get_content():
            return _scored(action, score)
    return _scored("no action", 0.1)


def _scored(action: str, score: float) -> Said:
    return as_json(
        is_skipped=False, score=score, required_score=15.0, action=action,
        symbols={
            "BAYES_SPAM": {"name": "BAYES_SPAM", "score": 5.1},
            "URIBL_BLACK": {"name": "URIBL_BLACK", "score": 7.5},
            "MIME_GOOD": {"name": "MIME_GOOD", "score": -0.1},
            "<b>x</b>": {"score": 99},
        },
    )  # fmt: skip


@dataclass
class Judge:
    """A publisher's service, which trusts nobody: it checks who asks, and when."""

    seen: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> Said:
        if not self.is_signed(request):
            return Said(status=401)
        comment = json.loads(request.body)["data"]
        if "nonsense" in comment["body"]:
            return as_json(status="spam", reasons=["Sells nonsense", "Again\nand again"])
        if "hmm" in comment["body"]:
            return as_json(status="pending")
        return as_json(status="approved") if "fine" in comment["body"] else Said(status=204)

    def is_signed(self, request: Request) -> bool:
        """As the Standard Webhooks specification has it."""
        headers = request.headers
        identity, moment = headers["webhook-id"], headers["webhook-timestamp"]
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        digest = hmac.new(key, f"{identity}.{moment}.".encode() + request.body, hashlib.sha256)
        expected = "v1," + base64.b64encode(digest.digest()).decode()
        is_new = identity not in self.seen
        self.seen.add(identity)
        return is_new and hmac.compare_digest(expected, headers["webhook-signature"])
