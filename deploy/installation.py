"""Installs the helpdesk on this machine for good; a repeat takes up what has changed.

Programs, users, database, configuration, units, guards: each is made when it is missing, written
when it differs, and named. People talk on through a repeat, for a running Asterisk is left alone.
Runs on the machine's own Python before anything is installed, hence the standard library alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.asterisk_server import AsteriskCannotRun, find_installation
from deploy.installed_answers import AnswerInvalid, Answers, read_answers
from deploy.installed_files import SITE, Programs, settings_to_add, write_files
from deploy.set_up_asterisk import find_or_make_asterisk
from deploy.set_up_machine import can_be_reached, install_packages, refuse_unusable_folder
from deploy.set_up_progress import Progress, SetUpRefused
from deploy.set_up_python import make_service_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parent.parent
# python3-systemd lets fail2ban read the machine's journal, see jail.d/lpse-asterisk.conf.
PACKAGES = ["chrony", "fail2ban", "logrotate", "nftables", "python3-systemd"]
NEEDED_BYTES = 1_500_000_000  # Asterisk's root, the Python environment, and a database
# A cache may be emptied by whoever needs room; the Asterisk that takes calls may not.
ASTERISK_HOME = "/usr/local/lib/lpse-agent"
OF_ASTERISK = ("/etc/lpse-agent/asterisk/", "/etc/systemd/system/lpse-asterisk")
DATABASE_URL = "postgresql:///lpse_agent?host=/run/postgresql"


def install(given: Mapping[str, object]) -> int:
    """Install with these answers; the status of `lpse-agent doctor` afterwards.

    Raises SetUpRefused.
    """
    os.umask(0o022)
    os.chdir(CHECKOUT)
    try:
        _install(given, Progress())
    except (AsteriskCannotRun, AnswerInvalid) as reason:
        raise SetUpRefused(str(reason)) from None
    return subprocess.run(("/usr/local/bin/lpse-agent", "doctor")).returncode


def _install(given: Mapping[str, object], progress: Progress) -> None:
    if not Path("/run/systemd/system").is_dir():
        raise SetUpRefused("systemd does not run this machine: use a machine or container it runs.")
    for folder, mend in (
        (CHECKOUT, "clone it to /opt/lpse-agent"),
        (Path(sys.base_prefix), "put Debian's own python3 first on PATH"),
    ):
        if not can_be_reached(folder):
            raise SetUpRefused(f"{folder} lies where system users cannot reach it: {mend}.")
    refuse_unusable_folder(CHECKOUT, NEEDED_BYTES)
    answers = read_answers(given, SITE)  # before anything is made
    log = CHECKOUT / "var/log/install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("LPSE_CACHE", ASTERISK_HOME)
    with progress.alone(log.with_name("install.lock")):
        install_packages(PACKAGES, progress, log)
        python = make_service_environment(CHECKOUT, CHECKOUT / "var", progress, log)
        # The service may not write here, and would translate every module anew at each start.
        progress.run([str(python), "-m", "compileall", "-q", "agent"], log)
        root = find_or_make_asterisk(python, progress, log)
        programs = Programs(CHECKOUT, python, find_installation(root), root)
        database_url = os.environ.get("DATABASE_URL") or _make_database(progress, log)
        written = write_files(answers, programs, database_url)
        for name in written:
            progress.say(f"Written: {name}")
        for sentence in settings_to_add(answers):
            progress.say(sentence)
        # Users first: the second gives them their folders.
        progress.run(["systemd-sysusers", "lpse.conf"], log)
        progress.run(["systemd-tmpfiles", "--create", "lpse.conf"], log)
        _start(answers, written, progress, log)


def _make_database(progress: Progress, log: Path) -> str:
    """This machine's PostgreSQL with a database of the agent's own; no password, by peer login."""
    install_packages(["postgresql"], progress, log)
    as_postgres = ["runuser", "-u", "postgres", "--"]
    for what, name, make in (
        ("pg_roles WHERE rolname", "lpse-agent", ["createuser", "lpse-agent"]),
        ("pg_database WHERE datname", "lpse_agent", ["createdb", "-O", "lpse-agent", "lpse_agent"]),
    ):
        query = ["psql", "-tAc", f"SELECT 1 FROM {what} = '{name}'"]  # noqa: S608 - our own words
        found = subprocess.run([*as_postgres, *query], capture_output=True, text=True, cwd="/")
        if found.stdout.strip() != "1":
            progress.say(f"PostgreSQL: {' '.join(make)}")
            progress.run([*as_postgres, *make], log)
    return DATABASE_URL


def _start(answers: Answers, written: list[str], progress: Progress, log: Path) -> None:
    progress.run(["systemctl", "daemon-reload"], log)
    if Path("/lib/systemd/system/asterisk.service").exists():
        progress.say("Debian's own asterisk.service is switched off: two would want the same ports")
        progress.run(["systemctl", "disable", "--now", "asterisk.service"], log)
    # The standby first, so that one of the two is always there.
    agents = [*(["lpse-agent-standby.service"] if answers.standby else []), "lpse-agent.service"]
    units = ["lpse-firewall.service", "lpse-asterisk.service", *agents]
    talking = _is_active("lpse-asterisk.service")
    progress.run(["systemctl", "enable", "chrony.service", "fail2ban.service", *units], log)
    progress.run(["systemctl", "restart", "chrony.service", "fail2ban.service"], log)
    progress.run(["systemctl", "reload-or-restart", "lpse-firewall.service"], log)
    progress.run(["systemctl", "start", "lpse-asterisk.service"], log)
    progress.say("Starting the agent: it waits for the database and renders its prompts")
    for agent in agents:
        progress.run(["systemctl", "restart", agent], log)
    if talking and any(name.startswith(OF_ASTERISK) for name in written):
        progress.say(
            "Asterisk takes up its new configuration when it starts anew, which ends all calls:"
            " systemctl restart lpse-asterisk"
        )


def _is_active(unit: str) -> bool:
    return subprocess.run(["systemctl", "is-active", "--quiet", unit]).returncode == 0
