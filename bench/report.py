"""The tables."""

from dataclasses import dataclass
from typing import Any

from bench.deciding import SIZES, Taken
from bench.load import fetch, request
from bench.measure import Posting, Row
from bench.stage import Stage

_HEAD = f"{'':44}{'/s':>9}{'CPU µs':>9}{'p50 ms':>9}{'p99 ms':>9}{'of nginx':>10}{'by CPU':>9}"


@dataclass
class Found:
    """All that a run found."""

    warm: list[Row]
    cold: list[Row]
    counts: list[Row]
    long: dict[str, tuple[float, float]]
    shapes: dict[str, dict[str, float]]
    posts: list[Posting]
    weights: dict[str, tuple[int, int, int]]
    desk: list[Taken]


def weigh(stage: Stage) -> dict[str, tuple[int, int, int]]:
    """Bytes as they come over the wire: plain, gzip, brotli."""
    port = stage.widgets[0].port
    weights = {
        path.removeprefix("/"): tuple(
            len(fetch(port, request(path, Accept_Encoding=coding)).body)
            for coding in ("identity", "gzip", "br")
        )
        for path in ("/embed.js", "/embed.css")
    }
    weights["both, before the first comment"] = tuple(map(sum, zip(*weights.values(), strict=True)))
    weights["a thread of 50 comments"] = tuple(
        len(answer.body) for answer in (stage.plain, stage.gzip, stage.br)
    )
    return weights  # type: ignore[return-value]


def as_text(found: Found) -> str:
    """For people."""
    lines = ["Warm reads of a thread of 50 comments, 32 connections", _HEAD]
    lines += map(_line, found.warm)
    lines += ["", "Cold reads, 4 connections", _HEAD, *map(_line, found.cold)]
    lines += ["", "Counts", _HEAD, *map(_line, found.counts)]
    lines += ["", "A cold first page", f"{'':44}{'of 50':>9}{'of 100,000':>12}{'ratio':>8}"]
    for name, (short, long) in found.long.items():
        lines.append(f"  {name:42}{short:>6.1f} ms{long:>9.1f} ms{long / short:>8.2f}")
    lines += ["", "A cold first page on a site that chose nothing, against that of 50 comments"]
    for name, taken in found.shapes.items():
        short = next(iter(taken.values()))
        lines += [
            f"  {f'{name}, {shape}':42}{each:>6.1f} ms{each / short:>20.2f}"
            for shape, each in taken.items()
        ]
    lines += ["", "Posts accepted, each on disk before its answer", f"{_HEAD}{'lost':>6}"]
    lines += [f"{_line(post.row):99}{post.lost:>6}" for post in found.posts]
    lines += ["", "Bytes over the wire", f"{'':44}{'plain':>9}{'gzip':>9}{'brotli':>9}"]
    lines += [
        f"  {name:42}{plain:>9,}{gzipped:>9,}{br:>9,}"
        for name, (plain, gzipped, br) in found.weights.items()
    ]
    lines += ["", desk_as_text(found.desk)]
    if any(row.client_is_the_limit for row in found.warm):
        lines += ["", "+ the client could not ask faster: trust the ratio by CPU"]
    return "\n".join(lines)


def desk_as_text(desk: list[Taken]) -> str:
    """What a decision takes, in a short queue and in a long one."""
    small, large = (f"of {size:,}" for size in SIZES)
    lines = [
        "At the desk on postgresql, whole requests through the app, in a queue",
        f"{'':44}{small:>12}{large:>12}{'ratio':>8}",
    ]
    for taken in desk:
        for percent in (50, 99):
            times = "".join(f"{taken.percentile(size, percent):>9.1f} ms" for size in SIZES)
            lines.append(f"  {f'{taken.name}, p{percent}':42}{times}{taken.ratio(percent):>8.2f}")
    return "\n".join(lines)


def as_json(found: Found) -> dict[str, Any]:
    """For programs."""
    return {
        "warm": [_plain(row) for row in found.warm],
        "cold": [_plain(row) for row in found.cold],
        "counts": [_plain(row) for row in found.counts],
        "first_page_ms": {
            name: {"of_50": short, "of_100000": long, "ratio": long / short}
            for name, (short, long) in found.long.items()
        },
        "first_page_ms_by_shape": found.shapes,
        "posts": [
            {**_plain(post.row), "connections": post.connections, "lost": post.lost}
            for post in found.posts
        ],
        "bytes": {
            name: dict(zip(("plain", "gzip", "brotli"), weights, strict=True))
            for name, weights in found.weights.items()
        },
        "desk_ms": {
            taken.name: {
                f"p{percent}_of_{size}": taken.percentile(size, percent)
                for size in SIZES
                for percent in (50, 99)
            }
            for taken in found.desk
        },
    }


def _plain(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "per_second": row.rate,
        "cpu_microseconds": row.micros,
        "p50_ms": row.latency(0.5),
        "p99_ms": row.latency(0.99),
        "of_nginx": row.of_nginx,
        "of_nginx_by_cpu": row.of_nginx_cpu,
        "client_was_the_limit": row.client_is_the_limit,
    }


def _line(row: Row) -> str:
    rate = f"{row.rate:,.0f}" + ("+" if row.client_is_the_limit else "")
    micros = "–" if row.micros is None else f"{row.micros:,.0f}"
    ratios = "".join(
        " " * width if share is None else f"{share:>{width}.2f}"
        for share, width in ((row.of_nginx, 10), (row.of_nginx_cpu, 9))
    )
    latency = f"{row.latency(0.5):>9.1f}{row.latency(0.99):>9.1f}"
    return f"  {row.name:42}{rate:>9}{micros:>9}{latency}{ratios}"
