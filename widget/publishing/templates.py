"""Rendering what is public: templates without Flask's context processors.

Those read the session (who is signed in to the desk?), and Flask then marks the answer as varying
by cookie, which would keep every cache from holding it. What is public depends on no one.
"""

from flask import current_app


def render(template: str, **context: object) -> str:
    """The text of a public template."""
    return current_app.jinja_env.get_template(template).render(**context)
