"""How many calls a second the whole helpdesk carries, and what each of them costs.

    python -m tests.bench.call_rate [--rates 2,5,10 --seconds 20 --talk 4 --no-voice]

Needs SIPp (Debian's sip-tester). SIPp callers behind the trunk call the helpdesk at rising rates:
INVITE, welcome, recording notice, queue, ring, an operator's telephone (SIPp too, registered with
its password) answers, a few seconds of talk, the caller's BYE, the archived form. PostgreSQL,
Asterisk and the agent are the real ones; only the prompts are short recordings of an office's own,
laid into the folder of recordings, unless --real-prompts is given. Callers and operators send
G.711 voice as long as their call lasts, and one call beforehand proves that Asterisk receives and
sends it on both legs. --no-voice leaves Asterisk nothing but signalling and prompts to do.

A call fails when SIPp says so, or when there is not exactly one complete, archived record of it
with its document. The time to the durable record is the commit's own time in PostgreSQL minus
Asterisk's CHAN_START, both in microseconds; PostgreSQL takes the former just before it flushes the
commit to the disk, so the mean flush is told below the table, and the time to the 200 OK, which
the agent asks for only when the record is durable, bounds it from above.
"""

import argparse
import asyncio
import math
import os
import platform
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from agent.speech.sound import length_of_file
from deploy.site import Site, SiteFailed
from tests.bench import call_records, sipp
from tests.bench.loaded_office import (
    TRUNK,
    hire,
    keep_commit_times,
    short_prompts,
    voice_packets,
    wait_for_phones,
)
from tests.bench.processes import cost_of, machine_busy_s, udp_datagrams
from tests.bench.rate_table import HEAD, PARTS, Round, complain, row_of, summary_of

TALK_S = 4.0
BESIDES_TALK_S = 2.0
"""That an operator is taken by a call in which nobody talks: ringing, and what follows it."""
BETWEEN_PROMPTS_S = 0.25
"""Until the next prompt begins or an operator answers; more than a quiet machine needs."""
ARCHIVED_WITHIN_S = 25.0
IDLE_S = 5.0
ASKED_BEFORE_END_S = 0.5
HOPELESS = 0.2
"""With this share of failures a higher rate teaches nothing more."""


@dataclass(frozen=True)
class Snapshot:
    """The clock, and what each part has cost so far."""

    at: float
    elsewhere_s: float
    seconds: dict[str, float]
    megabytes: dict[str, float]
    datagrams: int


class Bench:
    """The office under load; made inside the Site's `with`."""

    def __init__(self, site: Site, phones: sipp.OperatorPhones, talk_s: float, voice: bool) -> None:
        assert site.asterisk is not None
        assert site.asterisk.process_id is not None
        assert site.agent_process_id is not None
        postmaster = (site.folder / "postgres/data/postmaster.pid").read_text().split()[0]
        self._site = site
        self._phones = phones
        self._talk_s = talk_s
        self._voice = voice
        self._journal = site.asterisk.log_folder / "cel-custom" / "cel.jsonl"
        self._numbers = 0
        self._processes = dict(
            zip(
                PARTS,
                (site.agent_process_id, site.asterisk.process_id, int(postmaster)),
                strict=True,
            )
        )

    def listen_s(self) -> float:
        """How long a caller stays: the prompts before the queue, and the talk."""
        prompts = self._site.speech_folder / "prompts"
        lengths = {file.stem: length_of_file(file) for file in prompts.glob("*.wav")}
        seconds = {name: length.total_seconds() for name, length in lengths.items() if length}
        welcome = max(s for name, s in seconds.items() if name.startswith("welcome_"))
        return welcome + seconds["recording_notice"] + BETWEEN_PROMPTS_S + self._talk_s

    def snapshot(self) -> Snapshot:
        """What everything has cost until now."""
        costs = {part: cost_of(pid) for part, pid in self._processes.items()}
        callers = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = {part: cost.seconds for part, cost in costs.items()}
        seconds["sipp"] = callers.ru_utime + callers.ru_stime + self._phones.cost_s
        return Snapshot(
            time.monotonic(),
            machine_busy_s() - sum(seconds.values()),
            seconds,
            {part: cost.megabytes for part, cost in costs.items()},
            udp_datagrams(),
        )

    def round(self, rate: int, seconds: float) -> Round:
        """Calls at this rate for so long, until the last of them is archived."""
        count = max(1, round(rate * seconds))
        numbers = [f"0812{self._numbers + place:08d}" for place in range(count)]
        self._numbers += count
        before = self.snapshot()
        called = sipp.call(
            self._site.folder / "sipp" / f"callers-{numbers[0]}",
            self._site.sip_server,
            self._site.values.helpdesk_number,
            numbers,
            rate,
            self.listen_s(),
            voice=self._voice,
        )
        url = self._site.database_url
        deadline = time.monotonic() + ARCHIVED_WITHIN_S
        while asyncio.run(call_records.unfinished(url)) and time.monotonic() < deadline:
            time.sleep(0.25)
        after = self.snapshot()
        archive = self._site.settings.state_folder / "archive"
        outcome = asyncio.run(call_records.outcome_of(url, archive, self._journal, numbers))
        capacity_s = (after.at - before.at) * (os.cpu_count() or 1)
        return Round(
            rate,
            frozenset(numbers),
            self._talk_s,
            called,
            outcome,
            {part: after.seconds[part] - before.seconds[part] for part in PARTS},
            after.megabytes,
            (after.seconds["sipp"] - before.seconds["sipp"]) / capacity_s,
            max(after.elsewhere_s - before.elsewhere_s, 0.0) / capacity_s,
            after.datagrams - before.datagrams,
        )

    def proof(self) -> str:
        """One call, just before whose end Asterisk is asked what voice it has heard and sent.

        Answers the line to print. Raises SiteFailed when there should be voice and is none.
        """
        with ThreadPoolExecutor(1) as pool:
            calling = pool.submit(self.round, 1, 1)
            time.sleep(self.listen_s() - ASKED_BEFORE_END_S)
            assert self._site.asterisk is not None
            legs = voice_packets(self._site.asterisk.command("pjsip show channelstats"))
            calling.result()
        told = "; ".join(
            f"{'caller' if name == TRUNK else 'operator'} {leg.heard} received, {leg.sent} sent"
            for name, leg in sorted(legs.items(), reverse=True)
        )
        if self._voice and not all(leg.heard and leg.sent for leg in legs.values()):
            raise SiteFailed(f"Voice does not flow both ways: {told}.")
        return f"voice packets in one call, by Asterisk's count: {told or 'none'}"


def whole_run(options: argparse.Namespace, folder: Path) -> None:
    """Start the office, call it at every rate, print what was seen."""
    root = os.environ.get("LPSE_ASTERISK_ROOT", "")
    postgres = keep_commit_times(folder / "postgres")
    settings: dict[str, object] = {}
    if not options.real_prompts:
        settings["recorded_prompts_folder"] = str(short_prompts(folder / "recordings"))
    with Site(folder, Path(root) if root else None, print, **settings) as site:
        accounts = asyncio.run(hire(site, options.operators))
        wait_for_phones(site, options.operators, "unreachable")
        with sipp.OperatorPhones(
            folder / "sipp" / "operators", site.sip_server, accounts, voice=options.voice
        ) as phones:
            wait_for_phones(site, options.operators, "idle")
            bench = Bench(site, phones, options.talk, options.voice)
            print(
                f"{'real' if options.real_prompts else 'short recorded'} prompts, callers stay"
                f" {bench.listen_s():.1f} s, {options.operators} operators, milliseconds,"
                f" {'G.711 voice' if options.voice else 'no voice'}"
            )
            print(bench.proof())
            if options.voice:
                print(
                    f"real talks last minutes, not {options.talk:g} s, and Asterisk carries their"
                    " voice throughout: its share of a real call is larger still"
                )
            before = bench.snapshot()
            time.sleep(IDLE_S)
            idle = bench.snapshot()
            print(f"\n{HEAD}")
            rounds: list[Round] = []
            for rate in options.rates:
                rounds.append(bench.round(rate, options.seconds))
                print(row_of(rounds[-1]), flush=True)
                complain(rounds[-1])
                if site.agent_process_id is None:
                    print("  the agent has ended")
                    break
                if rounds[-1].failed > HOPELESS * rounds[-1].called.made:
                    break
                try:
                    wait_for_phones(site, options.operators, "idle")
                except SiteFailed as error:
                    print(f"  {error}")
                    break
            if phones.complaint:
                print(f"  the operators' SIPp: {phones.complaint}")
        flush_ms = asyncio.run(call_records.write_ahead_flush_ms(site.database_url))
        assert site.asterisk is not None
        asterisk = site.asterisk.installation.version
    print()
    print(*summary_of(rounds), sep="\n")
    shares = (
        f"{part} {(idle.seconds[part] - before.seconds[part]) / IDLE_S:.1%}" for part in PARTS
    )
    print(f"without any call, of one core: {', '.join(shares)} (contained in the figures above)")
    if flush_ms is not None:
        print(f"mean flush of a commit to the disk: {flush_ms:.2f} ms")
    print(
        f"Asterisk {asterisk}, PostgreSQL {postgres.split()[0]}, Python"
        f" {platform.python_version()}, {sipp.version()}, {os.cpu_count()} cores (shared with SIPp)"
    )


def parse_options() -> argparse.Namespace:
    """What the command line asks for; ends the program when it cannot be done."""
    parser = argparse.ArgumentParser(description="Calls a second through the whole helpdesk.")
    parser.add_argument("--rates", default="2,5,10", help="calls a second, rising")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each rate is offered")
    parser.add_argument("--talk", type=float, default=TALK_S, help="seconds of talk in each call")
    parser.add_argument("--no-voice", dest="voice", action="store_false", help="signalling only")
    parser.add_argument("--operators", type=int, help="telephones that answer, by default enough")
    parser.add_argument("--real-prompts", action="store_true", help="the agent's own prompts")
    parser.add_argument("--keep", type=Path, help="a new folder for all logs, kept afterwards")
    options = parser.parse_args()
    try:
        options.rates = [int(rate) for rate in options.rates.split(",")]
    except ValueError:
        parser.error("--rates wants whole numbers with commas between them")
    if options.operators is None:
        options.operators = math.ceil(max(options.rates) * (options.talk + BESIDES_TALK_S))
    longest_s = len(options.rates) * (options.seconds + ARCHIVED_WITHIN_S + 10)
    if (
        min(options.rates) < 1
        or options.operators < 0
        or options.talk < 1
        or longest_s > sipp.EXPIRES_S
    ):
        parser.error(f"one call a second, a second of talk, {sipp.EXPIRES_S} s in all")
    if os.environ.get("DATABASE_URL"):
        parser.error("DATABASE_URL is set, but this measures a PostgreSQL of its own")
    return options


def main() -> None:
    """Run in a folder that Asterisk's own user may enter, and leave nothing behind."""
    options = parse_options()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for Asterisk, SIPp and the agent
    try:
        sipp.version()
        if options.keep:
            options.keep.mkdir(mode=0o755)
            whole_run(options, options.keep.resolve())
            return
        with tempfile.TemporaryDirectory(prefix="lpse-bench-") as folder:
            Path(folder).chmod(0o755)
            whole_run(options, Path(folder))
    except (sipp.SippFailed, SiteFailed) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
