"""Who may do what at which site: roles, the last owner, and neighbours who see nothing."""

from collections.abc import Callable, Collection
from http import HTTPStatus

import pytest
from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import select
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from tests.conftest import PASSWORD, Backstage, Desk, Reader, whatever_the_database
from tests.pages import OpenDesk, page, path_of, press, submit, token
from widget import models
from widget.cli.moderators import moderator as commands
from widget.db import Base, db, now, writing
from widget.models import Membership, Move, Role
from widget.moderation import authors, people

PEOPLE = "/desk/sites/news/people"


def person(desk: Desk, name: str) -> HtmlElement:
    """Someone's line on the page of people."""
    (line,) = [
        one
        for one in page(desk.client.get(PEOPLE)).xpath("//li[@class='person']")
        if one.findtext(".//bdi") == name
    ]
    return line


def set_role(desk: Desk, name: str, role: str, *, see_emails: bool = False) -> TestResponse:
    """Choose a role for someone, and save."""
    (form,) = person(desk, name).xpath(".//form[@class='role']")
    form.fields["role"] = role
    form.fields["see_emails"] = "y" if see_emails else None
    return submit(desk, form)


def words(desk: Desk, answer: TestResponse) -> str:
    """What the page says that a form leads to."""
    shown = page(desk.client.get(answer.location, follow_redirects=True)).xpath(
        "//*[contains(@class, 'flash')]"
    )
    return " ".join(one.text_content().strip() for one in shown)


def place(app: Flask, email: str, site: str = "news") -> Membership | None:
    """What someone is at a site."""
    with app.app_context():
        account = people.find(email)
        assert account is not None
        return next((one for one in account.memberships if one.site.key == site), None)


# ------------------------------------------------------------------------------------------- roles


@whatever_the_database
def test_an_owner_gives_roles_and_takes_places_away_and_all_of_it_is_in_the_log(
    desk: OpenDesk, app: Flask
) -> None:
    olga, max_ = desk("Olga"), desk("Max")
    assert max_.client.get(PEOPLE).status_code == HTTPStatus.FORBIDDEN

    assert "Max is admin here" in words(olga, set_role(olga, "Max", "admin", see_emails=True))
    assert max_.client.get(PEOPLE).status_code == HTTPStatus.OK, "from the next page on"
    assert "olga@example.org" in max_.client.get(PEOPLE).text
    assert not person(max_, "Olga").findall(".//button"), "only owners change this"
    set_role(olga, "Max", "admin", see_emails=True)
    press(olga, person(olga, "Max"), "Remove Max")

    assert place(app, "max@example.org") is None
    assert max_.client.get(PEOPLE).status_code == HTTPStatus.NOT_FOUND
    with app.app_context():
        lines = [
            (line.action, line.subject, line.before, line.after)
            for line in db.session.scalars(select(models.Entry))
        ]
    assert lines == [
        (
            "person changed",
            "Max",
            {"role": "moderator", "see_emails": False},
            {"role": "admin", "see_emails": True},
        ),
        ("person removed", "Max", {"role": "admin"}, {}),
    ]


def test_a_site_keeps_an_owner(desk: OpenDesk, app: Flask) -> None:
    olga = desk("Olga")
    why = "Olga is the only owner of this site."

    assert why in words(olga, set_role(olga, "Olga", "viewer"))
    assert why in words(olga, press(olga, person(olga, "Olga"), "Remove Olga"))
    for command in ("remove", "add"):  # a moderator, if no role is said
        words_ = [command, "olga@example.org", "--site", "news"]
        told = app.test_cli_runner().invoke(commands, words_)
        assert (told.exit_code, why in told.output) == (1, True)
    assert place(app, "olga@example.org").role is Role.owner  # type: ignore[union-attr]

    set_role(olga, "Max", "owner")
    assert "Olga is viewer here" in words(olga, set_role(olga, "Olga", "viewer"))
    assert olga.client.get(PEOPLE).status_code == HTTPStatus.FORBIDDEN
    told = app.test_cli_runner().invoke(commands, ["remove", "olga@example.org", "--site", "news"])
    assert "has no place at news any more" in told.output
    assert place(app, "olga@example.org") is None


@whatever_the_database
def test_an_open_desk_that_was_left_alone_changes_nobody(desk: OpenDesk, app: Flask) -> None:
    olga = desk("Olga")
    (form,) = person(olga, "Max").xpath(".//form[@class='role']")
    form.fields["role"] = "owner"
    with olga.client.session_transaction(path="/desk") as session:
        session["fs_paa"] -= 3600
        session.pop("fs_gexp")  # so long ago

    answer = submit(olga, form)

    assert path_of(answer.location) == f"/desk/verify?next={PEOPLE}"
    assert place(app, "max@example.org").role is Role.moderator  # type: ignore[union-attr]


@pytest.mark.parametrize("role", ["admin", "moderator", "viewer"])
@whatever_the_database
def test_nobody_but_an_owner_changes_people(
    desk: OpenDesk, app: Flask, role: str, backstage: Backstage
) -> None:
    with app.app_context(), writing():
        max_ = people.find("max@example.org")
        assert max_ is not None
        max_.memberships[0].role = Role(role)
        olga_place = people.find("olga@example.org").memberships[0].id  # type: ignore[union-attr]
        own_place = max_.memberships[0].id
        db.session.commit()
    browser = desk("Max")
    csrf = token(browser)

    for one, act in ((olga_place, "/remove"), (olga_place, ""), (own_place, "")):
        answer = browser.client.post(f"{PEOPLE}/{one}{act}", data={"role": "owner"} | csrf)
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert place(app, "olga@example.org").role is Role.owner  # type: ignore[union-attr]


# -------------------------------------------------------------------------------------- neighbours

# What else an address names: nothing of a site (a view, a file), or a signed key to one thing.
OPEN = {"status", "filename", "token"}


class Things:
    """What there is at the site `news`: by the name that addresses of the desk have for it."""

    def __init__(self, app: Flask, ann: Reader, backstage: Backstage) -> None:
        self.app, self.ann, self.backstage = app, ann, backstage
        self.said = 0

    def some(self, name: str) -> str | int:
        """A new one. Fails for a name that nobody has thought of here."""
        make: Callable[[], str | int] = getattr(self, f"_{name}")
        return make()

    def _key(self) -> str:
        return "news"

    def _figure(self) -> str:
        return "calibration"

    def _name(self) -> str:
        return "received"

    def _comment_id(self) -> int:
        self.said += 1
        comment_id = self.ann.say(f"Word number {self.said}, and http://a.example http://b.example")
        self.backstage.screen(comment_id)
        return comment_id

    def _thread_id(self) -> int:
        return self.backstage.comment(self._comment_id()).thread_id

    def _decision_id(self) -> int:
        self.backstage.move(comment_id := self._comment_id(), Move.approve)
        with self.app.app_context():
            decided = select(models.Decision.id).where(models.Decision.comment_id == comment_id)
            return max(db.session.scalars(decided))

    def _reference(self) -> str:
        with self.app.app_context():
            comment = db.session.get_one(models.Comment, self._comment_id())
            return authors.reference(comment)

    def _batch_id(self) -> int:
        return self._row(
            models.Batch, moderator_id=self._olga(), move=Move.trash,
            together=models.Together.selection, finished_at=now(),
        )  # fmt: skip

    def _filter_id(self) -> int:
        return self._row(
            models.SavedFilter,
            site_id=None,
            moderator_id=self._olga(),
            name="Links",
            query="q=link",
        )

    def _note_id(self) -> int:
        return self._row(models.AuthorNote, author="key:x", text="Kind.", moderator_id=self._olga())

    def _revision_id(self) -> int:
        return self._row(
            models.Revision, comment_id=self._comment_id(), body="Before.", body_html="<p>Before."
        )

    def _rule_id(self) -> int:
        return self._row(
            models.Rule, match=models.Match.domain, pattern="a.example", effect=models.Effect.hold
        )

    def _text_id(self) -> int:
        return self._row(models.Canned, kind=models.CannedKind.reply, title="Hello", text="Hello.")

    def _webhook_id(self) -> int:
        return self._row(
            models.Webhook, name="Room", url="https://127.0.0.1:9/x", dialect=models.Dialect.slack
        )

    def _invitation_id(self) -> int:
        return self._row(models.Invitation, email="mia@example.org", role=Role.viewer)

    def _place_id(self) -> int:
        member = place(self.app, "max@example.org")
        assert member is not None
        return member.id

    def _session_id(self) -> int:
        return self._row(
            models.DeskSession, site_id=None, moderator_id=self._olga(), token_hash=f"{now()}"
        )

    def _olga(self) -> int:
        with self.app.app_context():
            return people.find("olga@example.org").id  # type: ignore[union-attr]

    def _row(self, model: type[Base], **known: object) -> int:
        with self.app.app_context(), writing():
            news = db.session.scalars(select(models.Site).where(models.Site.key == "news")).one()
            of_site = {"site_id": known.pop("site_id", news.id)}
            row = model(**known, **{name: one for name, one in of_site.items() if one})
            db.session.add(row)
            db.session.commit()
            row_id: int = row.id  # type: ignore[attr-defined]
            return row_id


@pytest.fixture
def things(app: Flask, ann: Reader, backstage: Backstage) -> Things:
    """What there is at `news`."""
    return Things(app, ann, backstage)


def requests(app: Flask) -> list[tuple[Route, str]]:
    """Every address of the desk that names something, with each method."""
    return [
        (route, method)
        for route in app.url_map.iter_rules()
        if route.rule.startswith("/desk/") and route.arguments - OPEN
        for method in sorted(route.methods or ())
        if method in {"GET", "POST"}
    ]


# What is asked is the gate, and that is the same on every database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("name", "is_hers"), [("Nina", False), ("Olga", True)])
def test_who_moderates_one_site_finds_nothing_of_another(
    desk: OpenDesk, app: Flask, things: Things, name: str, is_hers: bool
) -> None:
    answers = ask_all(app, desk(name), things)
    assert len(answers) > 30
    wrong = {
        request: status
        for request, status in answers.items()
        if (status == HTTPStatus.NOT_FOUND) is is_hers
    }
    assert not wrong


# What is nobody's but somebody's own.
OWN = {"filter_id", "session_id"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_viewer_changes_nothing_and_is_told_so(
    desk: OpenDesk, app: Flask, things: Things
) -> None:
    with app.app_context(), writing():
        news = db.session.scalars(select(models.Site).where(models.Site.key == "news")).one()
        people.add(news, email="vera@example.org", password=PASSWORD, role=Role.viewer)
        db.session.commit()
    answers = ask_all(app, desk("Vera"), things, leave_out=OWN)
    pressed = {status for request, status in answers.items() if request.startswith("POST")}
    looked = {status for request, status in answers.items() if request.startswith("GET")}
    assert pressed == {HTTPStatus.FORBIDDEN}, answers
    assert looked == {HTTPStatus.OK, HTTPStatus.FORBIDDEN}, answers


def ask_all(
    app: Flask, someone: Desk, things: Things, leave_out: Collection[str] = ()
) -> dict[str, int]:
    """What somebody is answered at every address of the desk that names something of `news`."""
    # As much as any form needs to be understood.
    form = {"site": "news", "move": "approve", "into": things.some("thread_id")} | token(someone)
    answers = {}
    # What takes a place away comes last.
    for route, method in sorted(requests(app), key=lambda one: one[0].rule.endswith("remove")):
        if route.arguments & set(leave_out):
            continue
        values = {argument: things.some(argument) for argument in route.arguments}
        adapter = app.url_map.bind("localhost")
        answer = someone.client.open(
            adapter.build(route.endpoint, values, method=method),
            method=method,
            query_string={"site": "news"},
            data=form if method == "POST" else None,
        )
        answers[f"{method} {route.rule}"] = answer.status_code
    return answers


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # as above
def test_who_sees_no_addresses_is_shown_none_anywhere(
    desk: OpenDesk, app: Flask, things: Things
) -> None:
    olga, max_ = desk("Olga"), desk("Max")
    held = things.some("comment_id")
    for match in ("email", "domain"):  # there are rules on what must not be seen
        rule = {"match": match, "comment": held, "effect": "hold", "period": "week", "step": "add"}
        olga.client.post("/desk/sites/news/bans", data=rule | token(olga))
    things.some("comment_id")
    assert "ann@example.org" in olga.client.get("/desk/pending/").text

    form = {"site": "news", "move": "approve", "into": things.some("thread_id")} | token(max_)
    addresses = app.url_map.bind("localhost")
    showing = []
    for route in app.url_map.iter_rules():
        names = route.arguments
        if not route.rule.startswith("/desk/") or "token" in names or "security" in route.endpoint:
            continue
        values = {name: "spam" if name in OPEN else things.some(name) for name in names}
        for method in {"GET", "POST"}.intersection(route.methods or ()):
            answer = max_.client.open(
                addresses.build(route.endpoint, values, method=method),
                method=method,
                query_string={"site": "news", "q": "status:any"},
                data=form if method == "POST" else None,
            )
            if "ann@" in answer.text or "a…@" in answer.text:
                showing.append(f"{method} {route.rule}")

    assert not showing


def test_who_sees_no_addresses_finds_none_by_trying(
    desk: OpenDesk, ann: Reader, backstage: Backstage
) -> None:
    backstage.screen(ann.say("http://a.example http://b.example"))
    olga, max_ = desk("Olga"), desk("Max")
    for together, pattern in (("email", "ann@example.org"), ("domain", "example.org")):
        form = {"together": together, "pattern": pattern, "move": "approve", "expected": "pending"}
        json = {"Accept": "application/json"}
        tried = max_.client.post("/desk/batches", data=form | token(max_), headers=json)
        assert tried.status_code == HTTPStatus.CONFLICT
        assert "Nothing was selected" in tried.text
        found = olga.client.post("/desk/batches", data=form | token(olga), headers=json)
        assert found.status_code == HTTPStatus.OK
        undo = olga.client.post(found.json["undo"], data=token(olga))  # type: ignore[index]
        assert undo.status_code == HTTPStatus.SEE_OTHER
