"""Every setting: its type, its default and one line of why.

A setting is read from the environment (`WIDGET_` and its name in capitals), then from the file
that `WIDGET_ENV_FILE` names, then from a file of its own in `WIDGET_SECRETS_DIR` (as Compose and
Kubernetes mount secrets). `load()` reports every fault at once.
"""

import json
import os
import re
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Self, cast

from flask import current_app
from limits import parse_many
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "WIDGET_"
# Read by load() itself, before there are settings.
_READ_FIRST = {"WIDGET_ENV_FILE", "WIDGET_SECRETS_DIR"}
MIN_SECRET = 32


class ConfigError(Exception):
    """One sentence per faulty setting; shown to the operator as it is."""


def _no_trailing_slash(url: str) -> str:
    if not re.match("https?://[^/]", url):
        raise ValueError("must look like https://comments.example.org")
    return url.rstrip("/")


def _json_list(value: object) -> object:
    """Read here rather than by pydantic-settings, which would stop at the first fault."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be a JSON list, such as ["an earlier key"]') from None


def _like(pattern: str, words: str) -> AfterValidator:
    """Empty, or of this shape."""

    def check(text: str) -> str:
        if text and not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


Port = Annotated[int, Field(ge=1, le=65535)]
WebAddress = Annotated[str, AfterValidator(_no_trailing_slash)]
_HOST = r"https?://([^\s/?#@:]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?"
_BASE64 = r"(whsec_)?([0-9A-Za-z+/]{4}){8,}([0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?"


class Settings(BaseSettings):
    """What is in force; immutable. The descriptions are shown by `widget doctor`."""

    # Compose passes what is not set as an empty text.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    data: Path = Field(Path("var"), description="folder of the embedded parts: database, key, mail")
    port: Port = Field(8000, description="port of the web server")
    host: str = Field("127.0.0.1", description="address the web server listens on")
    demo_port: Port = Field(8001, description="port of the demo host page of `widget up`")
    public_url: WebAddress = Field(
        "http://127.0.0.1:8000", description="where readers and moderators reach this service"
    )
    database_url: str = Field(
        "", description="SQLAlchemy address; empty means SQLite in the data folder"
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Redis or Valkey: the bell and the rate limits"
    )
    secret_key: str = Field(
        "", description="signs tokens and keys hashes; at least 32 characters, kept secret"
    )
    secret_key_fallbacks: Annotated[list[str], NoDecode, BeforeValidator(_json_list)] = Field(
        default_factory=list, description="earlier secret keys whose signatures still count"
    )
    smtp_url: str = Field(
        "", description="smtp://user:password@host:587 or smtps://…; empty writes .eml files"
    )
    mail_from: str = Field("Comments <comments@localhost>", description="sender of every mail")
    owner_email: str = Field("", description="e-mail of the first owner, for `widget up`")
    owner_password: str = Field("", description="password of the first owner, for `widget up`")
    trusted_proxies: Annotated[int, Field(ge=0, le=9)] = Field(
        0, description="reverse proxies in front whose X-Forwarded headers are believed"
    )
    web_workers: Annotated[int, Field(ge=1, le=64)] = Field(1, description="web processes")
    post_limit: str = Field(
        "20 per minute;200 per hour", description="posts accepted from one network address"
    )
    vote_limit: str = Field("60 per minute", description="votes accepted from one network address")
    report_limit: str = Field(
        "10 per minute", description="reports accepted from one network address"
    )
    sweep_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        30, description="how often, and after how long, forgotten work is rung for again"
    )
    hash_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        90, description="days after which the hashes of readers' network addresses are forgotten"
    )
    shared_history: bool = Field(
        default=False,
        description="what is decided on one site also counts on the others, never its words",
    )
    webhooks_to_private: bool = Field(
        default=False,
        description="chat rooms may be in this machine's own network, and without TLS there",
    )
    akismet_key: Annotated[str, _like(r"[0-9A-Za-z]{12}", "must have 12 letters and digits")] = (
        Field("", description="key of Akismet, which is then asked about each comment")
    )
    akismet_email: bool = Field(default=False, description="Akismet is sent e-mail addresses, too")
    akismet_discard: bool = Field(
        default=False, description="what Akismet is certain of goes to spam without a moderator"
    )
    stopforumspam_url: Annotated[
        str, _like(r"https://[^\s/?#@]+/\S+", "must look like https://api.stopforumspam.org/api")
    ] = Field(
        "", description="StopForumSpam’s interface, which is then asked about hashes of e-mails"
    )
    rspamd_url: Annotated[
        str, _like(rf"{_HOST}(/\S*[^\s/])?", "must look like http://10.0.0.7:11333")
    ] = Field("", description="rspamd, which is then asked about each comment")
    rspamd_password: Annotated[str, _like(r"[!-~]+", "must be ASCII without blanks")] = Field(
        "", description="password of rspamd’s controller, which then learns from moderators"
    )
    verdict_url: Annotated[
        str, _like(rf"{_HOST}(/[^\s#]*)?", "must look like https://news.example.org/verdict")
    ] = Field("", description="the publisher’s own service, which is then asked about each comment")
    verdict_secret: Annotated[str, _like(_BASE64, "must be base64 of 24 bytes or more")] = Field(
        "", description="signs what that service is sent: base64 of 24 bytes or more"
    )
    provider_seconds: Annotated[int, Field(ge=1, le=45)] = Field(
        10, description="how long all providers together may take over one comment"
    )
    development: bool = Field(
        default=False,
        description="show mail that was written to files in the desk; keep no script in browsers",
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, given: dict[str, Any]) -> dict[str, Any]:
        """A file of a secret may be empty too, and that `env_ignore_empty` does not know."""
        return {name: value for name, value in given.items() if value != ""}

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, url: str) -> str:
        # Several processes share it, so SQLite needs a file.
        if url and not re.match(r"sqlite:///(?!:memory:)[^?]|postgresql(\+psycopg)?:", url):
            raise ValueError("must begin with postgresql:// or sqlite:/// and a file")
        return url

    @field_validator("redis_url")
    @classmethod
    def _names_a_redis(cls, url: str) -> str:
        if not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return url

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: str) -> str:
        if key and len(key) < MIN_SECRET:
            raise ValueError(f"must have at least {MIN_SECRET} characters")
        return key

    @field_validator("smtp_url")
    @classmethod
    def _names_a_mail_server(cls, url: str) -> str:
        if url and not url.startswith(("smtp://", "smtps://")):
            raise ValueError("must begin with smtp:// or smtps://")
        return url

    @field_validator("mail_from")
    @classmethod
    def _names_a_sender(cls, sender: str) -> str:
        if "@" not in parseaddr(sender)[1]:
            raise ValueError("must be an address, such as Comments <comments@example.org>")
        return sender

    @field_validator("post_limit", "vote_limit", "report_limit")
    @classmethod
    def _names_a_limit(cls, limit: str) -> str:
        try:
            parse_many(limit)
        except ValueError:
            raise ValueError("must look like 20 per minute;200 per hour") from None
        return limit

    @model_validator(mode="after")
    def _hook_is_signed(self) -> Self:
        if self.verdict_url and not self.verdict_secret:
            raise ValueError("WIDGET_VERDICT_SECRET must be set where WIDGET_VERDICT_URL is")
        return self

    @property
    def database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'widget.sqlite3'}"


def load(**overrides: Any) -> Settings:
    """Read and check all settings.

    `overrides` win over the environment (used by `widget up` and by tests).
    Raises ConfigError with one line per fault.
    """
    faults = [fault for name in sorted(os.environ) if (fault := _unknown(name))]
    env_file = os.environ.get("WIDGET_ENV_FILE") or None
    if env_file and not Path(env_file).is_file():
        faults.append(f"WIDGET_ENV_FILE names {env_file}, which is not a file")
    secrets = os.environ.get("WIDGET_SECRETS_DIR") or None
    if secrets and not Path(secrets).is_dir():
        faults.append(f"WIDGET_SECRETS_DIR names {secrets}, which is not a folder")
        secrets = None
    elif secrets and (unusable := list(_faults_of_secrets(Path(secrets)))):
        faults += unusable
        secrets = None  # the other sources are still to be judged
    try:
        settings = Settings(_env_file=env_file, _secrets_dir=secrets, **overrides)
    except ValidationError as error:
        faults += [_in_words(fault) for fault in error.errors()]
    except (OSError, UnicodeError) as error:
        faults.append(f"WIDGET_ENV_FILE names {env_file}, which cannot be read ({error})")
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def current() -> Settings:
    """The settings of the app whose context we are in."""
    return cast("Settings", current_app.extensions["settings"])


def _unknown(name: str) -> str:
    """The fault of a name that looks like a setting's and is none."""
    if not name.startswith(PREFIX) or name in _READ_FIRST:
        return ""
    is_known = name.removeprefix(PREFIX).lower() in Settings.model_fields
    return "" if is_known else f"{name} is not a setting; `widget doctor` lists them all"


def _faults_of_secrets(folder: Path) -> Iterator[str]:
    """What pydantic-settings would pass over, or stop at. Never says what is in a file."""
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        yield f"WIDGET_SECRETS_DIR names {folder}, which cannot be read ({error.strerror})"
        return
    for file in files:
        name = file.name.upper()
        if fault := _unknown(name):
            yield fault
        elif name.startswith(PREFIX):
            try:
                file.read_text(encoding="utf-8")
            except UnicodeError:
                yield f"{name}: {file} is not text in UTF-8"
            except OSError as error:
                yield f"{name}: {file} cannot be read ({error.strerror})"
            else:
                if not file.resolve().is_relative_to(folder.resolve()):
                    yield f"{name}: {file} leads out of its folder"


def _in_words(fault: Any) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return str(message)
    name = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return f"{name.upper()} is not a setting; `widget doctor` lists them all"
    return f"{PREFIX}{name.upper()}: {message}"
