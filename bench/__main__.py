"""`make bench`: how fast are reads and posts, beside nginx with the same bytes in the same run?

Figures of a shared machine drift; ratios within one run hold. Everything is on loopback and ends
by itself. Where two cores are allowed, all servers share one and the client has the other.
"""

import argparse
import json
import sys

from bench import checks, flood, measure, processes, report, screening, spam
from bench.deciding import deciding
from bench.stage import Stage, stage

BOTH = ["sqlite", "postgresql"]


def main() -> None:
    """Measure and print."""
    asked = _arguments()
    if asked.only == "deciding":
        _say("The desk …")
        print(report.desk_as_text(deciding()))
        return
    if asked.only == "checks":
        print(checks.as_text(checks.checks()))
        return
    if asked.only == "screening":
        with processes.on(pair[0] if (pair := processes.cores()) else None):
            print(screening.as_text(screening.screening(asked.database or BOTH)))
        return
    if asked.only == "flood":
        print(flood.as_text(flood.flooding(asked.database or BOTH)))
        return
    if asked.only == "spam":
        told = spam.evaluating(_say)
        print(json.dumps(spam.as_json(told), indent=2) if asked.json else spam.as_text(told))
        return
    pair = processes.cores()
    servers, client = pair or (None, None)
    with processes.on(servers):
        staging = stage(asked.database or BOTH, servers)
        _say("Filling databases and starting servers …")
        with staging as ready, processes.on(client):
            if pair is None:
                _say("One core for all: the client takes its share of every figure.")
            found = _measure(ready, asked)
    told = spam.evaluating(_say)
    if asked.json:
        print(json.dumps({**report.as_json(found), "spam": spam.as_json(told)}, indent=2))
    else:
        print(report.as_text(found), spam.as_text(told), sep="\n\n")


def _measure(ready: Stage, asked: argparse.Namespace) -> report.Found:
    rounds, seconds = asked.rounds, asked.seconds
    _say("Warm reads …")
    warm = measure.warm(ready, rounds, seconds)
    _say("Cold reads, counts, the long thread …")
    cold = measure.cold(ready, rounds)
    counts = measure.counts(ready, rounds, seconds)
    long = {widget.name: measure.long_thread(widget) for widget in ready.widgets}
    shapes = {widget.name: measure.shapes(widget) for widget in ready.widgets}
    _say("Posts …")
    posts = measure.posts(ready, rounds, seconds)
    _say("The desk …")
    desk = deciding()
    return report.Found(warm, cold, counts, long, shapes, posts, report.weigh(ready), desk)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each figure (3)")
    parser.add_argument("--seconds", type=float, default=0.8, help="length of a round (0.8)")
    parser.add_argument("--database", action="append", choices=BOTH, help="only this one")
    parser.add_argument(
        "--only",
        choices=("checks", "deciding", "flood", "screening", "spam"),
        help="only the checks, decisions at the desk, a flood, screening, or spam told from ham",
    )
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
