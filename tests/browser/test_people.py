"""The pages of accounts and people: for everyone, narrow and wide, and without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import Scene, Visit
from tests.browser.test_everyone import Judge
from tests.conftest import PASSWORD
from widget.db import db
from widget.models import Invitation
from widget.notify import accounts

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Picture = Callable[[Page, str], None]


def sign_in(page: Page, name: str = "olga") -> None:
    """Fill in the form."""
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def invitation_of(scene: Scene, email: str) -> str:
    """Where the mail of an invitation leads."""
    with scene.app.app_context():
        row = db.session.scalars(select(Invitation).where(Invitation.email == email)).one()
        token = accounts._signer(scene.app.extensions["settings"]).dumps(row.id)
        return f"{scene.service}/desk/invitations/{token}"


def test_what_comes_after_a_button_is_for_everyone(
    scene: Scene, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{scene.service}/desk/login?next=/desk/account/")
    judge = Judge(page, picture)
    sign_in(page)
    page.goto(f"{scene.service}/desk/sites/news/people")
    page.get_by_label("Email").fill("mia.with.a.rather.long.address@example.org")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("status")).to_contain_text("A mail is on its way")
    page.goto(f"{scene.service}/desk/second")
    page.get_by_role("button", name="Set it up").click()
    judge.look("second-scan", for_fingers=False)
    page.goto(invitation_of(scene, "mia.with.a.rather.long.address@example.org"))
    expect(page.get_by_role("alert")).to_contain_text("you are signed in as olga@example.org")
    judge.look("invitation-of-another", for_fingers=False)

    assert not judge.faults, "\n".join(judge.faults)


def test_without_scripts_someone_invited_gets_in_and_is_given_a_role(
    scene: Scene, visit: Visit
) -> None:
    olga = visit(f"{scene.service}/desk/login", java_script_enabled=False)
    sign_in(olga)
    olga.goto(f"{scene.service}/desk/sites/news/people")
    olga.get_by_label("Email").fill("mia@example.org")
    olga.get_by_role("button", name="Send the invitation").click()

    mia = visit(invitation_of(scene, "mia@example.org"), java_script_enabled=False)
    mia.get_by_label("Your name").fill("Mia")
    mia.get_by_label("Password").fill(PASSWORD)
    mia.get_by_role("button", name="Accept").click()
    expect(mia.get_by_text("You have a place at Norwalk News now.")).to_be_visible()

    olga.reload()
    olga.get_by_label("What Mia may do").select_option("viewer")
    olga.get_by_role("button", name="Save Mia").click()
    expect(olga.get_by_text("Mia is viewer here")).to_be_visible()
