"""The table of the call-rate benchmark: one line a rate, and what all of them come to."""

from dataclasses import dataclass

from tests.bench import sipp
from tests.bench.call_records import Outcome, percentile

BUDGET_MS = 20.0
VOICE_PER_S = 200
"""Each leg has a packet every 20 ms both ways, and every one of them is sent once."""
PARTS = ("agent", "asterisk", "postgres")


@dataclass(frozen=True)
class Round:
    """One rate: what was offered, what became of it, what it cost."""

    rate: int
    numbers: frozenset[str]
    talk_s: float
    called: sipp.Called
    outcome: Outcome
    seconds: dict[str, float]
    megabytes: dict[str, float]
    sipp: float
    elsewhere: float
    datagrams: int

    @property
    def failed(self) -> int:
        """Calls that went wrong for the caller, or for the record."""
        return len((self.numbers - self.called.done) | self.outcome.wrong_numbers)

    def per_thousand(self, part: str) -> float:
        """Processor seconds per 1,000 calls."""
        return self.seconds[part] / max(self.called.made, 1) * 1000


HEAD = (
    "calls/s   calls  failed  talked   record p50    p99   of it the agent p50    p99"
    "   200 OK p50    p99   CPU s/1,000: agent asterisk postgres   memory MB: agent asterisk"
    " postgres   machine: SIPp elsewhere"
)


def row_of(found: Round) -> str:
    """One line of the table."""
    outcome, made = found.outcome, max(found.called.made, 1)
    times = [
        percentile(values, share)
        for values in (outcome.recorded_ms, outcome.agent_ms, outcome.answered_ms)
        for share in (0.5, 0.99)
    ]
    return (
        f"{found.rate:7}{found.called.made:8}{found.failed:8}{outcome.reached / made:8.0%}"
        f"{times[0]:13.1f}{times[1]:7.1f}{times[2]:22.1f}{times[3]:7.1f}"
        f"{times[4]:13.1f}{times[5]:7.1f}"
        f"{found.per_thousand('agent'):21.1f}{found.per_thousand('asterisk'):9.1f}"
        f"{found.per_thousand('postgres'):9.1f}"
        f"{found.megabytes['agent']:19.0f}{found.megabytes['asterisk']:9.0f}"
        f"{found.megabytes['postgres']:9.0f}{found.sipp:16.0%}{found.elsewhere:10.0%}"
    )


def summary_of(rounds: list[Round]) -> list[str]:
    """What the table comes to."""
    clean = []
    for found in rounds:
        if found.failed:
            break
        clean.append(found)
    lines = [
        f"highest rate without a failure: {clean[-1].rate} calls/s"
        if clean
        else "no rate was without a failure"
    ]
    # Calls that fall behind wait and are still recorded, so no failure is not yet a good service.
    good = [
        found.rate
        for found in clean
        if found.outcome.reached == found.called.made
        and percentile(found.outcome.recorded_ms, 0.99) <= BUDGET_MS
    ]
    lines.append(
        f"highest rate with all callers talking, recorded within {BUDGET_MS:.0f} ms (p99):"
        f" {max(good, default='none')}"
    )
    if not clean:
        return lines
    agent, asterisk = (
        sum(found.seconds[part] for found in clean) for part in ("agent", "asterisk")
    )
    lines.append(f"CPU of the agent / CPU of Asterisk, per call: {agent / asterisk:.2f}")
    if talked_s := sum(found.outcome.reached * found.talk_s for found in clean):
        datagrams = sum(found.datagrams for found in clean)
        lines.append(
            f"UDP datagrams sent on this machine per second of talk: {datagrams / talked_s:.0f}"
            f" ({VOICE_PER_S} are the voice of two legs, both ways; prompts, SIP and whatever"
            " other programs send are in it)"
        )
    return lines


def complain(found: Round) -> None:
    """Say below its line what went wrong at a rate."""
    if found.called.failed:
        print(f"  SIPp: {found.called.failed} failed, the last: {found.called.complaint}")
    for what, count in found.outcome.wrong.items():
        print(f"  {count} {what}")
