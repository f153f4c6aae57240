"""Voice before everything else on the machine: here as under systemd."""

import os
import re
from pathlib import Path

from deploy.asterisk_server import AsteriskServer

UNIT = Path(__file__).parents[2] / "deploy/systemd/lpse-asterisk.service"


def test_asterisk_runs_with_the_priority_of_its_unit_where_it_may(asterisk: AsteriskServer) -> None:
    found = re.search(r"(?m)^Nice=(-\d+)$", UNIT.read_text())
    assert found
    assert asterisk.process_id
    wanted = int(found[1]) if os.geteuid() == 0 else os.nice(0)
    assert os.getpriority(os.PRIO_PROCESS, asterisk.process_id) == wanted
