"""Makes a bare Debian machine ready and then starts demo, checks or faults; repeats are quick.

Runs on the machine's own Python before anything is installed, hence the standard library alone,
and no syntax so new that an old Python could not say what it lacks.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from deploy.checks import PARTS
from deploy.fault_options import add_options
from deploy.set_up_asterisk import cache, find_or_make_asterisk, refuse_without_room
from deploy.set_up_machine import (
    install_packages,
    refuse_unfit_machine,
    refuse_unusable_folder,
    state_folder,
    unpack_packages,
)
from deploy.set_up_progress import Progress, SetUpRefused
from deploy.set_up_python import make_environment
from deploy.set_up_servers import find_or_make_servers

CHECKOUT = Path(__file__).resolve().parent.parent
# A browser, what every Debian machine has but not every container, SIPp, and what holds papers
# against PDF/A.
TEST_PACKAGES = ["chromium", "iproute2", "logrotate", "nftables", "sip-tester", "systemd"]
TEST_PACKAGES += ["default-jre-headless", "libactivation-java", "libjaxb-api-java"]
TEST_PACKAGES += ["libpdfbox2-java"]
TEST_TOOLS = ["chrony", "fail2ban", "libfaketime", "nginx"]
PROGRAMS = {"demo": "deploy.demo_call", "test": "deploy.checks", "faults": "deploy.faults_report"}
STATE_BYTES = 900_000_000  # 420 MB of Python packages, their downloads, and a database


def main() -> None:
    """Set up what `demo`, `test` or `faults` (the first argument) needs and become that program."""
    purpose, arguments = sys.argv[1], sys.argv[2:]
    _parser(purpose).parse_args(arguments)
    try:
        python = set_up(purpose)
    except SetUpRefused as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit("Interrupted: start it again, what is finished stays.")
    module = PROGRAMS[purpose]
    os.execv(python, [str(python), "-m", module, *arguments])  # noqa: S606 - we become that program: its exit status and signals are ours


def set_up(purpose: str) -> Path:
    """Return the environment's Python; where the rest lies is told in the LPSE_ variables."""
    os.umask(0o022)  # system users read what root makes here, whatever root's own habit
    os.chdir(CHECKOUT)
    progress = Progress()
    refuse_unfit_machine(f"./deploy/{purpose}")
    refuse_unusable_folder(CHECKOUT, 0)
    refuse_without_room()
    state = state_folder(CHECKOUT)
    progress.say(f"Machine: fit; everything is kept in {state}")
    log = state / "log" / "set_up.log"
    log.parent.mkdir(exist_ok=True)
    with progress.alone(state / "set_up.lock"):
        if not (state / "venv").exists():
            refuse_unusable_folder(state, STATE_BYTES)
        python = make_environment(CHECKOUT, state, progress, log)
        if purpose != "demo":
            install_packages(TEST_PACKAGES, progress, log)
            unpack_packages(TEST_TOOLS, cache() / "tools", progress, log)
        root = find_or_make_asterisk(python, progress, log)
        if purpose == "test":
            os.environ["LPSE_SERVERS_ROOT"] = str(find_or_make_servers(progress, log))
    os.environ["LPSE_VAR"] = str(state)
    os.environ["LPSE_ASTERISK_ROOT"] = os.environ["LPSE_SPEECH_ROOT"] = str(root or "")
    return python


def _parser(purpose: str) -> argparse.ArgumentParser:
    """Refuses a mistyped option before anything is installed for it; the program reads them."""
    parser = argparse.ArgumentParser(prog=f"./deploy/{purpose}")
    if purpose == "demo":
        parser.description = (
            "Set this machine up, start the helpdesk and place one real call between two SIP"
            " phones; print its timeline and stay up for calls by hand."
        )
        parser.add_argument("--exit", action="store_true", help="end after the call")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    elif purpose == "faults":
        parser.description = (
            "Set this machine up, try every fault that the helpdesk must survive and print one"
            " table: fault, promise, measured, held or not. Status 0 only if all held."
        )
        add_options(parser)
    else:
        parser.description = "Set this machine up and run every check and test, or one part of it."
        parser.add_argument("part", nargs="?", choices=list(PARTS), help="run this part alone")
        rest = "for the part's program, for example: tests -k numbers"
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help=rest)
    return parser


if __name__ == "__main__":
    main()
