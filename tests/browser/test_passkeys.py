"""Passkeys, with an authenticator that the browser plays: made, used to sign in, taken away."""

from collections.abc import Callable

import pytest
from passlib.totp import TOTP  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser.conftest import Scene, Visit
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Picture = Callable[[Page, str], None]


def test_a_passkey_is_made_signs_in_without_a_password_and_is_taken_away(
    scene: Scene, visit: Visit, picture: Picture
) -> None:
    # Browsers keep passkeys for names alone.
    desk = scene.service.replace("127.0.0.1", "localhost")
    page = visit(f"{desk}/desk/login?next=/desk/passkeys")
    strange: list[str] = []
    page.on("console", lambda said: strange.append(said.text) if said.type == "error" else None)
    authenticator = Authenticator(page)
    type_password(page)

    page.get_by_label("What you call it").fill("my phone")
    picture(page, "passkey-new")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("The passkey “my phone” works from now on.")).to_be_visible()
    expect(page.get_by_text("Passkey “my phone”", exact=True)).to_be_visible()
    picture(page, "account-with-passkey")

    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{desk}/desk/login?next=/desk/account/")
    picture(page, "sign-in")
    use_passkey(page)
    expect(page.get_by_text("last used just now")).to_be_visible()

    ask_for_codes(page, desk)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{desk}/desk/login?next=/desk/account/")
    type_password(page)
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    use_passkey(page)
    expect(page.get_by_text("last used just now")).to_be_visible()

    authenticator.recognises(its_owner=False)
    page.goto(f"{desk}/desk/verify?next=/desk/recovery-codes")
    page.get_by_role("button", name="Use a passkey").click()
    # Until its style has come, a page shows what is hidden, too: the attribute tells the truth.
    expect(page.locator("[data-failed]:not([hidden])")).to_contain_text("was called off")
    authenticator.recognises(its_owner=True)
    # By the keyboard: the answer leads on before a click has ended, and a locator whose page
    # went away under it looks for its button once more, in vain.
    page.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    page.goto(f"{desk}/desk/account/")
    page.get_by_role("button", name="Remove the passkey my phone").click()
    expect(page.get_by_text("The passkey “my phone” is removed.")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    use_passkey(page)
    expect(page.get_by_role("alert")).to_contain_text("No account knows this passkey.")
    assert not strange, "the policy against foreign code stood"


def use_passkey(page: Page) -> None:
    """Sign in by it."""
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()


def type_password(page: Page) -> None:
    """Fill in the form for signing in."""
    page.get_by_label("Email").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def ask_for_codes(page: Page, desk: str) -> None:
    """Set up an app as the second factor."""
    page.goto(f"{desk}/desk/second")
    page.get_by_role("button", name="Set it up").click()
    key = page.locator("p.key code").inner_text().replace("-", "").replace(" ", "")
    page.get_by_label("Code").fill(TOTP(key=key, format="base32").generate().token)
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("Signing in takes a code as well now.")).to_be_visible()


class Authenticator:
    """Holds passkeys for a page, and recognises its owner, or does not."""

    def __init__(self, page: Page) -> None:
        self.devices = page.context.new_cdp_session(page)
        self.devices.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = made["authenticatorId"]

    def recognises(self, *, its_owner: bool) -> None:
        """Does the finger fit from now on?"""
        self.devices.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.id, "isUserVerified": its_owner},
        )
