"""Rendering what is public: templates without Flask's context processors.

Those read the session (who is signed in to the desk?), and Flask then marks the answer as varying
by cookie, which would keep every cache from holding it. What is public depends on no one.
"""

from flask import Flask, current_app

from widget import language


def init_app(app: Flask) -> None:
    """Let templates say things in the language that is spoken."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension's own
        language.gettext, language.ngettext, newstyle=True, pgettext=language.pgettext
    )
    app.jinja_env.globals.update(spoken=language.voice, direction=language.direction)


def render(template: str, **context: object) -> str:
    """The text of a public template."""
    return current_app.jinja_env.get_template(template).render(**context)
