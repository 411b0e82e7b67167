"""The servers under test, each as it runs for real, on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from flask import Flask
from sqlalchemy import create_engine

from bench import seed
from bench.load import Answer, fetch, request
from tests import parts
from tests.parts import PROJECT, free_port, until
from tests.rehearsal import nginx, nginx_conf
from widget import queue
from widget.app import create_app
from widget.db import db

# What the browser's script sends, so that no path of the service is spared.
BROWSER = {"Origin": seed.HOST, "Sec_Fetch_Mode": "cors", "Sec_Fetch_Site": "cross-site"}
_NGINX = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr alert;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=10;
    default_type "text/html; charset=utf-8";
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location = /gzip {{ add_header Content-Encoding gzip; }}
    }}
}}
"""


@dataclass(frozen=True)
class Server:
    """Where it answers, and whose processor time counts as its own."""

    port: int
    pids: list[int]


@dataclass(frozen=True)
class Widget(Server):
    """Our service on one database, full of threads."""

    name: str
    app: Flask
    service: parts.Service

    def start_worker(self) -> parts.Process:
        """A worker, which screens what is posted; returns when it is at work."""
        worker = self.service.start("worker")
        url = self.service.settings["WIDGET_REDIS_URL"]
        until(lambda: queue.beats(queue.Part.worker, url), "the worker")
        return worker


@dataclass(frozen=True)
class Stage:
    """All servers of one run, and a thread's page as it is sent."""

    core: set[int] | None
    nginx: Server
    bare: Server
    widgets: list[Widget]
    # deploy/nginx.conf before the first of them.
    fronts: dict[str, Server]
    plain: Answer
    gzip: Answer
    br: Answer


def thread(page: str, coding: str = "gzip", etag: str = "", site: str = seed.SITE) -> bytes:
    """The request for a thread, as the script sends it."""
    headers = {**BROWSER, "Accept_Encoding": coding or "identity"}
    if etag:
        headers["If_None_Match"] = etag
    return request(f"/embed/{site}/thread?{urlencode({'page': page})}", **headers)


@contextmanager
def stage(databases: list[str], core: set[int] | None) -> Iterator[Stage]:
    """Everything up and filled; all of it ends with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="widget-bench-")))
        valkey = stack.enter_context(parts.valkey(folder)).connection_url
        widgets = [
            # Queues of their own, or one's worker would take the other's jobs.
            stack.enter_context(_widget(name, folder / name, f"{valkey}/{number}"))
            for number, name in enumerate(databases)
        ]
        plain, gzip, br = (
            fetch(widgets[0].port, thread(seed.page(0), coding)) for coding in ("", "gzip", "br")
        )
        (folder / "plain").write_bytes(plain.body)
        (folder / "gzip").write_bytes(gzip.body)
        first = widgets[0]
        yield Stage(
            core=core,
            nginx=stack.enter_context(_nginx(folder)),
            bare=stack.enter_context(_bare(folder / "gzip")),
            widgets=widgets,
            fronts={
                f"nginx ▸ {first.name}, gzip{cached}": stack.enter_context(
                    _front(folder / f"front{len(cached)}", first, microcache=bool(cached))
                )
                for cached in ("", ", microcache")
            },
            plain=plain,
            gzip=gzip,
            br=br,
        )


@contextmanager
def _widget(name: str, folder: Path, valkey: str) -> Iterator[Widget]:
    folder.mkdir()
    with ExitStack() as stack:
        if name == "postgresql":
            address = stack.enter_context(parts.postgres()).format(database="postgres")
            data = Path(urlsplit(address).query.removeprefix("host="))
            pids = [int((data / "postmaster.pid").read_text().split()[0])]
            make_durable(address)
        else:
            address, pids = f"sqlite:///{folder / 'widget.sqlite3'}", []
        app = create_app(database_url=address, secret_key=parts.SECRET, redis_url=valkey)
        seed.fill(app)
        service = parts.Service(
            folder,
            {
                "WIDGET_DATABASE_URL": address,
                "WIDGET_REDIS_URL": valkey,
                "WIDGET_POST_LIMIT": "1000000 per second",
            },
        )
        stack.callback(service.stop)
        web = service.start_web()
        stack.callback(_let_go, app)
        yield Widget(service.port, [*pids, web.popen.pid], name, app, service)


def make_durable(address: str) -> None:
    """The wheel's PostgreSQL does not wait for the disk; a real one does."""
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER SYSTEM SET fsync = on")
        connection.exec_driver_sql("SELECT pg_reload_conf()")

    def waits_for_the_disk() -> bool:
        with engine.connect() as connection:
            return connection.exec_driver_sql("SHOW fsync").scalar() == "on"

    until(waits_for_the_disk, "fsync")
    engine.dispose()


def _let_go(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


@contextmanager
def _nginx(folder: Path) -> Iterator[Server]:
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(_NGINX.format(folder=folder, port=port))
    with _running(nginx(conf, ["-g", "daemon off;"]), {}, f"http://127.0.0.1:{port}/plain") as pid:
        yield Server(port, [pid])


@contextmanager
def _front(folder: Path, widget: Widget, *, microcache: bool) -> Iterator[Server]:
    folder.mkdir()
    port = free_port()
    conf = nginx_conf(folder, port, [widget.port], microcache=microcache)
    with _running(
        nginx(conf, ["-g", "daemon off;"]), {}, f"http://127.0.0.1:{port}/healthz"
    ) as pid:
        yield Server(port, [pid, *widget.pids])


@contextmanager
def _bare(body: Path) -> Iterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "bench.bare:app"),
        *("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning"),
    ]
    environment = {"BENCH_BODY": str(body), "PYTHONPATH": str(PROJECT)}
    with _running(command, environment, f"http://127.0.0.1:{port}/") as pid:
        yield Server(port, [pid])


@contextmanager
def _running(command: list[str], environment: dict[str, str], url: str) -> Iterator[int]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, cwd=PROJECT
    )
    try:
        until(lambda: process.poll() is not None or parts.answers(url), url)
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} ended at once")
        yield process.pid
    finally:
        process.terminate()
        process.wait()
