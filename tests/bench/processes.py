"""What processes and their children cost: processor time and memory, as Linux counts them."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Processor seconds since the start, children that ended included, and MB of memory now."""

    seconds: float
    megabytes: float


def cost_of(process_id: int) -> Cost:
    """The cost of a process and everything below it.

    Memory that several of them share is counted once (PSS); PostgreSQL's sessions share most.
    """
    parents = _parents()
    family = {process_id}
    # Each round finds one generation more.
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    ticks = sum(_ticks(pid) for pid in family)
    return Cost(ticks / TICKS_PER_SECOND, sum(_kilobytes(pid) for pid in family) / 1024)


def machine_busy_s() -> float:
    """Processor seconds that the whole machine has worked, whoever for."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) / TICKS_PER_SECOND


def udp_datagrams() -> int:
    """UDP datagrams that programs of this machine have sent, whoever for."""
    names, values = (
        line.split()
        for line in Path("/proc/net/snmp").read_text().splitlines()
        if line.startswith("Udp:")
    )
    return int(values[names.index("OutDatagrams")])


def _fields(pid: int) -> list[str]:
    """Of /proc/<pid>/stat, from the state on; the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parents() -> dict[int, int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(_fields(int(entry.name))[1])
            except OSError:
                continue  # ended meanwhile
    return parents


def _ticks(pid: int) -> int:
    try:
        return sum(int(field) for field in _fields(pid)[11:15])  # own and those of ended children
    except OSError:
        return 0


def _kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
