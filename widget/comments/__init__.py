"""A comment's first steps: who wrote it, where it stands, how it is taken in."""
