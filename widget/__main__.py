"""The `widget` command."""

from typing import TYPE_CHECKING

from widget.cli import run

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["main"]


def main() -> None:
    """Run the command line. What a command does without is not imported: it takes two seconds."""
    run(create_app=_create_app, work=_work)


def _create_app() -> "Flask":
    from widget.app import create_app  # noqa: PLC0415

    return create_app()


def _work() -> None:
    from widget.worker import main as work  # noqa: PLC0415

    work()


if __name__ == "__main__":
    main()
