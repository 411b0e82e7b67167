"""What proves who someone is beside a password: codes of an app, recovery codes, passkeys."""

import base64
import hashlib
import hmac
from typing import Any, cast

from flask import Flask, request
from flask_security import (
    MfRecoveryCodesUtil,
    Totp,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
    UserMixin,
    WebAuthnRegisterForm,
    WebauthnUtil,
)
from flask_security.proxies import _security
from passlib.totp import TOTP, AppWallet  # type: ignore[import-untyped]
from sqlalchemy import select
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from wtforms import RadioField, StringField

from widget import config, queue
from widget.db import db
from widget.models import Moderator

_CODES = 10
# For longer than a code fits.
_CODE_SECONDS = 120


class Authenticator(Totp):
    """Codes of an app. Its secrets are stored encrypted, under the key the service signs with."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        """`secrets` by the tag that is stored with what they encrypted; the first encrypts."""
        wallet = AppWallet(secrets=secrets, default_tag=next(iter(secrets)))
        self._totp = TOTP.using(issuer=issuer, wallet=wallet)

    def verify_totp(self, token: str, totp_secret: str, user: UserMixin, window: int = 0) -> bool:
        """Does the code fit, for the first time? Who looked over a shoulder comes too late."""
        if not super().verify_totp(token, totp_secret, user, window):
            return False
        known = cast("Moderator", user)
        name = f"widget:code:{known.id}:{''.join(filter(str.isdigit, token))}"
        return queue.ask(
            lambda redis: bool(redis.set(name, 1, nx=True, ex=_CODE_SECONDS)), otherwise=True
        )


class RecoveryCodes(MfRecoveryCodesUtil):
    """Codes on paper, for when the phone is lost: shown once, kept as hashes, each good once."""

    def create_recovery_codes(self, user: UserMixin) -> list[str]:
        """New ones; earlier ones count no more."""
        codes: list[str] = _security.totp_factory.generate_recovery_codes(_CODES)
        _security.datastore.mf_set_recovery_codes(user, [_hashes(code)[0] for code in codes])
        return codes

    def get_recovery_codes(self, user: UserMixin) -> list[str]:
        """Nobody can see them again, whoever sits at an open desk."""
        return []

    def check_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Is it one of those that were not used yet?"""
        # Whoever sends the same code in the same moment waits here, and finds it used.
        known = cast("Moderator", user)
        db.session.execute(
            select(Moderator.id).where(Moderator.id == known.id).with_for_update(key_share=True)
        )
        db.session.refresh(known, ["mf_recovery_codes"])
        return _place_of(user, code) is not None

    def delete_recovery_code(self, user: UserMixin, code: str) -> bool:
        """It was used."""
        place = _place_of(user, code)
        if place is None:
            return False
        is_gone: bool = _security.datastore.mf_delete_recovery_code(user, place)
        return is_gone


class Passkeys(WebauthnUtil):
    """Any passkey will do: of this device, a phone or a stick, if it asks who holds it.

    One that does stands for password and second factor at once.
    """

    def authenticator_selection(
        self, user: UserMixin, usage: str
    ) -> AuthenticatorSelectionCriteria:
        """What a new passkey must be able to do."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(
        self, user: UserMixin | None, usage: list[str]
    ) -> UserVerificationRequirement:
        """What is asked of it at sign-in."""
        return UserVerificationRequirement.REQUIRED


class SetUp(TwoFactorSetupForm):
    """There is one kind of second factor to choose; what else is sent is refused as no choice."""

    setup = StringField()  # type: ignore[assignment]


class NewPasskey(WebAuthnRegisterForm):
    """Each stands for password and second factor at once; there is nothing to choose."""

    usage = StringField(filters=[lambda _sent: "first"])  # type: ignore[assignment]


class Lost(TwoFactorRescueForm):
    """Nobody is asked by mail: there is a page of its own for what helps, a recovery code."""

    help_setup = RadioField(choices=[])


def secrets_of_apps(settings: config.Settings) -> dict[str, str]:
    """What encrypts the apps' secrets: a key for each of ours, the one in force first."""
    return {
        _derived(key, "tag of a second factor").hex()[:16]: base64.b64encode(
            _derived(key, "second factor")
        ).decode()
        for key in _keys(settings)
    }


def is_named_by_number() -> bool:
    """Browsers keep passkeys for a name alone, never for a network address."""
    return request.host.split(":")[0].replace(".", "").isdigit() or request.host.startswith("[")


def init_app(app: Flask) -> None:
    """Tell the pages."""
    app.add_template_global(is_named_by_number)


def _place_of(user: Any, code: str) -> int | None:
    kept: list[str] = (user.mf_recovery_codes if isinstance(user, Moderator) else None) or []
    hashes = _hashes(code)
    return next((place for place, each in enumerate(kept) if each in hashes), None)


def _hashes(code: str) -> list[str]:
    """What may be kept of a code, however it is typed: under the key in force, then earlier ones.

    A keyed hash is enough, for the codes are random: there is no word among them to try.
    """
    plain = "".join(filter(str.isalnum, code.lower())).encode()
    return [
        hmac.new(_derived(key, "recovery code"), plain, hashlib.sha256).hexdigest()
        for key in _keys(config.current())
    ]


def _keys(settings: config.Settings) -> list[str]:
    return [settings.secret_key, *settings.secret_key_fallbacks]


def _derived(key: str, purpose: str) -> bytes:
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).digest()
