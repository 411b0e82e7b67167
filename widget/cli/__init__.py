"""The command line. Thin, like the views: parse, call the domain, commit, say what happened."""

from widget.cli.main import run

__all__ = ["run"]
