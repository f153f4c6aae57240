from pathlib import Path

import pytest

from agent.settings import Settings, SettingsInvalid, read_settings

REQUIRED = {
    "LPSE_ARI_URL": "http://127.0.0.1:18088",
    "LPSE_ARI_SECRET_FILE": "/run/lpse-agent/ari-secret",
    "LPSE_STATE_FOLDER": "/var/lib/lpse-agent",
    "DATABASE_URL": "postgresql://127.0.0.1/lpse",
}


def settings_file(folder: Path, content: str | bytes) -> dict[str, str]:
    """An environment that has all that is required, and a file with this content."""
    file = folder / "settings.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return {**REQUIRED, "LPSE_SETTINGS": str(file)}


def test_what_is_not_set_has_its_default() -> None:
    settings = read_settings(REQUIRED)
    assert settings.database_url == "postgresql://127.0.0.1/lpse"
    assert settings.state_folder == Path("/var/lib/lpse-agent")
    assert (settings.http_port, settings.zone, settings.numbers_heard_by) == (8180, "WIB", "both")
    assert settings.sop_file.is_file()
    assert settings.prompts_file.is_file()


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_must_be_set_is_named_when_it_is_missing(missing: str) -> None:
    key = missing.removeprefix("LPSE_").lower()
    with pytest.raises(SettingsInvalid, match=f"{key}: is not set"):
        read_settings({k: v for k, v in REQUIRED.items() if k != missing})


def test_the_file_is_read_and_the_environment_stands_above_it(tmp_path: Path) -> None:
    environment = settings_file(
        tmp_path, 'http_port = 9000\nring_seconds = 15\nzone = "WIT"\ndatabase_url = "file"\n'
    )
    settings = read_settings(environment)
    assert (settings.http_port, settings.ring_seconds, settings.zone) == (9000, 15.0, "WIT")
    assert settings.database_url == REQUIRED["DATABASE_URL"]
    settings = read_settings({**environment, "LPSE_HTTP_PORT": "9001", "LPSE_RING_SECONDS": "7.5"})
    assert (settings.http_port, settings.ring_seconds, settings.zone) == (9001, 7.5, "WIT")


def test_a_variable_of_our_own_stands_above_the_general_one() -> None:
    settings = read_settings({**REQUIRED, "LPSE_DATABASE_URL": "postgresql://other"})
    assert settings.database_url == "postgresql://other"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    environment = settings_file(tmp_path, 'database_url = "file"\nhttp_port = 9000\n')
    empty = {"LPSE_HTTP_PORT": "", "DATABASE_URL": "", "LPSE_SPEECH_ROOT": ""}
    settings = read_settings({**environment, **empty})
    assert (settings.database_url, settings.http_port) == ("file", 9000)
    assert settings.speech_root is None
    assert read_settings({**REQUIRED, "LPSE_SETTINGS": ""}).http_port == 8180


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        read_settings(REQUIRED).http_port = 1  # type: ignore[misc]  # frozen: that is the test


def test_an_unknown_key_in_the_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="htp_port"):
        read_settings(settings_file(tmp_path, "htp_port = 9000\n"))


def test_an_unknown_variable_of_our_own_stops_the_start() -> None:
    with pytest.raises(SettingsInvalid, match="LPSE_HTP_PORT"):
        read_settings({**REQUIRED, "LPSE_HTP_PORT": "9000"})


def test_variables_of_the_set_up_and_of_others_are_not_ours_to_judge() -> None:
    others = {
        "LPSE_VAR": "var",
        "LPSE_CACHE": "/var/cache/lpse-agent",
        "LPSE_ASTERISK_ROOT": "",
        "LPSE_SERVERS_ROOT": "/var/cache/lpse-agent/servers",
        "PATH": "/bin",
        "HTTP_PORT": "x",
    }
    assert read_settings({**REQUIRED, **others}) == read_settings(REQUIRED)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http_port", '"many"'),
        ("http_port", "0"),
        ("http_port", "65536"),
        ("http_port", "true"),
        ("http_port", "[8088]"),
        ("ring_seconds", "0"),
        ("ring_seconds", "-1"),
        ("ring_seconds", "3601"),
        ("ring_seconds", "nan"),
        ("ring_seconds", "inf"),
        ("longest_wait_seconds", '"long"'),
        ("zone", '"GMT"'),
        ("numbers_heard_by", '"nobody"'),
        ("log_level", '"loud"'),
        ("sip_realm", "5"),
        ("ari_application", '"Two Words"'),
        ("standby_application", '"Two Words"'),
        ("standby_application", '"lpse-helpdesk"'),
        ("talk_detection", '"often"'),
        ("archive_store", '"file:///tmp"'),
        ("archive_store", '"s3://"'),
        ("archive_store", '"s3://Arsip"'),
        ("archive_store", '"s3://arsip/../x y"'),
        ("archive_s3_endpoint", '"http://192.0.2.7:9000"'),
        ("archive_s3_endpoint", '"http://localhost.example.org"'),
        ("archive_s3_endpoint", '"s3.example.org"'),
        ("letterhead_file", "7"),
        ("piper_voice", '""'),
        ("sop_file", "7"),
    ],
)
def test_a_wrong_type_or_an_impossible_value_stops_the_start_with_its_key(
    tmp_path: Path, key: str, value: str
) -> None:
    with pytest.raises(SettingsInvalid, match=f"^{key}: "):
        read_settings(settings_file(tmp_path, f"{key} = {value}\n"))


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.7:8088",
        "https://127.0.0.1:8088",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://localhost@example.org",
        "127.0.0.1:8088",
    ],
)
def test_the_exchange_is_spoken_to_over_loopback_alone(url: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"^ari_url: "):
        read_settings({**REQUIRED, "LPSE_ARI_URL": url})


@pytest.mark.parametrize("url", ["http://localhost:8088/", "http://[::1]:8088", "http://127.0.0.9"])
def test_every_way_to_write_loopback_is_understood(url: str) -> None:
    assert read_settings({**REQUIRED, "LPSE_ARI_URL": url}).ari_url == url


@pytest.mark.parametrize("content", [b"http_port", b"\xff\xfe", b'zone = "WIB', b"\x00"])
def test_a_file_that_is_no_settings_file_is_named(tmp_path: Path, content: bytes) -> None:
    environment = settings_file(tmp_path, content)
    with pytest.raises(SettingsInvalid, match=r"LPSE_SETTINGS: .*settings\.toml"):
        read_settings(environment)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name in ("nowhere.toml", "."):
        with pytest.raises(SettingsInvalid, match="LPSE_SETTINGS: "):
            read_settings({**REQUIRED, "LPSE_SETTINGS": str(tmp_path / name)})


def test_the_secret_is_read_when_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    settings = read_settings({**REQUIRED, "LPSE_ARI_SECRET_FILE": str(file)})
    with pytest.raises(SettingsInvalid, match="ari_secret_file: "):
        settings.ari_secret()
    file.write_bytes(b"\xff\xff")
    with pytest.raises(SettingsInvalid, match="ari_secret_file: "):
        settings.ari_secret()
    file.write_text("very-secret\n")
    assert settings.ari_secret() == "very-secret"


@pytest.mark.parametrize(
    "endpoint",
    ["https://s3.example.org", "https://s3.example.org:9000/", "http://127.0.0.1:9000"],
)
def test_the_archives_store_is_reached_enciphered_or_on_this_machine(endpoint: str) -> None:
    store = {"LPSE_ARCHIVE_STORE": "s3://arsip.lpse/btg/2026", "LPSE_ARCHIVE_S3_ENDPOINT": endpoint}
    settings = read_settings(REQUIRED | store)
    assert (settings.archive_store, settings.archive_s3_endpoint) == tuple(store.values())


def test_the_archives_keys_are_the_two_words_of_their_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    settings = read_settings({**REQUIRED, "LPSE_ARCHIVE_S3_SECRET_FILE": str(file)})
    for content in (None, b"", b"one", b"one two three", b"\xff\xff"):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(SettingsInvalid, match=r"^archive_s3_secret_file: "):
            settings.archive_s3_keys()
    file.write_text("id\nsecret\n")
    assert settings.archive_s3_keys() == ("id", "secret")
    with pytest.raises(SettingsInvalid, match=r"^archive_s3_secret_file: is not set"):
        read_settings(REQUIRED).archive_s3_keys()


def test_no_setting_is_named_like_a_variable_of_the_set_up() -> None:
    names = {f"LPSE_{name.upper()}" for name in Settings.__struct_fields__}
    assert "LPSE_HTTP_PORT" in names
    others = {"SETTINGS", "VAR", "CACHE", "ASTERISK_ROOT", "SERVERS_ROOT"}
    assert not names & {f"LPSE_{name}" for name in others}


def test_without_settings_of_its_own_every_way_of_hand_over_is_off() -> None:
    settings = read_settings(REQUIRED)
    assert settings.smtp_host is settings.webhook_url is settings.request_tracker_url is None
    assert settings.addresses_of_levels() == {}


MAIL = {"LPSE_SMTP_HOST": "mail.example.go.id", "LPSE_MAIL_FROM": "helpdesk@example.go.id"}


def test_levels_have_addresses() -> None:
    told = "admin_ppe=ppe@example.go.id,lkpp=support@example.go.id"
    settings = read_settings({**REQUIRED, **MAIL, "LPSE_LEVEL_ADDRESSES": told})
    assert settings.addresses_of_levels() == {
        "admin_ppe": "ppe@example.go.id",
        "lkpp": "support@example.go.id",
    }


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({"LPSE_SMTP_HOST": "mail.example.go.id"}, "mail_from"),
        ({**MAIL, "LPSE_SMTP_USER": "agent"}, "smtp_password_file"),
        ({**MAIL, "LPSE_MAIL_FROM": "LPSE <helpdesk@example.go.id>"}, "mail_from"),
        ({**MAIL, "LPSE_MAIL_FROM": "a@b.id\nBcc: c@d.id"}, "mail_from"),
        ({**MAIL, "LPSE_MAIL_FROM": "helpdesk@example.go.id\n"}, "mail_from"),
        ({**MAIL, "LPSE_LEVEL_ADDRESSES": "pokja=a@b.id"}, "level_addresses"),
        ({"LPSE_LEVEL_ADDRESSES": "lkpp=a@b.id"}, "smtp_host"),
        ({"LPSE_WEBHOOK_URL": "https://example.go.id/hook"}, "webhook_secret_file"),
        ({"LPSE_WEBHOOK_URL": "http://example.go.id/hook"}, "webhook_url"),
        ({"LPSE_WEBHOOK_URL": "http://127.0.0.1.example.go.id/"}, "webhook_url"),
        ({"LPSE_WEBHOOK_URL": "https://user:word@example.go.id/"}, "webhook_url"),
        ({"LPSE_WEBHOOK_URL": "http://127.0.0.1@example.go.id/"}, "webhook_url"),
        ({"LPSE_REQUEST_TRACKER_URL": "https://rt.example.go.id"}, "request_tracker_token_file"),
        (
            {
                **MAIL,
                "LPSE_SMTP_USER": "agent",
                "LPSE_SMTP_PASSWORD_FILE": "/secret",
                "LPSE_SMTP_SECURITY": "none",
            },
            "smtp_security",
        ),
    ],
)
def test_a_way_of_hand_over_that_is_half_set_or_unsafe_stops_the_start(
    variables: dict[str, str], key: str
) -> None:
    with pytest.raises(SettingsInvalid, match=f"^{key}: "):
        read_settings({**REQUIRED, **variables})


def test_an_empty_secret_is_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("\n")
    with pytest.raises(SettingsInvalid, match="ari_secret_file: the file is empty"):
        read_settings({**REQUIRED, "LPSE_ARI_SECRET_FILE": str(file)}).ari_secret()
