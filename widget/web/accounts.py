"""Moderators' accounts: Flask-Security, told where things are in this house."""

import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from flask import Flask, Response, abort, after_this_request, redirect, request, session, url_for
from flask_security import (
    Security,
    SQLAlchemyUserDatastore,
    auth_required,
    current_user,
    password_changed,
    password_reset,
    reset_password_instructions_sent,
    url_for_security,
    views,
)
from flask_security.recovery_codes import mf_recovery
from flask_security.tf_plugin import tf_clean_session
from flask_security.webauthn import webauthn_delete, webauthn_signin
from werkzeug.wrappers import Response as WerkzeugResponse

from widget import jobs
from widget.config import Settings
from widget.db import db, now
from widget.models import Moderator, Passkey, SecurityRole
from widget.moderation.people import MIN_PASSWORD
from widget.notify import accounts as letters
from widget.web import factors, limits, sessions

# How long after the password was typed it is not asked for again before something grave.
_FRESH = timedelta(minutes=15)
# Whoever finds a desk that somebody left open must not stay.
freshly_signed_in = auth_required("session", within=lambda: _FRESH, grace=lambda: _FRESH)


def _was_refused(response: Response) -> bool:
    """A right password is answered by a redirect; whatever else comes back counts as a guess.

    Not only the form shown again: so does whatever else was refused.
    """
    return response.status_code != HTTPStatus.FOUND


def _whose_code() -> str:
    return str(session.get("tf_user_id", "nobody’s"))


# Only refused passwords count, because everyone in an office may share one network address.
_guess = limits.limiter.shared_limit(
    "10 per minute;60 per hour", scope="password", methods=["POST"], deduct_when=_was_refused
)
# Whoever guesses codes from many addresses knows the password already.
_guess_code = limits.limiter.shared_limit(
    "10 per minute;30 per hour",
    scope="code",
    key_func=_whose_code,
    methods=["POST"],
    deduct_when=_was_refused,
)
_ask_for_mail = limits.limiter.shared_limit(
    "5 per minute;20 per hour", scope="forgotten password", methods=["POST"]
)
_GUARDED = {
    "security.login": _guess(views.login),
    "security.change_password": _guess(views.change_password),
    "security.verify": _guess(views.verify),
    "security.two_factor_token_validation": _guess_code(_guess(views.two_factor_token_validation)),
    "security.mf_recovery": _guess_code(_guess(mf_recovery)),
    "security.forgot_password": _ask_for_mail(views.forgot_password),
}


def init_app(app: Flask, settings: Settings) -> None:
    """Sign-in under /desk/, passwords by Argon2; nothing that keeps an address or a device."""
    app.session_interface = sessions.DeskSessions()
    app.config.update(PASSWORDS | _FACTORS | _WORDS)
    app.config["SECURITY_TOTP_SECRETS"] = factors.secrets_of_apps(settings)
    # Flask-Security signs with it at start; `widget doctor` says what is missing before that.
    app.config["SECRET_KEY"] = settings.secret_key or uuid.uuid4().hex
    security = Security(
        app,
        SQLAlchemyUserDatastore(db, Moderator, SecurityRole, Passkey),
        totp_cls=factors.Authenticator,
        mf_recovery_codes_util_cls=factors.RecoveryCodes,
        webauthn_util_cls=factors.Passkeys,
        two_factor_setup_form=factors.SetUp,
        two_factor_rescue_form=factors.Lost,
        wan_register_form=factors.NewPasskey,
    )
    security.unauthn_handler(_ask_to_sign_in)
    security.want_json(lambda _request: False)
    app.view_functions.update(_GUARDED)
    # It would offer to ask us by mail; a code on paper is what helps.
    app.view_functions["security.two_factor_rescue"] = _lost
    app.view_functions["security.wan_delete"] = _remove_passkey
    app.view_functions["security.wan_signin"] = _sign_in_by_passkey
    app.before_request(_only_forms)
    factors.init_app(app)
    sessions.init_app(app)
    # They know their listeners: the same one twice is one.
    reset_password_instructions_sent.connect(_send_reset)
    password_changed.connect(_tell_of_change)
    password_reset.connect(_tell_of_change)


PASSWORDS: dict[str, Any] = {
    "SECURITY_URL_PREFIX": "/desk",
    "SECURITY_PASSWORD_HASH": "argon2",
    # Argon2 salts by itself. A second hash, keyed by our secret, would lock everybody out when
    # that is changed.
    "SECURITY_PASSWORD_SINGLE_HASH": True,
    "SECURITY_PASSWORD_LENGTH_MIN": MIN_PASSWORD,
    "SECURITY_API_ENABLED_METHODS": ["session"],  # no tokens that no list of sessions knows
    "SECURITY_DATETIME_FACTORY": now,
    "SECURITY_POST_LOGIN_VIEW": "/desk/",
    "SECURITY_POST_LOGOUT_VIEW": "/desk/login",
    "SECURITY_LOGIN_USER_TEMPLATE": "desk/login.html",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_CHANGEABLE": True,
    "SECURITY_CHANGE_URL": "/password",
    "SECURITY_CHANGE_PASSWORD_TEMPLATE": "desk/password.html",
    "SECURITY_POST_CHANGE_VIEW": "/desk/",
    "SECURITY_RECOVERABLE": True,
    # What a link for a new password costs to make must be what an unknown address costs: else the
    # time that the answer takes says who has an account.
    "SECURITY_HASHING_SCHEMES": ["argon2"],
    "SECURITY_DEPRECATED_HASHING_SCHEMES": [],
    "SECURITY_RESET_URL": "/forgot",
    "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=letters.RESET_HOURS),
    "SECURITY_FORGOT_PASSWORD_TEMPLATE": "desk/forgot.html",
    "SECURITY_RESET_PASSWORD_TEMPLATE": "desk/reset.html",
    # Our own mails say it, through the outbox: nobody waits for a mail server.
    "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    "SECURITY_SEND_PASSWORD_RESET_EMAIL": False,
    "SECURITY_SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
    "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
    "SECURITY_UNAUTHORIZED_VIEW": None,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_FLASH_MESSAGES": True,
    "SECURITY_FRESHNESS": _FRESH,
    "SECURITY_FRESHNESS_GRACE_PERIOD": _FRESH,
    "SECURITY_VERIFY_TEMPLATE": "desk/verify.html",
    "SECURITY_POST_VERIFY_VIEW": "/desk/account/",
}
_FACTORS: dict[str, Any] = {
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    # A code counts for its half minute, the one before and the one after: clocks differ.
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TOTP_ISSUER": "Comments desk",
    "SECURITY_TWO_FACTOR_SETUP_URL": "/second",
    "SECURITY_TWO_FACTOR_SETUP_TEMPLATE": "desk/second.html",
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/desk/account/",
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/second/code",
    "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "desk/second_code.html",
    "SECURITY_TWO_FACTOR_RESCUE_URL": "/second/lost",
    "SECURITY_TWO_FACTOR_SELECT_URL": "/second/which",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "desk/recovery_codes.html",
    "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/recovery",
    "SECURITY_MULTI_FACTOR_RECOVERY_TEMPLATE": "desk/recovery.html",
    "SECURITY_WEBAUTHN": True,
    "SECURITY_WAN_RP_NAME": "Comments desk",
    # A passkey says by itself whose it is: nobody can ask us who has one.
    "SECURITY_WAN_ALLOW_USER_HINTS": False,
    "SECURITY_WAN_ALLOW_AS_VERIFY": ["first"],
    "SECURITY_WAN_REGISTER_URL": "/passkeys",
    "SECURITY_WAN_REGISTER_TEMPLATE": "desk/passkeys.html",
    "SECURITY_WAN_POST_REGISTER_VIEW": "/desk/account/",
    "SECURITY_WAN_DELETE_URL": "/passkeys/remove",
    "SECURITY_WAN_SIGNIN_URL": "/passkey",
    "SECURITY_WAN_SIGNIN_TEMPLATE": "desk/passkeys_in.html",
    "SECURITY_WAN_VERIFY_URL": "/verify/passkey",
    "SECURITY_WAN_VERIFY_TEMPLATE": "desk/passkeys_verify.html",
}
_WORDS: dict[str, Any] = {
    f"SECURITY_MSG_{name}": said
    for name, said in {
        "GENERIC_AUTHN_FAILED": ("The e-mail address or the password is wrong.", "error"),
        "INVALID_PASSWORD": ("This is not your password.", "error"),
        "PASSWORD_CHANGE": ("Your password is changed.", "done"),
        "PASSWORD_RESET_REQUEST": (
            "If there is an account with this address, a mail with a link is on its way.",
            "done",
        ),
        "PASSWORD_RESET_NO_LOGIN": ("Your new password is set. Please sign in with it.", "done"),
        "PASSWORD_RESET_EXPIRED": (
            "This link is too old. Please ask for a new one here.",
            "error",
        ),
        "INVALID_RESET_PASSWORD_TOKEN": (
            "This link was used already, or is not complete. You can ask for a new one here.",
            "error",
        ),
        "REAUTHENTICATION_REQUIRED": ("Before that: is it still you?", "info"),
        "REAUTHENTICATION_SUCCESSFUL": ("Thank you. You can go on.", "done"),
        "TWO_FACTOR_INVALID_TOKEN": (
            "This code does not fit. Codes change every half minute; please try the next one.",
            "error",
        ),
        "TWO_FACTOR_LOGIN_SUCCESSFUL": ("You are signed in.", "done"),
        "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
            "Signing in takes a code as well now. Please make recovery codes, for a lost phone.",
            "done",
        ),
        "TWO_FACTOR_DISABLED": ("Signing in takes your password alone again.", "done"),
        "TWO_FACTOR_PERMISSION_DENIED": ("Please sign in with your password first.", "error"),
        "TWO_FACTOR_SETUP_EXPIRED": ("That took too long. Please begin again.", "error"),
        "INVALID_RECOVERY_CODE": ("This code was used already, or is none of yours.", "error"),
        "WEBAUTHN_NAME_REQUIRED": ("Please give it a name.", "error"),
        "WEBAUTHN_NAME_INUSE": ("You have a passkey of this name already.", "error"),
        "WEBAUTHN_NAME_NOT_FOUND": ("You have no passkey of this name.", "error"),
        "WEBAUTHN_EXPIRED": ("That took too long. Please try again.", "error"),
        "WEBAUTHN_REGISTER_SUCCESSFUL": ("The passkey “%(name)s” works from now on.", "done"),
        "WEBAUTHN_CREDENTIAL_DELETED": ("The passkey “%(name)s” is removed.", "done"),
        "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (
            "No account knows this passkey. It may have been removed.",
            "error",
        ),
        "WEBAUTHN_NO_VERIFY": ("This passkey could not be checked. Please try again.", "error"),
    }.items()
}


def _only_forms() -> None:
    """Flask-Security would take JSON for a form."""
    if request.blueprint == "security" and request.is_json:
        abort(415)


def _ask_to_sign_in(*_: object, **_known: object) -> WerkzeugResponse:
    """To the sign-in page, and from there to where one wanted to be; a script says it in place."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return Response(status=HTTPStatus.UNAUTHORIZED)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for_security("login", next=wanted))


def _lost() -> WerkzeugResponse:
    return redirect(url_for_security("mf_recovery"))


def _sign_in_by_passkey() -> Any:
    """Also after the password, where a code is asked for: a passkey stands for both."""
    tf_clean_session()  # type: ignore[no-untyped-call]
    return webauthn_signin()


def _remove_passkey() -> WerkzeugResponse:
    """Back to the list; Flask-Security would lead to the page that makes a new one."""
    answer = cast("WerkzeugResponse", webauthn_delete())
    done = answer.location == url_for_security("wan_register")
    return redirect(url_for("account.page")) if done else answer


def _send_reset(_app: Flask, *, user: Moderator, **_known: Any) -> None:
    letters.tell(letters.ToModerators.reset, user)
    db.session.commit()
    jobs.ring()


def _tell_of_change(_app: Flask, *, user: Moderator, **_known: Any) -> None:
    """Whoever's password it is hears of it: it may have been somebody else.

    Flask-Security commits after the request's own work, and only then may the bell ring.
    """
    letters.tell(letters.ToModerators.changed, user)

    @after_this_request
    def ring(response: Response) -> Response:
        jobs.ring()
        return response


def signed_in() -> Moderator:
    """Whoever is signed in to the desk (behind auth_required)."""
    return cast("Moderator", current_user._get_current_object())  # noqa: SLF001
