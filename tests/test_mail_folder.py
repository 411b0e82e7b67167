"""Without a mail server, mail is written to a folder."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Backstage, Reader, whatever_the_database
from tests.mailroom import Outbox


@pytest.fixture
def outbox(
    ann: Reader, app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> Outbox:
    """The outbox, with two mails about a comment of Ann's."""
    backstage.screen(ann.say("Please let me in."))
    return Outbox(app, monkeypatch)


@whatever_the_database
def test_each_mail_is_a_file(outbox: Outbox, tmp_path: Path) -> None:
    outbox.deliver()
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"], "and nothing is half written"
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert sorted(str(mail["To"]) for mail in mails) == ["max@example.org", "olga@example.org"]
    for mail in mails:
        body = mail.get_body(("plain",))
        assert body is not None
        assert "Please let me in." in body.get_content()
    assert all(row.delivered_at for row in outbox.rows())


@whatever_the_database
def test_a_folder_that_cannot_be_written_is_tried_again(outbox: Outbox, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.write_text("in the way")
    outbox.deliver()
    assert all(row.error and not row.delivered_at for row in outbox.rows())

    folder.unlink()
    outbox.put_forward(minutes=2)
    outbox.deliver()
    assert all(row.delivered_at for row in outbox.rows())
