"""The house: how a comment travels, and where to find each part.

A reader's way, one line a room::

    static/embed.js > web/embed.py > web/forms.py > comments/submission.py > COMMIT > 202
    queue.enqueue > jobs.screen > spam/ > moderation/policy.py > moderation/moves.py > COMMIT
    web/desk/ > moderation/moves.py > COMMIT
    web/edge.py > publishing/fragments.py > the page

High imports low, never back (kept by import-linter, see pyproject.toml):

    __main__          the `widget` command
    worker            starts RQ workers
    app               create_app()
    web | cli         the edges: HTTP and the command line; they commit
    jobs              every RQ entry point; thin, idempotent, takes ids; it commits
    transfer          importers
    comments | moderation
    spam | publishing | notify
    addresses         where something can be read
    models
    db | queue | sanitize | config

The database is the truth; Redis only rings the bell.
"""
