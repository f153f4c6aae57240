"""Asterisk's configuration files, filled in from dialplan/ for one installation."""

import re
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "dialplan"

# Asterisk has no double angle bracket of its own, so nothing of its syntax is ever taken for ours.
PLACEHOLDER = re.compile(r"<<([a-z_]+)>>")
# Asterisk reads files line by line and cuts at a semicolon; a bracket would open a section, and
# in the dialplan a comma or an ampersand starts another argument, a dollar a variable.
FORBIDDEN_IN_A_VALUE = re.compile(r"[\x00-\x1f\x7f;\[\]<>,&$\"]")
FILES_WITH_SECRETS = frozenset({"ari.conf", "pjsip.conf"})


class ConfigurationValueInvalid(ValueError):
    """A value would change the meaning of the configuration file around it."""


@dataclass(frozen=True)
class ConfigurationValues:
    """Everything in which one installation of the helpdesk's Asterisk differs from another.

    Folders are absolute. What Asterisk writes lies below state_folder. trunk_addresses are
    addresses or networks (192.0.2.0/24) of the telephone company. At agi_port the dialplan's
    fallback asks by FastAGI. longest_unanswered_seconds bounds the wait of a caller whom no agent
    answers; fallback_ring_seconds is how long the fallback looks for an operator.
    """

    modules_folder: Path
    data_folder: Path
    state_folder: Path
    prompts_folder: Path
    ari_port: int
    ari_secret: str
    sip_port: int
    rtp_first_port: int
    rtp_last_port: int
    caller_password: str
    trunk_addresses: tuple[str, ...]
    helpdesk_number: str
    agi_port: int
    ari_address: str = "127.0.0.1"
    ari_user: str = "lpse-agent"
    sip_address: str = "127.0.0.1"
    agi_address: str = "127.0.0.1"
    application: str = "lpse-helpdesk"
    standby_application: str = "lpse-helpdesk-2"
    realm: str = "lpse-helpdesk"
    most_calls: int = 1000
    longest_unanswered_seconds: int = 20
    longest_call_seconds: int = 4 * 3600
    fallback_ring_seconds: int = 60


def write_configuration(target: Path, values: ConfigurationValues, root: Path = Path("/")) -> None:
    """Write every file of dialplan/ into target, an absolute path, which is made when absent.

    Below another root it is written for the machine whose root that will be.
    Files with secrets get mode 0640, the others 0644. Raises ConfigurationValueInvalid, before
    anything is written, when a value holds a sign that Asterisk would read as syntax.
    """
    texts = _texts_of(target, values)
    rendered = {
        template.name: PLACEHOLDER.sub(
            lambda match: texts[match[1]], template.read_text(encoding="utf-8")
        )
        for template in sorted(TEMPLATES.glob("*.conf"))
    }
    folder = root / target.relative_to("/")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered.items():
        file = folder / name
        # The mode comes before the content, so the secret is never readable by others.
        file.touch(mode=0o600)
        file.chmod(0o640 if name in FILES_WITH_SECRETS else 0o644)
        file.write_text(text, encoding="utf-8")


def _texts_of(target: Path, values: ConfigurationValues) -> dict[str, str]:
    texts = {name: str(value) for name, value in vars(values).items() if name != "trunk_addresses"}
    texts["configuration_folder"] = str(target)
    for name, text in [*texts.items(), *(("trunk_addresses", a) for a in values.trunk_addresses)]:
        if not text or FORBIDDEN_IN_A_VALUE.search(text):
            raise ConfigurationValueInvalid(f"{name} cannot be written for Asterisk: {text!r}")
    if not values.trunk_addresses:
        raise ConfigurationValueInvalid("trunk_addresses is empty: nobody could call")
    if not re.fullmatch("[0-9]+", values.helpdesk_number):
        raise ConfigurationValueInvalid(
            f"helpdesk_number must be digits: {values.helpdesk_number!r}"
        )
    texts["trunk_matches"] = "\n".join(f"match = {address}" for address in values.trunk_addresses)
    return texts
