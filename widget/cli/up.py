"""`widget up`: all parts in one process tree, on embedded defaults, with a demo host page."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask import Flask, render_template
from flask.cli import ScriptInfo

import widget
from widget import config
from widget.cli import addresses, demo, embedded, folder, migrating, welcome
from widget.cli.demo import Owner
from widget.cli.embedded import Valkey
from widget.cli.folder import FolderError
from widget.cli.supervisor import Child, NotStartedError
from widget.config import ConfigError, Settings
from widget.db import db

_LOGS = "log"
_FOR_UP_ALONE = {"WIDGET_OWNER_EMAIL", "WIDGET_OWNER_PASSWORD"}


@dataclass(frozen=True)
class _Plan:
    """What is in force, and what was before."""

    settings: Settings
    valkey: Valkey | None
    demo_port_before: int | None


@click.command()
@click.pass_context
def up(context: click.Context) -> None:
    """All parts in one process tree, on embedded defaults, with a demo host page."""
    try:
        with _claimed() as plan:
            app = context.ensure_object(ScriptInfo).load_app()
            asyncio.run(_run(app, plan))
    except (ConfigError, FolderError, NotStartedError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename or error}.") from error
    _say("Stopped.")


@contextmanager
def _claimed() -> Iterator[_Plan]:
    """The folder, ours alone, and the whole truth, also in our environment for all who come."""
    given = config.load()
    data = given.data.resolve()
    with ExitStack() as stack:
        stack.enter_context(folder.claimed(data))
        decided: dict[str, Any] = {
            "port": given.port,
            "demo_port": given.demo_port,
            "public_url": addresses.origins(given.host, given.port)[0],
            "development": True,
        }
        valkey = None
        if "redis_url" not in given.model_fields_set:
            valkey = stack.enter_context(embedded.valkey(data))
            decided["redis_url"] = valkey.url
        if "secret_key" not in given.model_fields_set:
            decided["secret_key"] = folder.secret_key(data)
        unset = {k: v for k, v in decided.items() if k not in given.model_fields_set}
        settings = config.load(**unset, data=data)
        _check_ports(settings)
        before = folder.decided(data).get("demo_port")
        folder.write_down(settings)
        os.environ.update(folder.environment(settings))
        yield _Plan(settings, valkey, before)


def _check_ports(settings: Settings) -> None:
    if settings.port == settings.demo_port:
        raise ConfigError(
            f"WIDGET_PORT and WIDGET_DEMO_PORT are both {settings.port}: the demo page is on "
            "another origin, so it needs a port of its own."
        )
    for name in ("port", "demo_port"):
        if fault := addresses.fault(settings, name):
            raise ConfigError(fault)


async def _run(app: Flask, plan: _Plan) -> None:
    """Start everything, keep it running, and stop it all when told to or when a start fails."""
    settings = plan.settings
    logs = settings.data / _LOGS
    logs.mkdir(exist_ok=True)
    web, worker, cron = (_part(name, logs) for name in ("web", "worker", "cron"))
    children = [web, cron, worker]
    if plan.valkey:
        bell = Child(
            "valkey",
            plan.valkey.command(),
            logs=logs,
            environment=os.environ,
            say=_say,
            shown=False,  # it complains of the machine at every start
        )
        children.append(bell)
    _stop_when_told(children)
    async with AsyncExitStack() as stack:
        stack.enter_context(contextlib.suppress(asyncio.CancelledError))
        for child in reversed(children):  # the first to be stopped was the last to come in
            stack.push_async_callback(child.stop)
        stack.enter_context(demo.host_page(settings, _article(app, settings)))
        if plan.valkey:
            await bell.start()
            await bell.until(plan.valkey.answers)
        owner = _prepare(app, plan)
        await web.start()
        await web.until(lambda: _ready(settings))
        await worker.start()
        await cron.start()
        _say(welcome.text(settings, owner))
        async with asyncio.TaskGroup() as group:
            for child in children:
                group.create_task(child.keep())


def _part(name: str, logs: Path) -> Child:
    environment = {k: v for k, v in os.environ.items() if k not in _FOR_UP_ALONE}
    # The package that runs now, wherever we were started from (-P: not whatever is here).
    ours = str(Path(widget.__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH")]))
    return Child(
        name,
        [sys.executable, "-P", "-m", "widget", name],
        logs=logs,
        environment=environment,
        say=_say,
    )


def _prepare(app: Flask, plan: _Plan) -> Owner:
    migrating.upgrade(app)
    with app.app_context():
        owner = demo.prepare(plan.settings, port_before=plan.demo_port_before)
        db.engine.dispose()
    return owner


def _article(app: Flask, settings: Settings) -> str:
    with app.app_context():
        return render_template(
            "demo/article.html",
            service=settings.public_url,
            site=demo.KEY,
            page=f"{addresses.origins(settings.host, settings.demo_port)[0]}/",
        )


def _stop_when_told(children: Sequence[Child]) -> None:
    """Cancel the running task at the first signal; at the second, lose patience."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    told = False

    def stop() -> None:
        nonlocal told
        if told or task is None:
            for child in children:
                child.kill()
        else:
            told = True
            _say("\nStopping …")
            task.cancel()

    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        loop.add_signal_handler(signal.SIGHUP, stop)


async def _ready(settings: Settings) -> bool:
    try:
        reader, writer = await asyncio.open_connection(
            addresses.reachable(settings.host), settings.port
        )
        writer.write(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in answer


def _say(line: str) -> None:
    """Tell the operator, who may have closed the terminal: then nobody is left to be told."""
    with contextlib.suppress(OSError):
        click.echo(line)
