"""Storing what importers yield: each comment once, under its parent, with its status.

A page is stored in batches, parents first, so that whatever was committed makes sense by itself
and a second run goes on where the first one ended. What is here already is never touched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
