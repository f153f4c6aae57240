"""Environment and file become one frozen Settings, read once at start.

Values come from the file named by LPSE_SETTINGS (TOML) and, above it, from environment variables
LPSE_<NAME>; DATABASE_URL is also understood. Whatever is not known, of the wrong type or impossible
stops the start with the key's name; an environment variable that is empty counts as not set.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from agent.domain.office_rules import (
    ArchiveSeconds,
    HeardBy,
    KeptDays,
    Seconds,
    WrapUpSeconds,
)

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / "data"

Port = Annotated[int, Meta(ge=1, le=65535)]
LOOPBACK = r"^http://(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?/?$"
# Forms hold people's data: what leaves this machine must be enciphered.
S3_ENDPOINT = r"^(https://[^\s/]+|http://(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?)/?$"
S3_STORE = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?$"
Application = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
SAFE_URL = r"^(https://[^\s/@]+|http://(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?)(/\S*)?\Z"
"""Over TLS, or not over any wire; without a user's name in it."""
ORIGIN = r"^(https://[a-z0-9.-]+(:\d{1,5})?|http://(127\.0\.0\.1|localhost)(:\d{1,5})?)\Z"
ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+"
Address = Annotated[str, Meta(pattern=rf"^{ADDRESS}\Z", max_length=254)]
LEVEL_ADDRESS = f"(admin_ppe|lkpp)={ADDRESS}"


EXPECTED = {
    "ari_url": "expected Asterisk's HTTP address on this machine, e.g. http://127.0.0.1:8088",
    "ari_application": "expected a name of a-z, 0-9 and -, e.g. lpse-helpdesk",
    "standby_application": "expected a name of a-z, 0-9 and -, e.g. lpse-helpdesk-2",
    "talk_detection": "expected two numbers with a comma (silence in ms, level), e.g. 600,256",
    "archive_store": "expected a bucket and perhaps a prefix, e.g. s3://arsip/lpse, or nothing",
    "archive_s3_endpoint": "expected an https:// address, or http:// on this machine",
    "pages_origin": "expected how browsers see the pages, e.g. https://helpdesk.example.go.id",
    "zone": "expected WIB, WITA or WIT",
    "numbers_heard_by": "expected both or operator",
    "smtp_security": "expected none, starttls or tls",
    "mail_from": "expected an e-mail address, e.g. helpdesk@lpse.example.go.id",
    "level_addresses": "expected e.g. admin_ppe=ppe@example.go.id,lkpp=support@example.go.id",
    "webhook_url": "expected an address of https, or of http on this machine",
    "request_tracker_url": "expected an address of https, or of http on this machine",
    "supervision": "expected off or on",
    "log_level": "expected debug, info, warning or error",
}
"""What msgspec would say with a pattern or only by the value it refuses."""

TOGETHER = {
    "pages_certificate_file": ("pages_key_file", "pages_origin"),
    "smtp_host": ("mail_from",),
    "smtp_user": ("smtp_password_file",),
    "level_addresses": ("smtp_host",),
    "webhook_url": ("webhook_secret_file",),
    "request_tracker_url": ("request_tracker_token_file", "request_tracker_queue"),
}
"""What says nothing without others; a way of hand-over whose first setting is missing is off."""

_NOT_SETTINGS = {
    "LPSE_SETTINGS",
    "LPSE_VAR",
    "LPSE_CACHE",
    "LPSE_ASTERISK_ROOT",
    "LPSE_SERVERS_ROOT",
}
"""Variables of our own that say where things lie to the set-up and the tests."""


class SettingsInvalid(ValueError):
    """A setting is unknown, of the wrong type or impossible; the message names its key."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that an office may set; the comment of each stands in README's table."""

    database_url: str
    ari_url: Annotated[str, Meta(pattern=LOOPBACK)]
    ari_secret_file: Path
    state_folder: Path
    ari_user: str = "lpse-agent"
    ari_application: Application = "lpse-helpdesk"
    standby_application: Application = "lpse-helpdesk-2"
    sip_realm: str = "lpse-helpdesk"
    ledger_file: Path = Path("/var/log/asterisk/cel-custom/cel.jsonl")
    http_address: str = "127.0.0.1"
    http_port: Port = 8180
    pages_address: str = "127.0.0.1"
    pages_port: Port = 8280
    pages_origin: Annotated[str, Meta(pattern=ORIGIN)] | None = None
    pages_certificate_file: Path | None = None
    pages_key_file: Path | None = None
    agi_port: Port = 4573
    zone: Literal["WIB", "WITA", "WIT"] = "WIB"
    sop_file: Path = DATA / "sop" / "SOP-LPSE.BTG-017.toml"
    hours_file: Path = DATA / "office" / "LPSE.BTG.toml"
    pause_reasons_file: Path = DATA / "pause" / "usulan-1.toml"
    priority_file: Path = DATA / "priority" / "usulan-1.toml"
    form_file: Path = DATA / "form" / "formulir-konsultasi-1.toml"
    letterhead_file: Path = DATA / "letterhead" / "LPSE.BTG.toml"
    prompts_file: Path = DATA / "prompts" / "id.toml"
    messages_file: Path = DATA / "messages" / "id.toml"
    archive_store: Annotated[str, Meta(pattern=S3_STORE)] | None = None
    archive_s3_endpoint: Annotated[str, Meta(pattern=S3_ENDPOINT)] | None = None
    archive_s3_region: str = "us-east-1"
    archive_s3_secret_file: Path | None = None
    recorded_prompts_folder: Path | None = None
    piper_voice: Path | None = None
    speech_root: Path | None = None
    ring_seconds: Seconds = 20.0
    new_round_seconds: Seconds = 5.0
    please_wait_seconds: Seconds = 30.0
    longest_wait_seconds: Seconds = 300.0
    wrap_up_seconds: WrapUpSeconds = 0.0
    archive_after_seconds: ArchiveSeconds = 480.0
    numbers_heard_by: HeardBy = "both"
    audio_kept_days: KeptDays = 90
    form_kept_years: Annotated[int, Meta(ge=1, le=100)] = 10
    person_key_file: Path | None = None
    voicemail_folder: Path = Path("/var/lib/lpse-asterisk/spool/voicemail")
    talk_detection: Annotated[str, Meta(pattern=r"^\d+,\d+$")] = "600,256"
    supervision: Literal["off", "on"] = "on"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    smtp_host: str | None = None
    smtp_port: Port = 587
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    mail_from: Address | None = None
    level_addresses: (
        Annotated[str, Meta(pattern=rf"^{LEVEL_ADDRESS}(,{LEVEL_ADDRESS})?\Z")] | None
    ) = None
    webhook_url: Annotated[str, Meta(pattern=SAFE_URL)] | None = None
    webhook_secret_file: Path | None = None
    request_tracker_url: Annotated[str, Meta(pattern=SAFE_URL)] | None = None
    request_tracker_token_file: Path | None = None
    request_tracker_queue: str | None = None

    @property
    def key_of_persons_file(self) -> Path:
        """Where the office's key lies, or is made at the first need."""
        return self.person_key_file or self.state_folder / "person.key"

    def ari_secret(self) -> str:
        """The secret made at set-up. Raises SettingsInvalid when its file cannot be read."""
        return self.secret("ari_secret_file")

    def secret(self, setting: str) -> str:
        """What the file that this setting names holds. Raises SettingsInvalid."""
        try:
            content: str = getattr(self, setting).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(f"{setting}: {error}") from error
        if not content:
            raise SettingsInvalid(f"{setting}: the file is empty")
        return content

    def addresses_of_levels(self) -> dict[str, str]:
        """Where each level (admin_ppe, lkpp) gets its e-mails; empty when that way is off."""
        pairs = (self.level_addresses or "").split(",")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    def archive_s3_keys(self) -> tuple[str, str]:
        """Key id and secret, the two words of their file. Raises SettingsInvalid."""
        if self.archive_s3_secret_file is None:
            raise SettingsInvalid("archive_s3_secret_file: is not set, and archive_store needs it")
        try:
            words = self.archive_s3_secret_file.read_text().split()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(f"archive_s3_secret_file: {error}") from error
        if len(words) != 2:
            raise SettingsInvalid("archive_s3_secret_file: expected two words, key id and secret")
        return words[0], words[1]


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The service's settings. Raises SettingsInvalid with the key's name."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = _from_file(environment.get("LPSE_SETTINGS"))
    if environment.get("DATABASE_URL"):
        values["database_url"] = environment["DATABASE_URL"]
    for name, value in environment.items():
        if not name.startswith("LPSE_") or name in _NOT_SETTINGS or not value:
            continue
        key = name.removeprefix("LPSE_").lower()
        if key not in Settings.__struct_fields__:
            raise SettingsInvalid(f"{name}: there is no such setting")
        values[key] = value
    try:
        # strict=False: the environment knows only text, so "8088" counts as a number.
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(_sentence(str(error))) from error
    if settings.standby_application == settings.ari_application:
        raise SettingsInvalid("standby_application: must not be the name of ari_application")
    for setting, others in TOGETHER.items():
        for other in others:
            if getattr(settings, setting) is not None and getattr(settings, other) is None:
                raise SettingsInvalid(f"{other}: is not set, and {setting} needs it")
    if settings.smtp_user is not None and settings.smtp_security == "none":
        raise SettingsInvalid("smtp_security: a password is only sent over starttls or tls")
    return settings


def _path(kind: type, value: object) -> Path:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("expected the path of a file or folder")


def _from_file(name: str | None) -> dict[str, Any]:
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text())
    except OSError as error:
        raise SettingsInvalid(f"LPSE_SETTINGS: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"LPSE_SETTINGS: {name}: {error}") from error


def _sentence(message: str) -> str:
    """`Expected `int`, got `str` - at `$.http_port`` with the key in front."""
    missing = re.fullmatch(r"Object missing required field `(\w+)`", message)
    if missing:
        key = missing[1]
        variable = "DATABASE_URL" if key == "database_url" else f"LPSE_{key.upper()}"
        return f"{key}: is not set; set {variable}, or {key} in the file of LPSE_SETTINGS"
    text, _, place = message.partition(" - at ")
    key = place.strip("`$.")
    text = EXPECTED.get(key, text)
    return f"{key}: {text}" if place else text
