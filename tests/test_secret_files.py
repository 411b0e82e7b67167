"""Settings from a folder of secrets: whatever is wrong there is told, and never what is in it."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import parts
from tests.parts import Service
from widget import config
from widget.cli.doctor import doctor
from widget.config import ConfigError


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of secrets that is in force, with a secret key in it."""
    for name in [name for name in os.environ if name.startswith("WIDGET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "secrets"
    made.mkdir()
    (made / "widget_secret_key").write_text(f"{parts.SECRET}\n")
    monkeypatch.setenv("WIDGET_SECRETS_DIR", str(made))
    return made


def faults() -> list[str]:
    """What is told, a line each."""
    with pytest.raises(ConfigError) as refused:
        config.load()
    return str(refused.value).splitlines()


def test_an_empty_file_is_no_value(folder: Path) -> None:
    for name in ("widget_port", "widget_redis_url", "widget_smtp_url", "widget_mail_from"):
        (folder / name).write_text("\n")
    settings = config.load()
    assert (settings.port, settings.smtp_url) == (8000, "")
    assert settings.redis_url.startswith("redis://")
    assert settings.secret_key == parts.SECRET


def test_a_file_that_is_no_setting_is_a_fault_unless_its_name_is_someone_elses(
    folder: Path,
) -> None:
    (folder / "postgres_password").write_text("another service's")
    assert config.load().secret_key == parts.SECRET
    (folder / "widget_smpt_url").write_text("smtp://mail.example.org")
    assert faults() == ["WIDGET_SMPT_URL is not a setting; `widget doctor` lists them all"]


def test_a_folder_may_be_laid_out_with_links_as_kubernetes_does(folder: Path) -> None:
    version = folder / "..2026_11_23"
    version.mkdir()
    (version / "widget_smtp_url").write_text("smtp://mail.example.org")
    (folder / "..data").symlink_to(version.name)
    (folder / "widget_smtp_url").symlink_to("..data/widget_smtp_url")
    assert config.load().smtp_url == "smtp://mail.example.org"


def test_every_file_that_cannot_be_used_is_named_with_all_other_faults(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "widget_smtp_url").write_bytes(b"smtp://\xff\xfe-hush")
    (folder / "widget_mail_from").mkdir()
    (folder.parent / "elsewhere").write_text("192.0.2.1")
    (folder / "widget_host").symlink_to(folder.parent / "elsewhere")
    monkeypatch.setenv("WIDGET_PORT", "eighty")
    told = faults()
    assert [fault.partition(":")[0] for fault in told] == [
        "WIDGET_HOST",
        "WIDGET_MAIL_FROM",
        "WIDGET_SMTP_URL",
        "WIDGET_PORT",
    ]
    assert "hush" not in "".join(told)
    assert parts.SECRET not in "".join(told)


def test_a_secret_that_is_too_short_is_not_shown(folder: Path) -> None:
    (folder / "widget_secret_key").write_text("hush")
    assert faults() == ["WIDGET_SECRET_KEY: must have at least 32 characters"]


def test_the_doctor_tells_them_in_words(folder: Path) -> None:
    (folder / "widget_port").write_text("eighty")
    (folder / "widget_smpt_url").write_text("x")
    told = CliRunner().invoke(doctor)
    assert told.exit_code == 1
    assert told.output.startswith("Error: ")
    assert "WIDGET_SMPT_URL is not a setting" in told.output


@pytest.mark.slow
@pytest.mark.parametrize("command", ["doctor", "web", "worker", "cron", "up", "site list"])
def test_no_command_answers_bad_settings_with_a_traceback(tmp_path: Path, command: str) -> None:
    service = Service(
        tmp_path, {"WIDGET_PORT": "eighty", "WIDGET_PROT": "1", "WIDGET_REDIS_URL": "nowhere"}
    )
    process = service.start(*command.split())
    assert process.popen.wait(parts.PATIENCE) != 0
    told = process.log.read_text()
    assert "Traceback" not in told
    for name in ("WIDGET_PORT", "WIDGET_PROT", "WIDGET_REDIS_URL"):
        assert name in told
