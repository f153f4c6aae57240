"""Asterisk's configuration as it is rendered for one installation."""

import dataclasses
import re
import stat
from pathlib import Path

import pytest

from agent.asterisk.configuration import (
    FILES_WITH_SECRETS,
    TEMPLATES,
    ConfigurationValueInvalid,
    ConfigurationValues,
    write_configuration,
)

VALUES = ConfigurationValues(
    modules_folder=Path("/opt/modules"),
    data_folder=Path("/opt/data"),
    state_folder=Path("/srv/state"),
    prompts_folder=Path("/srv/prompts"),
    ari_port=18088,
    ari_secret="ari-secret-of-this-test",  # noqa: S106 (no secret of anybody)
    sip_port=15060,
    rtp_first_port=20000,
    rtp_last_port=20999,
    caller_password="caller-secret-of-this-test",  # noqa: S106 (no secret of anybody)
    trunk_addresses=("127.0.0.2", "192.0.2.0/24"),
    helpdesk_number="1500",
    agi_port=14573,
)


def sections(file: Path) -> list[str]:
    return re.findall(r"^\[([^]]+)\]", file.read_text(), re.MULTILINE)


def settings(file: Path) -> dict[str, str]:
    """Name and value of each line; of repeated names the last."""
    pairs = re.findall(r"^ ?([a-z_/ ]+?) *=>? *(.*)$", file.read_text(), re.MULTILINE)
    return dict(pairs)


def test_every_template_is_written_and_no_placeholder_is_left(tmp_path: Path) -> None:
    write_configuration(tmp_path / "etc", VALUES)
    written = {file.name for file in (tmp_path / "etc").iterdir()}
    assert written == {file.name for file in TEMPLATES.glob("*.conf")}
    assert not [f.name for f in (tmp_path / "etc").iterdir() if "<<" in f.read_text()]


def test_every_value_appears_in_some_file(tmp_path: Path) -> None:
    odd = dataclasses.replace(
        VALUES,
        most_calls=717,
        longest_unanswered_seconds=838,
        longest_call_seconds=7171,
        fallback_ring_seconds=71,
    )
    write_configuration(tmp_path, odd)
    everything = "".join(file.read_text() for file in tmp_path.iterdir())
    for name, value in vars(odd).items():
        for part in value if isinstance(value, tuple) else (value,):
            assert str(part) in everything, name


def test_files_with_secrets_are_closed_to_others_and_only_they_hold_secrets(tmp_path: Path) -> None:
    write_configuration(tmp_path, VALUES)
    for file in tmp_path.iterdir():
        secret = file.name in FILES_WITH_SECRETS
        assert stat.S_IMODE(file.stat().st_mode) == (0o640 if secret else 0o644), file.name
        assert ("-secret-of-this-test" in file.read_text()) == secret, file.name


def test_writing_again_closes_a_secret_file_that_was_open(tmp_path: Path) -> None:
    (tmp_path / "ari.conf").write_text("left open")
    (tmp_path / "ari.conf").chmod(0o666)
    write_configuration(tmp_path, VALUES)
    assert stat.S_IMODE((tmp_path / "ari.conf").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "bad",
    [
        {"ari_secret": "one\npassword = two"},
        {"ari_secret": ""},
        {"application": "lpse;evil"},
        {"ari_user": "a]b"},
        {"prompts_folder": Path("/srv/a,skip")},
        {"prompts_folder": Path("/srv/${ENV}")},
        {"trunk_addresses": ("127.0.0.2\nmatch = 0.0.0.0/0",)},
        {"trunk_addresses": ()},
        {"helpdesk_number": "_X."},
        {"helpdesk_number": ""},
    ],
)
def test_a_value_that_would_be_read_as_syntax_is_refused_before_writing(
    tmp_path: Path, bad: dict[str, object]
) -> None:
    with pytest.raises(ConfigurationValueInvalid, match=next(iter(bad))):
        write_configuration(tmp_path / "etc", dataclasses.replace(VALUES, **bad))  # type: ignore[arg-type]  # bad on purpose
    assert not (tmp_path / "etc").exists()


def test_each_trunk_address_is_matched_and_nobody_else(tmp_path: Path) -> None:
    write_configuration(tmp_path, VALUES)
    matches = re.findall(r"^match = (.*)$", (tmp_path / "pjsip.conf").read_text(), re.MULTILINE)
    assert matches == ["127.0.0.2", "192.0.2.0/24"]
    assert "anonymous" not in sections(tmp_path / "pjsip.conf")


def test_callers_reach_the_helpdesk_number_alone_and_operators_nothing(tmp_path: Path) -> None:
    write_configuration(tmp_path, VALUES)
    contexts = re.split(r"^\[", (tmp_path / "extensions.conf").read_text(), flags=re.MULTILINE)
    numbers = {
        context.partition("]")[0]: set(re.findall(r"^exten => ([^,]+),", context, re.MULTILINE))
        for context in contexts
    }
    assert numbers["from-trunk"] == {"1500"}
    assert numbers["from-operators"] == {"_*4X"}, "what an operator says of himself, and no line"
    assert numbers["announcement"] == {"s"}, "nobody dials it"
    assert "include" not in "".join(contexts)
    offered = re.findall(r"^context = (.*)$", (tmp_path / "pjsip.conf").read_text(), re.MULTILINE)
    assert set(offered) == {"from-trunk"}


def test_dangerous_modules_are_not_loaded(tmp_path: Path) -> None:
    write_configuration(tmp_path, VALUES)
    text = (tmp_path / "modules.conf").read_text()
    loaded = set(re.findall(r"^load = (\S+)\.so$", text, re.MULTILINE))
    assert settings(tmp_path / "modules.conf")["autoload"] == "no"
    forbidden = {
        "app_system", "app_externalivr", "app_sms", "app_originate", "app_exec", "func_shell",
        "func_curl", "func_env", "chan_iax2", "pbx_spool", "pbx_ael", "pbx_lua",
        "res_pjsip_refer", "res_pjsip_endpoint_identifier_anonymous",
    }  # fmt: skip  # one name a line hides the list
    assert loaded and not loaded & forbidden


def test_ari_is_bounded_as_measured(tmp_path: Path) -> None:
    write_configuration(tmp_path, VALUES)
    http, ari = settings(tmp_path / "http.conf"), settings(tmp_path / "ari.conf")
    assert (http["bindaddr"], http["bindport"], http["sessionlimit"]) == (
        "127.0.0.1",
        "18088",
        "256",
    )
    assert (ari["websocket_write_timeout"], ari["password_format"]) == ("1000", "plain")
    assert settings(tmp_path / "asterisk.conf")["live_dangerously"] == "no"
    assert settings(tmp_path / "manager.conf")["enabled"] == "no"
