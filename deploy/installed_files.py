"""Every file that an installation has outside the checkout, from a few answers about the office."""

from __future__ import annotations

import json
import secrets
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.asterisk.configuration import PLACEHOLDER, ConfigurationValues, write_configuration
from deploy.installed_answers import AnswerInvalid, Answers

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
NGINX_SITE = "/etc/nginx/sites-available/lpse-agent"
SITE = SETTINGS_FOLDER / "site.toml"
PAGES_CERTIFICATE, PAGES_KEY = SETTINGS_FOLDER / "pages.pem", SETTINGS_FOLDER / "pages.key"


@dataclass(frozen=True)
class Programs:
    """What is started: the checkout by its Python, Asterisk, and whose espeak-ng speaks."""

    checkout: Path
    python: Path
    asterisk: Installation
    speech_root: Path | None


def write_files(
    answers: Answers, programs: Programs, database_url: str, root: Path = Path("/")
) -> list[str]:
    """Write what is missing or differs; answers the names of these files.

    The agent's settings and nginx's site are written once and then left to people. Raises
    AnswerInvalid.
    """
    folder = _under(root, SETTINGS_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    values = _asterisk_values(answers, programs, folder)
    _secret(folder / "person.key")
    written = _write_asterisk(values, root)
    texts = _texts(answers, values)
    files = {target: _filled(HERE / source, texts, programs) for source, target in FILES.items()}
    files[str(SITE)] = _toml(asdict(answers))
    if answers.standby:
        files[STANDBY_UNIT] = files[FILES["systemd/lpse-agent.service"]]
    if answers.pages_certificate:
        files[str(PAGES_CERTIFICATE)] = Path(answers.pages_certificate).read_text()
        files[str(PAGES_KEY)] = Path(answers.pages_key).read_text()
    once = {
        str(target): _settings(name, answers, programs, database_url)
        for name, target in _settings_files(answers).items()
    }
    if answers.pages_origin and not answers.pages_certificate:
        once[NGINX_SITE] = _filled(HERE / "nginx/lpse-agent", texts, programs)
    files |= {name: text for name, text in once.items() if not _under(root, Path(name)).exists()}
    for name, text in files.items():
        file = _under(root, Path(name))
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Closed until tmpfiles.d/lpse.conf gives each to whom it belongs.
            file.touch(mode=0o600 if file.suffix in (".toml", ".key") else 0o644)
            file.write_text(text)
            written.append(name)
    _under(root, Path(FILES["lpse-agent"])).chmod(0o755)
    return written


def settings_to_add(answers: Answers, root: Path = Path("/")) -> list[str]:
    """What the pages need and an earlier installation lacks, a sentence for each settings file."""
    sentences = []
    for target in _settings_files(answers).values():
        told = tomllib.loads(_under(root, target).read_text())
        lacking = {k: v for k, v in _pages_settings(answers).items() if told.get(k) != v}
        if lacking:
            lines = ", ".join(_toml(lacking).splitlines())
            sentences.append(
                f"{target} is left to people: for the pages set {lines} in it, then run"
                f" systemctl restart {target.stem}"
            )
    return sentences


def _settings_files(answers: Answers) -> dict[str, Path]:
    names = ["lpse-agent", *(["lpse-agent-standby"] if answers.standby else [])]
    return {name: SETTINGS_FOLDER / f"{name}.toml" for name in names}


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
        "browser_networks": ", ".join(answers.browsers),
        **_pages_texts(answers),
        "known_addresses": " ".join((*answers.trunk, *answers.phones)),
        "inner_ports": ", ".join(map(str, (ARI_PORT, HTTP_PORT, STANDBY_HTTP_PORT, AGI_PORT))),
        "sip_port": str(SIP_PORT),
        "state_folder": str(values.state_folder),
    }


def _pages_texts(answers: Answers) -> dict[str, str]:
    if answers.pages_place is None:
        rule = "# The pages are this machine's own, without --pages-origin."
        return {"pages_rule": rule, "agent_capabilities": ""}
    host, port = answers.pages_place
    binds = answers.pages_certificate and port < 1024
    return {
        "pages_host": host,
        "pages_port": str(port),
        "pages_rule": f"tcp dport {port} ip saddr != @browsers counter drop",
        "agent_capabilities": "CAP_NET_BIND_SERVICE" if binds else "",
    }


def _filled(file: Path, texts: Mapping[str, str], programs: Programs) -> str:
    text = PLACEHOLDER.sub(lambda match: texts[match[1]], file.read_text())
    return (
        text.replace("/opt/lpse-agent/var/service/bin/python", str(programs.python))
        .replace("/opt/lpse-agent", str(programs.checkout))
        .replace("/usr/sbin/asterisk", " ".join(programs.asterisk.program))
    )


def _settings(name: str, answers: Answers, programs: Programs, database_url: str) -> str:
    settings = {
        "database_url": database_url,
        "ari_url": f"http://127.0.0.1:{ARI_PORT}",
        "ari_secret_file": str(SETTINGS_FOLDER / "ari.secret"),
        "state_folder": f"/var/lib/{name}",
        "ledger_file": str(ASTERISK_STATE_FOLDER / "log/cel-custom/cel.jsonl"),
        "person_key_file": str(SETTINGS_FOLDER / "person.key"),
        "voicemail_folder": str(ASTERISK_STATE_FOLDER / "spool/voicemail"),
        "http_port": HTTP_PORT if name == "lpse-agent" else STANDBY_HTTP_PORT,
        **_pages_settings(answers),
    }
    if programs.speech_root:
        settings["speech_root"] = str(programs.speech_root)
    return f"# {programs.checkout}/README.md explains every setting.\n{_toml(settings)}"


def _pages_settings(answers: Answers) -> dict[str, object]:
    if answers.pages_place is None:
        return {}
    settings: dict[str, object] = {"pages_origin": answers.pages_origin}
    if answers.pages_certificate:
        settings |= {
            "pages_address": "0.0.0.0",  # noqa: S104 - browsers come from outside
            "pages_port": answers.pages_place[1],
            "pages_certificate_file": str(PAGES_CERTIFICATE),
            "pages_key_file": str(PAGES_KEY),
        }
    return settings


def _toml(values: Mapping[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _secret(file: Path) -> str:
    """Made once, 32 random bytes; only their file knows them."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text().strip()


def _under(root: Path, target: Path) -> Path:
    return root / target.relative_to("/")
