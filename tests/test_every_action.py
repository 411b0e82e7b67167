"""Every action of the desk leaves a line in the log: a decision, or an entry."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.conftest import HOST, PASSWORD, Backstage, Desk, Reader
from tests.pages import OpenDesk
from widget import config
from widget.db import Base, db, writing
from widget.models import (
    AuthorNote,
    Batch,
    Canned,
    Decision,
    Delivery,
    Entry,
    Invitation,
    Membership,
    Moderator,
    Move,
    Revision,
    Role,
    Rule,
    Site,
    Thread,
    Webhook,
)
from widget.moderation import authors, invitations
from widget.notify import accounts, links

Action = tuple[str, str, dict[str, Any]]
# What changes nothing at any site: one's own account and browser, one's own filters, looking.
NO_SITES_MATTER = {"account", "filters", "live", "security"}
CHANGES_NOTHING = {"rules.simulate", "curating.simulate", "filter.simulate"}
NEWS = "/desk/sites/news"


class World:
    """What there is to act on."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def latest(self, model: type[Base]) -> int:
        """The number of the row that was made last."""
        with self.app.app_context():
            return int(db.session.scalar(select(func.max(model.__table__.c.id))) or 0)

    def lines(self) -> int:
        """How long the log is."""
        with self.app.app_context():
            counts = [select(func.count()).select_from(model) for model in (Decision, Entry)]
            return sum(db.session.scalars(count).one() for count in counts)

    def place_of(self, name: str) -> int:
        """Someone's membership at news."""
        with self.app.app_context():
            of = Membership.moderator.has(name=name)
            return db.session.scalars(select(Membership.id).where(of)).one()


def decisions(world: World, one: int, two: int, three: int) -> Iterator[Action]:
    """What moves comments."""
    yield "deciding.move", f"/desk/comments/{one}/move", {"move": "spam"}
    yield "deciding.undo", f"/desk/decisions/{world.latest(Decision)}/undo", {}
    yield "deciding.move", f"/desk/comments/{one}/move", {"move": "reject", "reason": "Rude."}
    yield "deciding.undo_latest", "/desk/undo", {}
    yield "batches.begin", "/desk/batches", {"ids": [one, two], "move": "trash"}
    yield "batches.undo", f"/desk/batches/{world.latest(Batch)}/undo", {}
    yield "deciding.move", f"/desk/comments/{three}/move", {"move": "trash"}
    yield "batches.empty", "/desk/trash/empty", {"ids": [three], "sure": "1"}
    with world.app.app_context():
        olga = db.session.scalars(select(Moderator.id).where(Moderator.name == "Olga")).one()
        mailed = links.MailedMove(moderator_id=olga, comment_id=one, move=Move.approve)
        token = links.sign(config.current(), mailed)
    yield "mailed.act", f"/desk/decide/{token}", {}


def comments(world: World, one: int, two: int) -> Iterator[Action]:
    """What else is done with a comment; the first is public."""
    yield "curating.pin", f"/desk/comments/{one}/pin", {"pinned": "1"}
    yield "curating.badge", f"/desk/comments/{one}/badge", {"badge": "author"}
    yield "curating.keep", f"/desk/comments/{one}/keep", {}
    words = {"body": "In other words.", "author": "Ann", "website": ""}
    yield "editing.save", f"/desk/comments/{one}/edit", words
    yield "editing.restore", f"/desk/revisions/{world.latest(Revision)}/restore", {}
    reply = {"body": "Thank you.", "nonce": "0123456789"}
    yield "editing.send", f"/desk/comments/{two}/reply", reply


def authors_and_rules(world: World, reference: str, one: int) -> Iterator[Action]:
    """What is known of authors, and what is done about them; the house rules."""
    yield "authors.note", f"/desk/authors/{reference}/notes?site=news", {"text": "Knows the law."}
    yield "authors.remove", f"/desk/notes/{world.latest(AuthorNote)}/remove", {}
    ban = {"match": "key", "comment": str(one), "effect": "spam", "period": "week", "step": "add"}
    yield "bans.add", f"{NEWS}/bans", ban
    yield "bans.end", f"{NEWS}/bans/{world.latest(Rule)}/end", {}
    yield "rules.save", f"{NEWS}/rules", {"hold_links": "7"}
    text = {"kind": "reason", "title": "Rude", "text": "Please stay polite."}
    yield "texts.add", f"{NEWS}/texts", text
    changed = {**text, "text": "Please be kind."}
    yield "texts.change", f"{NEWS}/texts/{world.latest(Canned)}", changed
    yield "texts.remove", f"{NEWS}/texts/{world.latest(Canned)}/remove", {}


def threads(world: World, other: int) -> Iterator[Action]:
    """What is done with a thread."""
    with world.app.app_context():
        first = f"/desk/threads/{db.session.scalars(select(func.min(Thread.id))).one()}"
    yield "curating.settle", first, {"notice": "Be kind.", "hold": "all"}
    yield "curating.close", f"{first}/close", {"closed": "1"}
    yield "threads.move", f"{first}/move", {"page": f"{HOST}/moved"}
    yield "threads.merge", f"{first}/merge", {"into": other}


def people(world: World) -> Iterator[Action]:
    """Who may do what, and who is told."""
    place = world.place_of("Max")
    yield "people.change", f"{NEWS}/people/{place}", {"role": "admin", "see_emails": "1"}
    yield "people.remove", f"{NEWS}/people/{place}/remove", {}
    asked = {"email": "ida@example.org", "role": "viewer"}
    yield "people.invite", f"{NEWS}/invitations", asked
    invitation = f"{NEWS}/invitations/{world.latest(Invitation)}"
    yield "people.send_again", f"{invitation}/again", {}
    yield "people.withdraw", f"{invitation}/withdraw", {}
    with world.app.app_context():
        site_id = db.session.get_one(Invitation, world.latest(Invitation)).site_id
    yield "telling.choose", "/desk/account/telling", {f"telling-{site_id}": "hourly"}


def rooms(world: World) -> Iterator[Action]:
    """Chat rooms."""
    room = {
        "name": "Newsroom", "url": "https://chat.example.org/hook", "dialect": "slack",
        "telling": "daily",
    }  # fmt: skip
    yield "webhooks.add", f"{NEWS}/webhooks", room
    known = f"{NEWS}/webhooks/{world.latest(Webhook)}"
    yield "webhooks.change", known, {**room, "name": "Night desk"}
    yield "webhooks.test", f"{known}/test", {}
    yield "webhooks.remove", f"{known}/remove", {}


def spam_filter() -> Iterator[Action]:
    """What the filter is told, and the shields."""
    yield "filter.save", f"{NEWS}/filter", {"how": "automatic"}
    yield "filter.raise_or_lower", f"{NEWS}/filter/shields", {"shields": "up"}
    yield "filter.learn", f"{NEWS}/filter/learn", {}
    yield "filter.forget", f"{NEWS}/filter/forget", {"sure": "1"}


def invited(world: World) -> Action:
    """Someone opens the link in the mail, and comes in."""
    with world.app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        olga = db.session.scalars(select(Moderator).where(Moderator.name == "Olga")).one()
        invitations.invite(site, email="ivo@example.org", role=Role.viewer, by=olga)
        db.session.commit()
        mail = accounts.compose(
            config.current(), db.session.get_one(Delivery, world.latest(Delivery))
        )
    body = mail.get_body(("plain",))
    assert body is not None
    link = re.search(r"/desk/invitations/\S+", body.get_content())
    assert link is not None
    return "invited.accept", link[0], {"name": "Ivo", "password": PASSWORD, "from": link[0]}


def test_every_action_leaves_a_line(
    app: Flask, ann: Reader, bob: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    one, two, three = ann.say(), bob.say("Page 31 too."), bob.say("And page 32.")
    backstage.screen(one, two, three)
    bob.page = f"{HOST}/another"
    bob.say("Elsewhere.", url=bob.page)
    world, olga = World(app), desk("Olga")
    other = world.latest(Thread)
    with app.app_context():
        reference = authors.reference(backstage.comment(one))
    acted = {
        endpoint
        for story in (
            decisions(world, one, two, three),
            comments(world, one, two),
            authors_and_rules(world, reference, one),
            threads(world, other),
            people(world),
            rooms(world),
            spam_filter(),
        )
        for endpoint in (act(world, olga, action) for action in story)
    }
    acted.add(act(world, Desk(app.test_client()), invited(world)))
    # A new action needs a line in the log, and a place in one of the stories above.
    assert actions_of(app) == acted


def act(world: World, desk: Desk, action: Action) -> str:
    """Do it; the log is longer then."""
    endpoint, address, form = action
    before = world.lines()
    token = desk.csrf(form.get("from", "/desk/password"))
    answer = desk.client.post(address, data={**form, "csrf_token": token})
    assert answer.status_code < 400, f"{endpoint}: {answer.status}\n{answer.text}"
    assert world.app.url_map.bind("").match(address.partition("?")[0], "POST")[0] == endpoint
    assert world.lines() > before, f"{endpoint} left no line"
    return endpoint


def actions_of(app: Flask) -> set[str]:
    """Every endpoint of the desk that may change something at a site."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/desk") and "POST" in (rule.methods or ())
        if rule.endpoint.partition(".")[0] not in NO_SITES_MATTER
    } - CHANGES_NOTHING
