"""The demonstration shows what it promises and leaves nothing behind."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHIN_S = 240


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own: Asterisk's user may not enter that.
    with tempfile.TemporaryDirectory(prefix="lpse-demo-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def processes_about(folder: Path) -> list[str]:
    """Command lines and settings of living processes that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for file in ("cmdline", "environ"):
            try:
                text = (process / file).read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it ended meanwhile
            if str(folder) in text:
                found.append(f"{process.name} {text[:200]}")
    return found


def test_the_demonstration_prints_a_complete_record_and_leaves_no_process(folder: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "LPSE_VAR": str(folder),
        "LPSE_ASTERISK_ROOT": os.environ["LPSE_ASTERISK_ROOT"],
    }
    done = subprocess.run(
        (sys.executable, "-m", "deploy.demo_call", "--exit", "--json"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["outcome"] == "escalated"
    assert record["form_number"].startswith("0001/")
    assert record["ticket_number"]
    assert record["deviations"] == []
    assert [s["step"] for s in record["steps"] if s["state"] == "met"] == [
        *("1", "1a", "2", "3", "4", "5", "7", "8")
    ]
    assert all(s["evidence"] for s in record["steps"] if s["state"] == "met")
    assert processes_about(folder) == []
    assert "081234567890" not in (folder / "log" / "agent.jsonl").read_text()
    assert oct((folder / "ari.secret").stat().st_mode)[-4:] == "0640"
