"""Making WordPress exports, importing them, and looking at what came of it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from lxml.html import HtmlElement
from sqlalchemy import Table, select

from tests import pages
from tests.conftest import HOST
from tests.parts import PROJECT
from widget.cli.transferring import import_
from widget.db import Base, db
from widget.models import Comment, Thread

# Real exports for acceptance tests lie beside the checkout; they are not part of the project. The
# variable is none of the service's settings, which would refuse to start with it.
EXPORTS = Path(os.environ.pop("WIDGET_SHARED", PROJECT.parent / "shared")) / "data" / "imports"
LINK = f"{HOST}/2012/01/03/the-database/"


def comment(number: object = 1, text: str = "I read the report.", **fields: object) -> str:
    """One comment as WordPress exports it; `None` leaves a field out."""
    known: dict[str, object] = {
        "comment_id": number,
        "comment_author": "Ann",
        "comment_author_email": "ann@example.org",
        "comment_author_url": "",
        "comment_author_IP": "203.0.113.77",
        "comment_date": "2012-01-03 19:30:00",
        "comment_date_gmt": "2012-01-03 18:30:00",
        "comment_content": f"<![CDATA[{text}]]>",
        "comment_approved": "1",
        "comment_type": "",
        "comment_parent": 0,
        "comment_user_id": 0,
        **{f"comment_{name}": value for name, value in fields.items()},
    }
    meta = "<wp:commentmeta><wp:meta_key>akismet_user_agent</wp:meta_key><wp:meta_value>Mozilla/4"
    return f"<wp:comment>{_tags(known)}{meta}</wp:meta_value></wp:commentmeta></wp:comment>\n"


def post(*comments: str, link: str = LINK, **fields: object) -> str:
    """One post with its comments."""
    known = {
        "post_id": 7,
        "post_date_gmt": "2012-01-03 17:00:00",
        "comment_status": "open",
        "status": "publish",
        "post_type": "post",
        "post_password": "",
        **fields,
    }
    title = known.pop("title", "The database")
    body = "<content:encoded><![CDATA[<p>What the board has voted for.</p>]]></content:encoded>"
    head = f"<title>{title}</title><link>{link}</link>{body}"
    return f"<item>{head}{_tags(known)}{''.join(comments)}</item>\n"


def export(*posts: str, blog: str = HOST, version: str = "1.2") -> str:
    """A whole export."""
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!-- generator="WordPress/6.5.4" -->\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:wp="http://wordpress.org/export/{version}/">\n<channel>\n<title>A blog</title>\n'
        f"<link>{blog}</link>\n<wp:base_blog_url>{blog}</wp:base_blog_url>\n"
        f"{''.join(posts)}</channel>\n</rss>\n"
    )


def _tags(fields: dict[str, Any]) -> str:
    return "".join(
        f"<wp:{name}>{value}</wp:{name}>" for name, value in fields.items() if value is not None
    )


@dataclass
class Importing:
    """`widget import wordpress`, as an operator runs it, and the tables after it."""

    app: Flask
    folder: Path

    def file(self, content: str | bytes, name: str = "export.xml") -> Path:
        """Write a file to import."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(
        self, file: Path, *options: str, site: str = "news", system: str = "wordpress"
    ) -> Result:
        """Run the command, whatever it answers."""
        words = [system, str(file), "--site", site, *options]
        return CliRunner().invoke(
            import_, words, obj=ScriptInfo(create_app=lambda: self.app), catch_exceptions=False
        )

    def take(self, content: Path | str | bytes, *options: str) -> str:
        """Import what must be taken; returns the report with single spaces."""
        file = content if isinstance(content, Path) else self.file(content)
        result = self.run(file, *options)
        assert result.exit_code == 0, result.output
        return " ".join(result.stdout.split())

    def refuse(self, content: Path | str | bytes, *options: str) -> str:
        """Import what must be refused, in one line and without a trace; returns the sentence."""
        before = self.everything()
        file = content if isinstance(content, Path) else self.file(content)
        result = self.run(file, *options)
        assert (result.exit_code, result.stdout) == (1, "")
        assert self.everything() == before
        (line,) = result.stderr.splitlines()
        return line.removeprefix("Error: ")

    def comments(self) -> list[Comment]:
        """All comments as they were written, detached."""
        with self.app.app_context():
            return list(db.session.scalars(select(Comment).order_by(Comment.path)))

    def by_author(self) -> dict[str, Comment]:
        """All comments, where each author wrote one."""
        found = {each.author: each for each in self.comments()}
        assert len(found) == len(self.comments())
        return found

    def threads(self) -> dict[str, Thread]:
        """All threads by their address."""
        with self.app.app_context():
            return {each.url: each for each in db.session.scalars(select(Thread))}

    def tree(self) -> dict[str, str | None]:
        """Who answers whom, by author."""
        by_id = {each.id: each for each in self.comments()}
        return {
            each.author: by_id[each.parent_id].author if each.parent_id else None
            for each in by_id.values()
        }

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.app.app_context():
            return {table.name: list(_rows(table)) for table in Base.metadata.sorted_tables}


def _rows(table: Table) -> Iterable[Any]:
    return [tuple(row) for row in db.session.execute(table.select().order_by(*table.primary_key))]


def thread(client: FlaskClient, url: str) -> HtmlElement:
    """A page's comments, as a reader sees them without a script."""
    answer = client.get(f"/t/news?{urlencode({'page': url})}")
    assert answer.status_code == 200
    return pages.page(answer)


def authors(page: HtmlElement) -> list[str]:
    """Who speaks on a page, in reading order."""
    return [each.text_content() for each in page.find_class("comment-author")]
