"""What the calls feel of a hundred browsers on the wallboard, and of one that never reads.

    python -m tests.bench.watched_office [--browsers 100 --rate 5 --seconds 60 --rounds 2]

The office of `call_rate` is called at one rate, in turns unwatched and watched by so many streams
of server-sent events and one whose line is open and never read. Prints for both how long the
record of a call takes (as `call_rate` measures it), what a call costs, and the ratio of the two.
Needs SIPp.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from deploy.site import Site
from tests.bench import sipp
from tests.bench.browsers import Browsers
from tests.bench.call_rate import BESIDES_TALK_S, TALK_S, Bench
from tests.bench.call_records import percentile
from tests.bench.loaded_office import hire, keep_commit_times, short_prompts, wait_for_phones
from tests.bench.rate_table import HEAD, Round, complain, row_of


def main() -> None:
    """Run in a folder that Asterisk's own user may enter, and leave nothing behind."""
    parser = argparse.ArgumentParser(description="Calls beside browsers on the wallboard.")
    parser.add_argument("--browsers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=5, help="calls a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=2, help="of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
        Path(folder).chmod(0o755)
        whole_run(options, Path(folder))


def whole_run(options: argparse.Namespace, folder: Path) -> None:
    """Start the office, call it unwatched and watched in turn, print what was seen."""
    keep_commit_times(folder / "postgres")
    root = os.environ.get("LPSE_ASTERISK_ROOT", "")
    recordings = str(short_prompts(folder / "recordings"))
    operators = round(options.rate * (TALK_S + BESIDES_TALK_S)) + 1
    rounds: dict[str, list[Round]] = {"unwatched": [], "watched": []}
    with Site(
        folder, Path(root) if root else None, print, recorded_prompts_folder=recordings
    ) as site:
        token = site.command("token", "add", "bench", "--scope", "live", "--json")
        accounts = asyncio.run(hire(site, operators))
        wait_for_phones(site, operators, "unreachable")
        with sipp.OperatorPhones(
            folder / "sipp" / "operators", site.sip_server, accounts, voice=True
        ) as phones:
            wait_for_phones(site, operators, "idle")
            bench = Bench(site, phones, TALK_S, voice=True)
            print(bench.proof(), HEAD, sep="\n")
            for _ in range(options.rounds):
                rounds["unwatched"].append(_called(bench, options))
                wait_for_phones(site, operators, "idle")
                watching = Browsers(site.pages, _text_of(token), options.browsers)
                with watching:
                    rounds["watched"].append(_called(bench, options))
                wait_for_phones(site, operators, "idle")
                print(f"  {options.browsers} browsers: {_told(watching.told)}", flush=True)
    print(*_summary(rounds), sep="\n")


def _called(bench: Bench, options: argparse.Namespace) -> Round:
    found = bench.round(options.rate, options.seconds)
    print(row_of(found), flush=True)
    complain(found)
    return found


def _text_of(printed: str) -> str:
    return str(json.loads(printed)["token"])


def _told(told: dict[str, Any]) -> str:
    end = "was put down" if told["put_down"] else "is still held"
    return (
        f"{told['events']} events, {told['bytes'] / 1e6:.0f} MB, {told['lost']} lost;"
        f" the one that never reads {end}"
    )


def _summary(rounds: dict[str, list[Round]]) -> list[str]:
    """p50 and p99 of both kinds over all rounds, and what watching takes."""
    lines = []
    figures = {}
    for kind, found in rounds.items():
        recorded = [ms for one in found for ms in one.outcome.recorded_ms]
        cost = statistics.fmean(one.per_thousand("agent") for one in found)
        figures[kind] = (percentile(recorded, 0.5), percentile(recorded, 0.99), cost)
        p50, p99, cost = figures[kind]
        lines.append(
            f"{kind}: {len(recorded)} calls, {sum(one.failed for one in found)} failed, record"
            f" durable p50 {p50:.1f} ms, p99 {p99:.1f} ms; agent {cost:.0f} CPU s per 1,000 calls"
        )
    ratios = (b / a for a, b in zip(figures["unwatched"], figures["watched"], strict=True))
    lines.append("watched / unwatched: p50 {:.2f}, p99 {:.2f}, CPU {:.2f}".format(*ratios))
    return lines


if __name__ == "__main__":
    main()
