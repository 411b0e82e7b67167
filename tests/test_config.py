"""Settings: every one typed and explained, and every fault told at once, in words."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests import parts
from widget import config
from widget.app import create_app
from widget.config import ConfigError, Settings
from widget.publishing import form_token

FAULTY = {
    "WIDGET_PORT": "eighty",
    "WIDGET_DEMO_PORT": "65536",
    "WIDGET_PUBLIC_URL": "comments.example.org",
    "WIDGET_DATABASE_URL": "mysql://localhost/comments",
    "WIDGET_REDIS_URL": "localhost:6379",
    "WIDGET_SECRET_KEY": "short and secret",
    "WIDGET_SECRET_KEY_FALLBACKS": "not a list, and secret",
    "WIDGET_SMTP_URL": "mail.example.org",
    "WIDGET_MAIL_FROM": "nobody",
    "WIDGET_TRUSTED_PROXIES": "-1",
    "WIDGET_WEB_WORKERS": "0",
    "WIDGET_POST_LIMIT": "not too often",
    "WIDGET_SWEEP_SECONDS": "0",
    "WIDGET_DEVELOPMENT": "perhaps",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any setting."""
    for name in list(os.environ):
        if name.startswith("WIDGET_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def faults(**overrides: object) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        config.load(**overrides)
    return str(refused.value).splitlines()


def test_nothing_needs_to_be_set() -> None:
    settings = config.load()
    assert settings.port == 8000
    assert settings.demo_port == 8001
    assert settings.data == Path("var")
    assert settings.database == f"sqlite:///{Path('var').resolve()}/widget.sqlite3"
    assert settings.secret_key == "", "there is no default for a secret"


def test_every_setting_says_in_a_line_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert "\n" not in field.description


def test_all_faults_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**FAULTY, "WIDGET_PROT": "8000", "WIDGET_ENV_FILE": "/no/file"}.items():
        environment.setenv(name, value)
    told = faults()
    assert len(told) == len(FAULTY) + 2
    for name in (*FAULTY, "WIDGET_PROT", "WIDGET_ENV_FILE"):
        assert any(fault.startswith(name) for fault in told), name
    assert not any("secret" in fault and "and secret" in fault for fault in told), "no secret shows"


@pytest.mark.parametrize("name", FAULTY)
def test_each_fault_is_told_in_a_sentence(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, FAULTY[name])
    (fault,) = faults()
    assert fault.startswith(f"{name}: ")
    assert "Value error" not in fault
    assert "secret" not in fault.removeprefix(name)


def test_a_name_that_is_no_setting_is_a_fault_wherever_it_stands(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert faults(smpt_url="x") == ["SMPT_URL is not a setting; `widget doctor` lists them all"]
    file = tmp_path / "settings"
    file.write_text("WIDGET_SMPT_URL=smtp://localhost\n")
    environment.setenv("WIDGET_ENV_FILE", str(file))
    assert faults() == ["WIDGET_SMPT_URL is not a setting; `widget doctor` lists them all"]


def test_an_empty_value_is_no_value(environment: pytest.MonkeyPatch) -> None:
    for name in FAULTY:
        environment.setenv(name, "")
    assert config.load() == Settings()


def test_the_environment_wins_over_the_file_and_the_file_over_secrets(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, value in {
        "secret_key": "s" * 40,
        "smtp_url": "smtp://s",
        "mail_from": "s@s.org",
    }.items():
        (secrets / f"widget_{name}").write_text(f"{value}\n")
    file = tmp_path / "settings"
    file.write_text("WIDGET_SMTP_URL=smtp://file\nWIDGET_MAIL_FROM=file@example.org\n")
    environment.setenv("WIDGET_SECRETS_DIR", str(secrets))
    environment.setenv("WIDGET_ENV_FILE", str(file))
    environment.setenv("WIDGET_MAIL_FROM", "environment@example.org")

    settings = config.load()
    assert settings.secret_key == "s" * 40
    assert settings.smtp_url == "smtp://file"
    assert settings.mail_from == "environment@example.org"
    assert config.load(mail_from="last@example.org").mail_from == "last@example.org"


def test_a_folder_of_secrets_must_be_there(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WIDGET_SECRETS_DIR", "/no/folder")
    assert faults() == ["WIDGET_SECRETS_DIR names /no/folder, which is not a folder"]


def test_settings_in_force_do_not_change() -> None:
    with pytest.raises(ValidationError):
        config.load().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://comments.example.org/", "https://comments.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_addresses_end_without_a_slash(given: str, kept: str) -> None:
    assert config.load(public_url=given).public_url == kept


def test_the_app_does_not_start_on_a_faulty_setting() -> None:
    with pytest.raises(ConfigError, match="WIDGET_PORT"):
        create_app(port="eighty")


def test_a_form_signed_with_an_earlier_key_still_counts() -> None:
    earlier, current = "earlier" * 6, parts.SECRET
    token = form_token.issue(earlier, site_id=1, at_epoch=form_token.epoch())
    assert form_token.judge([current, earlier], site_id=1, token=token) == "fresh"
    assert form_token.judge([current], site_id=1, token=token) == "forged"
    assert config.load(secret_key_fallbacks=[earlier]).secret_key_fallbacks == [earlier]
    assert config.load(secret_key_fallbacks='["a", "b"]').secret_key_fallbacks == ["a", "b"]
