"""What the service can do is written down, what is written down is there, and no link is dead."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from tests.parts import PROJECT
from widget.app import create_app
from widget.cli.main import Commands
from widget.config import PREFIX, Settings
from widget.moderation import policy
from widget.spam.checks import CHECKS
from widget.web.desk import filters

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
TEXT = "\n\n".join(page.read_text() for page in PAGES)
# Paragraphs, lists and tables, as blank lines part them.
BLOCKS = re.split(r"\n\s*\n", TEXT)
# Read before there are settings; and by the tests alone.
BESIDE_SETTINGS = {"WIDGET_ENV_FILE", "WIDGET_SECRETS_DIR"}
# A route's parameters, in the words of the documentation.
WORDS = {
    "key": "SITE",
    "comment_id": "ID",
    "decision_id": "ID",
    "thread_id": "ID",
    "batch_id": "ID",
    "revision_id": "ID",
    "webhook_id": "ID",
    "place_id": "ID",
    "invitation_id": "ID",
    "session_id": "ID",
    "token": "TOKEN",
    "reference": "REF",
    "note_id": "ID",
    "rule_id": "ID",
    "filter_id": "ID",
    "text_id": "ID",
    "filename": "FILE",
    "name": "NAME",
    "figure": "FIGURE",
}


# ----------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained_with_its_default(name: str) -> None:
    setting = f"{PREFIX}{name.upper()}"
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and f"`{setting}`" in line]
    assert rows, f"no table of the documentation has {setting}"
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert any(f"`{shown}`" in row for row in rows) or not shown, f"{setting} is {shown} by default"


def test_no_setting_is_explained_that_is_none() -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b", TEXT))
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert named - known - BESIDE_SETTINGS == set()


# ----------------------------------------------------------------------------------------- commands


def commands() -> dict[str, click.Command]:
    """Our commands by their full names. Flask-Migrate's are explained by itself (`widget db`)."""
    return dict(_below("widget", _of(Commands())))


def _below(name: str, among: list[click.Command]) -> Iterator[tuple[str, click.Command]]:
    for command in among:
        full_name = f"{name} {command.name}"
        if isinstance(command, click.Group):
            if command.name != "db":
                yield from _below(full_name, _of(command))
        else:
            yield full_name, command


def _of(group: click.Group) -> list[click.Command]:
    context = click.Context(group)
    found = [group.get_command(context, name) for name in group.list_commands(context)]
    assert None not in found
    return [command for command in found if command]


@pytest.mark.parametrize("name", [*commands(), "widget db upgrade"])
def test_every_command_is_explained(name: str) -> None:
    assert re.search(rf"`{name}[` ]", TEXT)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name, command in commands().items()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
    ],
)
def test_every_option_is_explained_beside_its_command(name: str, option: str) -> None:
    beside = [block for block in BLOCKS if re.search(rf"`{name}[` ]", block)]
    assert any(re.search(rf"(?<![\w-]){option}(?![\w-])", block) for block in beside)


@pytest.mark.parametrize(
    ("name", "choice"),
    # Two options may have a choice of one name.
    sorted(
        {
            (name, str(choice))
            for name, command in commands().items()
            for parameter in command.params
            if isinstance(parameter.type, click.Choice)
            for choice in parameter.type.choices
        }
    ),
)
def test_every_choice_is_named_beside_its_command(name: str, choice: str) -> None:
    beside = [block for block in BLOCKS if re.search(rf"`{name}[` ]", block)]
    assert any(re.search(rf"\b{choice}\b", block) for block in beside)


def test_no_command_is_explained_that_is_none() -> None:
    known = {*commands(), "widget db upgrade"}
    groups = {name.rpartition(" ")[0] for name in known}
    named = {
        " ".join(words.split())
        for words in re.findall(r"`(widget [a-z]+(?: [a-z][a-z-]*)?)\b", TEXT)
    }
    strange = {
        words
        for words in named - known - groups
        # A command without subcommands has its arguments there.
        if words.rpartition(" ")[0] not in known - groups
    }
    assert strange == set()


# ------------------------------------------------------------------------------------------- routes


def routes(app: Flask) -> set[str]:
    """Every address, whatever its methods, as the documentation writes it.

    A parameter is its word in capitals (WORDS); one that only takes certain words stands for as
    many addresses. What Flask-Security serves for pages of its own, which we do not use, is its own
    affair.
    """
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "security.static":
            continue
        choices = re.search(r"<any\(([^)]+)\):\w+>", rule.rule)
        for choice in choices[1].split(", ") if choices else [""]:
            address = rule.rule.replace(choices[0], choice) if choices else rule.rule
            found.add(re.sub(r"<(?:\w+:)?(\w+)>", lambda match: WORDS[match[1]], address))
    return found


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The application, without anything behind it."""
    return create_app(secret_key="x" * 40, data=tmp_path)


def test_every_address_is_explained(app: Flask) -> None:
    known = routes(app)
    assert {"/embed/SITE/thread", "/desk/spam/", "/desk/comments/ID/move"} <= known
    missing = {
        address
        for address in known
        if not re.search(rf"`(?:(?:GET|POST) )?{re.escape(address)}[`?]", TEXT)
    }
    assert missing == set()


def test_no_address_is_explained_that_is_none(app: Flask) -> None:
    named = set(re.findall(r"`(?:GET|POST) (/[^`?\s]*)", TEXT))
    named |= set(re.findall(r"`(/(?:desk|embed|t)/[^`?\s]*)", TEXT))
    assert named - routes(app) == set()


# ------------------------------------------------------------------------------------- dependencies


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    text = (PROJECT / "docs" / "contributors.md").read_text()
    (table,) = (block for block in re.split(r"\n\s*\n", text) if block.startswith("| package |"))
    named = {
        name for row in table.splitlines() for name in re.findall(r"[\w-]+", row.split("|")[1])
    }
    needed = {re.match(r"[\w-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]
    assert needed - named == set()


# ------------------------------------------------------------------------------------------ signals


def test_every_signal_that_holds_a_comment_is_explained_to_moderators() -> None:
    text = (PROJECT / "docs" / "moderators.md").read_text()
    (table,) = (block for block in re.split(r"\n\s*\n", text) if block.startswith("| signal |"))
    explained = {
        name for row in table.splitlines()[2:] for name in re.findall(r"[\w-]+", row.split("|")[1])
    }
    assert {check.__name__.replace("_", "-") for check in CHECKS} <= set(filters.RULES)
    assert set(filters.RULES) - policy.HELD - explained == set()
    trusting = {"good-author", "good-network", "good-hosts"}
    assert explained - set(filters.RULES) == trusting, "these are no signals"
    for token in policy.HELD:
        assert f"`{token}`" in text


# -------------------------------------------------------------------------------------------- links


def links() -> Iterator[tuple[str, str]]:
    """Every relative link and picture, and where it stands."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                yield str(page.relative_to(PROJECT)), target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_every_link_leads_to_something(page: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (PROJECT / page).parent / path if path else PROJECT / page
    assert file.exists(), f"{page} leads to {target}, which is not there"
    if anchor:
        headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
        names = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in names, f"{page} leads to {target}, where no such heading is"


def test_every_picture_is_shown_and_small() -> None:
    pictures = set((PROJECT / "docs" / "images").iterdir())
    shown = {(PROJECT / page).parent / target for page, target in links()}
    assert pictures - shown == set()
    sizes = [picture.stat().st_size for picture in pictures]
    assert max(sizes) < 110_000
    assert sum(sizes) < 1_200_000


def test_every_page_is_found_from_the_readme() -> None:
    targets = {target.partition("#")[0] for page, target in links() if page == "README.md"}
    assert {f"docs/{page.name}" for page in PAGES[1:]} - targets == set()
