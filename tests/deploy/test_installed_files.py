"""The files of an installation, examined by the programs that will read them."""

import os
import re
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.runtime.person_keys import BYTES
from agent.settings import ROOT, read_settings
from deploy.asterisk_server import find_installation, system_user
from deploy.installed_answers import AnswerInvalid, Answers, read_answers
from deploy.installed_files import (
    FILES,
    NGINX_SITE,
    SITE,
    STANDBY_UNIT,
    Programs,
    settings_to_add,
    write_files,
)
from deploy.set_up_asterisk import cache
from tests.certificates import make_certificate

ASTERISK_ROOT = os.environ["LPSE_ASTERISK_ROOT"]
DATABASE_URL = "postgresql:///lpse_agent?host=/run/postgresql"
ANSWERS = Answers(trunk=("192.0.2.10", "198.51.100.0/24"), standby=True)


@pytest.fixture(scope="module")
def programs() -> Programs:
    """This checkout and what the set-up made; the environment is the tests' own."""
    root = Path(ASTERISK_ROOT) if ASTERISK_ROOT else None
    return Programs(ROOT, Path(sys.executable), find_installation(root), root)


@pytest.fixture
def installed(programs: Programs) -> Iterator[Path]:
    """The root of a machine with these files."""
    # Not tmp_path: pytest closes its folders to Asterisk's own user.
    with tempfile.TemporaryDirectory(prefix="lpse-installed-") as folder:
        Path(folder).chmod(0o755)
        write_files(ANSWERS, programs, DATABASE_URL, Path(folder))
        yield Path(folder)


def test_nothing_is_left_to_fill_in_and_every_file_of_the_folder_is_installed(
    installed: Path,
) -> None:
    for file in installed.rglob("*"):
        if file.is_file():
            assert "<<" not in file.read_text(), file
            assert "/opt/lpse-agent" not in file.read_text(), file
    kinds = ("systemd", "nftables", "fail2ban", "chrony", "logrotate")
    kept = {
        str(file.relative_to(ROOT / "deploy"))
        for kind in kinds
        for file in (ROOT / "deploy" / kind).rglob("*")
        if file.is_file()
    }
    assert kept == {source for source in FILES if "/" in source}


def test_systemd_finds_nothing_to_say_of_the_units(installed: Path) -> None:
    units = sorted((installed / "etc/systemd/system").iterdir())
    assert len(units) == 4
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_users_and_folders_are_made_and_secrets_are_closed(installed: Path) -> None:
    (installed / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (installed / "etc/group").write_text("root:x:0:\n")
    for program in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        done = subprocess.run(
            [*program, f"--root={installed}", "lpse.conf"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    users = dict(re.findall(r"(?m)^(lpse-\w+):x:(\d+)", (installed / "etc/passwd").read_text()))
    groups = dict(re.findall(r"(?m)^(lpse-\w+):x:(\d+)", (installed / "etc/group").read_text()))
    users["root"] = groups["root"] = "0"
    for name, mode, user, group in (
        ("etc/lpse-agent/ari.secret", 0o640, "root", "lpse-agent"),
        ("etc/lpse-agent/person.key", 0o640, "root", "lpse-agent"),
        ("etc/lpse-agent/caller.secret", 0o600, "root", "root"),
        ("etc/lpse-agent/lpse-agent.toml", 0o640, "root", "lpse-agent"),
        ("etc/lpse-agent/asterisk/pjsip.conf", 0o640, "root", "lpse-asterisk"),
        ("var/lib/lpse-agent", 0o710, "lpse-agent", "lpse-asterisk"),
        ("var/lib/lpse-agent/speech", 0o2750, "lpse-agent", "lpse-asterisk"),
        ("var/lib/lpse-asterisk/log", 0o2750, "lpse-asterisk", "lpse-agent"),
        ("var/lib/lpse-asterisk/spool/voicemail", 0o2770, "lpse-asterisk", "lpse-agent"),
        ("var/lib/lpse-asterisk/log/cel-custom", 0o2770, "lpse-asterisk", "lpse-agent"),
    ):
        state = (installed / name).stat()
        assert stat.S_IMODE(state.st_mode) == mode, name
        assert (str(state.st_uid), str(state.st_gid)) == (users[user], groups[group]), name


def test_the_agent_understands_its_settings_and_the_standby_has_a_place_of_its_own(
    installed: Path,
) -> None:
    first, second = (
        read_settings({"LPSE_SETTINGS": str(installed / f"etc/lpse-agent/{name}.toml")})
        for name in ("lpse-agent", "lpse-agent-standby")
    )
    assert first.database_url == second.database_url == DATABASE_URL
    assert first.http_port != second.http_port
    assert first.state_folder == Path("/var/lib/lpse-agent")
    # One key: the standby must know whom a legal hold keeps.
    assert first.person_key_file == second.person_key_file == Path("/etc/lpse-agent/person.key")
    assert len((installed / "etc/lpse-agent/person.key").read_bytes()) >= BYTES
    assert second.state_folder == Path("/var/lib/lpse-agent-standby")
    assert (installed / STANDBY_UNIT[1:]).read_text() == (
        installed / "etc/systemd/system/lpse-agent.service"
    ).read_text()


def test_a_repeat_writes_nothing_and_keeps_what_people_have_set(
    installed: Path, programs: Programs
) -> None:
    settings = installed / "etc/lpse-agent/lpse-agent.toml"
    settings.write_text(settings.read_text() + 'zone = "WIT"\n')
    secret = (installed / "etc/lpse-agent/ari.secret").read_text()
    answers = read_answers({"trunk": None, "number": None}, installed / SITE.relative_to("/"))
    assert answers == ANSWERS
    assert write_files(answers, programs, "postgresql://another", installed) == []
    assert settings.read_text().endswith('zone = "WIT"\n')
    assert (installed / "etc/lpse-agent/ari.secret").read_text() == secret


def test_a_new_answer_names_the_files_that_it_changes(installed: Path, programs: Programs) -> None:
    answers = read_answers({"trunk": ["203.0.113.7"]}, installed / SITE.relative_to("/"))
    assert set(write_files(answers, programs, DATABASE_URL, installed)) == {
        "/etc/lpse-agent/asterisk/pjsip.conf",
        "/etc/lpse-agent/lpse.nft",
        "/etc/fail2ban/jail.d/lpse-asterisk.conf",
        "/etc/lpse-agent/site.toml",
    }
    assert tomllib.loads((installed / "etc/lpse-agent/site.toml").read_text())["trunk"] == [
        "203.0.113.7"
    ]


def test_a_number_that_asterisk_would_read_as_syntax_is_refused(
    tmp_path: Path, programs: Programs
) -> None:
    answers = Answers(trunk=("192.0.2.1",), number="_X.")
    with pytest.raises(AnswerInvalid, match="helpdesk_number"):
        write_files(answers, programs, DATABASE_URL, tmp_path)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate of localhost, and its key."""
    return tuple(map(str, make_certificate(tmp_path)))


def test_with_a_certificate_the_agent_itself_serves_the_desks_networks(
    tmp_path: Path, programs: Programs, certificate: tuple[str, str]
) -> None:
    made, key = certificate
    answers = replace(
        ANSWERS, pages_origin="https://localhost", pages_certificate=made, pages_key=key,
        browsers=("10.1.0.0/16",),
    )  # fmt: skip
    write_files(answers, programs, DATABASE_URL, tmp_path)
    for name in ("lpse-agent", "lpse-agent-standby"):
        settings = read_settings({"LPSE_SETTINGS": f"{tmp_path}/etc/lpse-agent/{name}.toml"})
        here = (settings.pages_origin, settings.pages_address, settings.pages_port)
        assert here == ("https://localhost", "0.0.0.0", 443)  # noqa: S104
        copies = [
            tmp_path / str(f)[1:]
            for f in (settings.pages_certificate_file, settings.pages_key_file)
        ]
        assert [copy.read_text() for copy in copies] == [Path(f).read_text() for f in certificate]
        assert stat.S_IMODE(copies[1].stat().st_mode) == 0o600
    unit = (tmp_path / "etc/systemd/system/lpse-agent.service").read_text()
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in unit
    rules = (tmp_path / "etc/lpse-agent/lpse.nft").read_text()
    assert "elements = { 10.1.0.0/16 }" in rules
    assert "tcp dport 443 ip saddr != @browsers counter drop" in rules
    assert not (tmp_path / NGINX_SITE[1:]).exists()
    assert settings_to_add(answers, tmp_path) == []


def test_a_renewed_certificate_is_taken_up_by_a_repeat(
    tmp_path: Path, programs: Programs, certificate: tuple[str, str]
) -> None:
    made, key = certificate
    answers = replace(
        ANSWERS, pages_origin="https://localhost", pages_certificate=made, pages_key=key
    )
    write_files(answers, programs, DATABASE_URL, tmp_path / "root")
    make_certificate(tmp_path)
    written = write_files(answers, programs, DATABASE_URL, tmp_path / "root")
    assert written == ["/etc/lpse-agent/pages.pem", "/etc/lpse-agent/pages.key"]


def test_without_a_certificate_nginx_has_a_site_that_is_the_offices_own_from_then_on(
    tmp_path: Path, programs: Programs
) -> None:
    answers = replace(ANSWERS, pages_origin="https://helpdesk.example.go.id")
    assert NGINX_SITE in write_files(answers, programs, DATABASE_URL, tmp_path)
    settings = read_settings({"LPSE_SETTINGS": f"{tmp_path}/etc/lpse-agent/lpse-agent.toml"})
    assert settings.pages_origin == answers.pages_origin
    assert (settings.pages_address, settings.pages_port) == ("127.0.0.1", 8280)
    site = tmp_path / NGINX_SITE[1:]
    assert "server_name helpdesk.example.go.id;" in site.read_text()
    assert "<<" not in site.read_text()
    assert (
        "AmbientCapabilities=\n" in (tmp_path / "etc/systemd/system/lpse-agent.service").read_text()
    )
    site.write_text("# the office's own\n")
    assert write_files(answers, programs, DATABASE_URL, tmp_path) == []
    assert site.read_text() == "# the office's own\n"


def test_an_earlier_installation_is_told_what_its_settings_lack(
    installed: Path, programs: Programs
) -> None:
    assert settings_to_add(ANSWERS, installed) == []
    answers = replace(ANSWERS, pages_origin="https://helpdesk.example.go.id")
    settings = installed / "etc/lpse-agent/lpse-agent.toml"
    before = settings.read_text()
    write_files(answers, programs, DATABASE_URL, installed)
    assert settings.read_text() == before
    assert settings_to_add(answers, installed) == [
        f"/etc/lpse-agent/{name}.toml is left to people: for the pages set pages_origin ="
        ' "https://helpdesk.example.go.id" in it, then run systemctl restart ' + name
        for name in ("lpse-agent", "lpse-agent-standby")
    ]
    settings.write_text(before + 'pages_origin = "https://helpdesk.example.go.id"\n')
    assert len(settings_to_add(answers, installed)) == 1


def test_chrony_understands_its_part() -> None:
    printed = subprocess.run(
        [cache() / "tools/chrony/usr/sbin/chronyd", "-p", "-f", ROOT / "deploy/chrony/lpse.conf"],
        capture_output=True,
        text=True,
    )
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.splitlines() == ["maxslewrate 500", "leapsecmode slew"]


def test_logrotate_turns_asterisks_logs_over_and_has_them_opened_anew(installed: Path) -> None:
    user = system_user()
    assert user
    logs = installed / "logs"
    logs.mkdir()
    for name in ("messages", "security"):
        (logs / name).write_text("a line\n")
    readers = 1  # a group that Asterisk's user is not in, as the agent's
    for path in (logs, *logs.iterdir()):
        os.chown(path, user.pw_uid, readers)
    logs.chmod(0o2750)
    written = (installed / "etc/logrotate.d/lpse-asterisk").read_text()
    file = installed / "rotation"
    file.write_text(
        written.replace("/var/lib/lpse-asterisk/log", str(logs)).replace(
            "systemctl reload lpse-asterisk.service", f"id -un > {installed}/reloaded"
        )
    )
    rotate = ["logrotate", "--force", "--state", installed / "state", file]
    rotated = subprocess.run(rotate, capture_output=True, text=True)
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert sorted(path.name for path in logs.iterdir()) == ["messages.1", "security.1"]
    assert (installed / "reloaded").read_text() == "root\n", "once, and by who may do it"
    for name in ("messages", "security"):
        (logs / name).write_text("another line\n")
        os.chown(logs / name, user.pw_uid, readers)
    rotated = subprocess.run(rotate, capture_output=True, text=True)
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert {path.name for path in logs.iterdir()} >= {"messages.1", "messages.2.gz"}
