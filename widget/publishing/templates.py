"""Rendering what is public: templates without Flask's context processors.

Those read the session (who is signed in to the desk?), and Flask then marks the answer as varying
by cookie, which would keep every cache from holding it. What is public depends on no one.
"""

from flask import Flask, current_app
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import escape

from widget import language


def init_app(app: Flask) -> None:
    """Let templates say things in the language that is spoken."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's own
        _gettext, _ngettext, newstyle=True
    )
    app.jinja_env.globals.update(spoken=language.voice, direction=language.direction)
    app.add_template_filter(language.number)
    app.add_template_filter(_votes, "votes")
    app.add_template_filter(_filled, "filled")


def render(template: str, **context: object) -> str:
    """The text of a public template."""
    return current_app.jinja_env.get_template(template).render(**context)


def _votes(count: int) -> str:
    """A number of votes; nobody needs to read a nought."""
    return language.number(count) if count else ""


def _filled(line: str, **own: object) -> str:
    """Markup that many things share, with what is one's own for each {name} in it, escaped.

    In the order given: what somebody typed comes last, for a name may be “{id}”.
    """
    filled = escape(line)  # leaves markup as it is, and escapes what takes a place in it
    for name, value in own.items():
        filled = filled.replace(f"{{{name}}}", str(value))
    return filled


# Jinja takes a message for markup. It is words, and a site's own may hold any character.


@pass_eval_context
def _gettext(to: EvalContext, message: str) -> str:
    found = language.phrase(message)
    return escape(found) if to.autoescape else found


@pass_eval_context
def _ngettext(to: EvalContext, one: str, many: str, count: int) -> str:
    found = language.phrase_for(one, many, count)
    return escape(found) if to.autoescape else found
