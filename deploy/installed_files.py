"""Every file that an installation has outside the checkout, from a few answers about the office."""

from __future__ import annotations

import ipaddress
import json
import secrets
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.asterisk.configuration import PLACEHOLDER, ConfigurationValues, write_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.asterisk_server import Installation

HERE = Path(__file__).resolve().parent
SETTINGS_FOLDER = Path("/etc/lpse-agent")
STATE_FOLDER = Path("/var/lib/lpse-agent")
ASTERISK_STATE_FOLDER = Path("/var/lib/lpse-asterisk")
ARI_PORT, HTTP_PORT, STANDBY_HTTP_PORT, AGI_PORT, SIP_PORT = 8088, 8180, 8181, 4573, 5060
# Below the kernel's own ephemeral ports, and four for each of the most calls.
RTP_PORTS = (12000, 15999)

FILES = {
    "systemd/lpse-agent.service": "/etc/systemd/system/lpse-agent.service",
    "systemd/lpse-asterisk.service": "/etc/systemd/system/lpse-asterisk.service",
    "systemd/lpse-firewall.service": "/etc/systemd/system/lpse-firewall.service",
    "systemd/sysusers.d/lpse.conf": "/etc/sysusers.d/lpse.conf",
    "systemd/tmpfiles.d/lpse.conf": "/etc/tmpfiles.d/lpse.conf",
    "nftables/lpse.nft": "/etc/lpse-agent/lpse.nft",
    "fail2ban/filter.d/lpse-asterisk.conf": "/etc/fail2ban/filter.d/lpse-asterisk.conf",
    "fail2ban/jail.d/lpse-asterisk.conf": "/etc/fail2ban/jail.d/lpse-asterisk.conf",
    "chrony/lpse.conf": "/etc/chrony/conf.d/lpse.conf",
    "logrotate/lpse-asterisk": "/etc/logrotate.d/lpse-asterisk",
    "lpse-agent": "/usr/local/bin/lpse-agent",
}
STANDBY_UNIT = "/etc/systemd/system/lpse-agent-standby.service"


class AnswerInvalid(ValueError):
    """An answer is missing or impossible; the message says which option mends it."""


@dataclass(frozen=True)
class Answers:
    """What nobody but the office knows; kept in site.toml, from where a repeat takes them."""

    number: str = "1500"
    trunk: tuple[str, ...] = ()
    phones: tuple[str, ...] = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    sip_address: str = "0.0.0.0"  # noqa: S104 - telephones come from outside
    standby: bool = False


@dataclass(frozen=True)
class Programs:
    """What is started: the checkout by its Python, Asterisk, and whose espeak-ng speaks."""

    checkout: Path
    python: Path
    asterisk: Installation
    speech_root: Path | None


def read_answers(given: Mapping[str, Any], root: Path = Path("/")) -> Answers:
    """What was answered before, and above it what is given now. Raises AnswerInvalid."""
    file = _under(root, SETTINGS_FOLDER / "site.toml")
    try:
        told: dict[str, Any] = tomllib.loads(file.read_text()) if file.exists() else {}
        told |= {name: value for name, value in given.items() if value is not None}
        answers = Answers(**told)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise AnswerInvalid(f"{file} cannot be understood: {error}") from None
    if not answers.trunk:
        raise AnswerInvalid(
            "Who may call? Name the address that the telephone company calls from: --trunk ADDRESS."
        )
    return replace(
        answers,
        trunk=tuple(_network("--trunk", one) for one in answers.trunk),
        phones=tuple(_network("--phones", one) for one in answers.phones),
    )


def write_files(
    answers: Answers, programs: Programs, database_url: str, root: Path = Path("/")
) -> list[str]:
    """Write what is missing or differs; answers the names of these files.

    The agent's settings are written once and then left to people. Raises AnswerInvalid.
    """
    folder = _under(root, SETTINGS_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    values = _asterisk_values(answers, programs, folder)
    _secret(folder / "person.key")
    written = _write_asterisk(values, root)
    texts = _texts(answers, values)
    files = {target: _filled(HERE / source, texts, programs) for source, target in FILES.items()}
    files[str(SETTINGS_FOLDER / "site.toml")] = _toml(asdict(answers))
    once = {"lpse-agent": HTTP_PORT}
    if answers.standby:
        files[STANDBY_UNIT] = files[FILES["systemd/lpse-agent.service"]]
        once["lpse-agent-standby"] = STANDBY_HTTP_PORT
    for name, port in once.items():
        target = SETTINGS_FOLDER / f"{name}.toml"
        if not _under(root, target).exists():
            files[str(target)] = _settings(name, port, programs, database_url)
    for name, text in files.items():
        file = _under(root, Path(name))
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Closed until tmpfiles.d/lpse.conf gives each to whom it belongs.
            file.touch(mode=0o600 if file.suffix == ".toml" else 0o644)
            file.write_text(text)
            written.append(name)
    _under(root, Path(FILES["lpse-agent"])).chmod(0o755)
    return written


def _asterisk_values(answers: Answers, programs: Programs, folder: Path) -> ConfigurationValues:
    first, last = RTP_PORTS
    return ConfigurationValues(
        modules_folder=programs.asterisk.modules_folder,
        data_folder=programs.asterisk.data_folder,
        state_folder=ASTERISK_STATE_FOLDER,
        prompts_folder=STATE_FOLDER / "speech/prompts",
        ari_port=ARI_PORT,
        agi_port=AGI_PORT,
        ari_secret=_secret(folder / "ari.secret"),
        sip_address=answers.sip_address,
        sip_port=SIP_PORT,
        rtp_first_port=first,
        rtp_last_port=last,
        caller_password=_secret(folder / "caller.secret"),
        trunk_addresses=answers.trunk,
        helpdesk_number=answers.number,
    )


def _write_asterisk(values: ConfigurationValues, root: Path) -> list[str]:
    target = SETTINGS_FOLDER / "asterisk"
    before = _contents(_under(root, target))
    try:
        write_configuration(target, values, root)
    except ValueError as error:
        raise AnswerInvalid(str(error)) from None
    after = _contents(_under(root, target))
    return [str(target / name) for name in after if after[name] != before.get(name)]


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.conf"))}


def _texts(answers: Answers, values: ConfigurationValues) -> dict[str, str]:
    return {
        "trunk_addresses": ", ".join(answers.trunk),
        "phone_networks": ", ".join(answers.phones),
        "known_addresses": " ".join((*answers.trunk, *answers.phones)),
        "inner_ports": ", ".join(map(str, (ARI_PORT, HTTP_PORT, STANDBY_HTTP_PORT, AGI_PORT))),
        "sip_port": str(SIP_PORT),
        "state_folder": str(values.state_folder),
    }


def _filled(file: Path, texts: Mapping[str, str], programs: Programs) -> str:
    text = PLACEHOLDER.sub(lambda match: texts[match[1]], file.read_text())
    return (
        text.replace("/opt/lpse-agent/var/service/bin/python", str(programs.python))
        .replace("/opt/lpse-agent", str(programs.checkout))
        .replace("/usr/sbin/asterisk", " ".join(programs.asterisk.program))
    )


def _settings(name: str, http_port: int, programs: Programs, database_url: str) -> str:
    settings = {
        "database_url": database_url,
        "ari_url": f"http://127.0.0.1:{ARI_PORT}",
        "ari_secret_file": str(SETTINGS_FOLDER / "ari.secret"),
        "state_folder": f"/var/lib/{name}",
        "ledger_file": str(ASTERISK_STATE_FOLDER / "log/cel-custom/cel.jsonl"),
        "person_key_file": str(SETTINGS_FOLDER / "person.key"),
        "voicemail_folder": str(ASTERISK_STATE_FOLDER / "spool/voicemail"),
        "http_port": http_port,
    }
    if programs.speech_root:
        settings["speech_root"] = str(programs.speech_root)
    return f"# {programs.checkout}/README.md explains every setting.\n{_toml(settings)}"


def _toml(values: Mapping[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _secret(file: Path) -> str:
    """Made once, 32 random bytes; only their file knows them."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text().strip()


def _network(option: str, text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError as error:
        raise AnswerInvalid(f"{option} {text}: {error}") from None
    return str(network.network_address if network.prefixlen == 32 else network)


def _under(root: Path, target: Path) -> Path:
    return root / target.relative_to("/")
