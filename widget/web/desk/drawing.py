"""Charts as pictures: SVG that runs and loads nothing, in light and in dark.

pygal draws; what it adds for pages that run its scripts is taken out again.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pygal  # type: ignore[import-untyped]
from lxml import etree
from pygal.style import Style  # type: ignore[import-untyped]

# What pygal hangs into all imports, for plugins that we have none of, is of a kind that
# Python has given up: it warns at each import.
sys.meta_path[:] = [
    finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"
]

# (light, dark); told apart by lightness too, for those who see colours otherwise.
ACCENT = ("#176b87", "#6fbfda")
GOOD = ("#2f7d4f", "#7cc896")
SOFT = ("#8a9499", "#76828a")
WARM = ("#c98a1b", "#e3b65b")
BAD = ("#9a3f12", "#f0a67c")
DARK = ("#4b3a63", "#b9a4d8")
_INK, _QUIET, _LINES = ("#1d2326", "#e4e8e9"), ("#586369", "#9ba6ab"), ("#dfe3e2", "#2e3539")
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
# What goes: scripts, notes for a tooltip's script, and its empty box.
_NOT_DRAWN = "//*[local-name()='script' or local-name()='desc'] | //comment()"
_BOXES = "//*[contains(@class, 'tooltip-overlay')]"
# Wide and high, in the units of the letters; narrow is for phones.
_WIDE, _NARROW = (900, 300), (360, 260)
_MARKS = 5


@dataclass(frozen=True)
class Series:
    """Numbers of one kind: a name, a colour, one number for each label."""

    name: str
    colour: tuple[str, str]
    numbers: Sequence[float | None]


def bars(labels: Sequence[str], series: Sequence[Series], *, narrow: bool = False) -> bytes:
    """Bars that stand on each other."""
    chart = pygal.StackedBar(**_looks(series, narrow=narrow), spacing=0)
    stacks = zip(*(each.numbers for each in series), strict=True)
    chart.y_labels = _marks(max((sum(filter(None, stack)) for stack in stacks), default=0))
    return _drawn(chart, labels, series, narrow=narrow)


def lines(
    labels: Sequence[str], series: Sequence[Series], *, unit: str = "", narrow: bool = False
) -> bytes:
    """Lines, each number a dot."""
    chart = pygal.Line(**_looks(series, narrow=narrow), y_title=unit or None, include_x_axis=True)
    chart.y_labels = _marks(
        max(filter(None, (n for each in series for n in each.numbers)), default=0)
    )
    return _drawn(chart, labels, series, narrow=narrow)


def rows(labels: Sequence[str], series: Series, *, narrow: bool = False) -> bytes:
    """Bars that lie, the first on top; each says its number."""
    looks = _looks([series], narrow=narrow)
    looks["height"] = 40 + 34 * max(len(labels), 1)
    chart = pygal.HorizontalBar(**looks, show_x_labels=False)
    said = [f"{label}: {number:,}" for label, number in zip(labels, series.numbers, strict=True)]
    chart.x_labels = list(reversed(said))
    chart.add(series.name, list(reversed(series.numbers)))
    return _plain(chart)


def dots(
    labels: Sequence[str], series: Sequence[Series], *, every: int, narrow: bool = False
) -> bytes:
    """A dot for each number, the larger the more."""
    looks = _looks(series, narrow=narrow)
    looks["x_labels_major_every"], looks["show_minor_x_labels"] = every, False
    chart = pygal.Dot(**looks)
    chart.x_labels = list(labels)
    for each in series:
        chart.add(each.name, each.numbers)
    return _plain(chart)


def _marks(highest: float) -> list[int]:
    """The marks of a scale: whole numbers from 0 to the highest or a little more, six at most."""
    steps = (leading * 10**power for power in count() for leading in (1, 2, 5))
    step = next(step for step in steps if _MARKS * step >= highest)
    return [mark * step for mark in range(max(1, math.ceil(highest / step)) + 1)]


def _drawn(chart: Any, labels: Sequence[str], series: Sequence[Series], *, narrow: bool) -> bytes:
    # As many labels as there is room for, and the last one.
    room = 4 if narrow else 9
    every = -(-len(labels) // room)
    shown = [n for n in range(len(labels)) if (len(labels) - 1 - n) % every == 0]
    chart.x_labels = list(labels)
    chart.x_labels_major = [labels[n] for n in shown]
    for each in series:
        chart.add(each.name, each.numbers)
    return _plain(chart)


def _looks(series: Sequence[Series], *, narrow: bool) -> dict[str, Any]:
    width, height = _NARROW if narrow else _WIDE
    return {
        "width": width,
        "height": height,
        "margin": 8,
        "margin_right": 24,
        "js": [],
        "css": ["file://style.css", "file://graph.css", f"inline:{_css(series)}"],
        "style": _style(series),
        "no_prefix": True,
        "disable_xml_declaration": True,
        "show_legend": False,  # the page has it, where it takes the room that it needs
        "show_minor_x_labels": False,
        "truncate_label": -1,
        "dots_size": 3,
        "value_formatter": "{:,.0f}".format,
        "no_data_text": "Nothing yet",
    }


def _style(series: Sequence[Series]) -> Style:
    size = 13
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=_QUIET[0],
        foreground_strong=_INK[0],
        foreground_subtle=_LINES[0],
        guide_stroke_color=_LINES[0],
        major_guide_stroke_color=_LINES[0],
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
        opacity="1",
        colors=tuple(each.colour[0] for each in series),
        font_family=_FONT,
        label_font_family=_FONT,
        major_label_font_family=_FONT,
        value_font_family=_FONT,
        no_data_font_family=_FONT,
        title_font_family=_FONT,
        label_font_size=size,
        major_label_font_size=size,
        value_font_size=size,
        title_font_size=size,
        no_data_font_size=18,
        transition="none",
    )


def _css(series: Sequence[Series]) -> str:
    """The same colours for the dark, and lines that keep quiet."""
    ink, quiet, line = _INK[1], _QUIET[1], _LINES[1]
    colours = "".join(
        f".color-{n}, .color-{n} a:visited {{ stroke: {each.colour[1]}; fill: {each.colour[1]} }}"
        for n, each in enumerate(series)
    )
    return (
        ".axis .line, .bars rect { stroke: none }"
        f"@media (prefers-color-scheme: dark) {{ {colours}"
        f" .graph text, .axis text, .axis text.major {{ fill: {quiet} }}"
        f" text.no_data, .series text, .text-overlay text {{ fill: {ink} }}"
        f" .axis .guide.line, .axis .major.guide.line {{ stroke: {line} }} }}"
    )


def _plain(chart: Any) -> bytes:
    tree = chart.render_tree()
    for found in (*tree.xpath(_NOT_DRAWN), *tree.xpath(_BOXES)):
        found.getparent().remove(found)
    return etree.tostring(tree)
