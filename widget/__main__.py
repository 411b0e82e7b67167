"""The `widget` command."""

from widget.app import create_app
from widget.cli import run
from widget.worker import main as work

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    run(create_app=create_app, work=work)


if __name__ == "__main__":
    main()
