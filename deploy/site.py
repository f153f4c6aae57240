"""One whole office in one folder: PostgreSQL, Asterisk and the agent, started and stopped together.

The demo and the journeys run on it; a production machine runs the same three under systemd.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agent.asterisk.configuration import ConfigurationValues
from agent.settings import Settings, read_settings
from deploy.agent_process import AgentProcess, SiteFailed
from deploy.asterisk_server import (
    AsteriskServer,
    find_installation,
    free_port,
    private_values,
)
from deploy.postgres_server import PostgresServer

__all__ = ["CALLER_ADDRESSES", "Site", "SiteFailed"]

CALLER_ADDRESSES = tuple(f"127.0.0.{last}" for last in range(2, 10))
"""Where scripted callers send from; the trunk of this Asterisk."""


class Site:
    """A running office, from start() to stop(); as a context manager between the two."""

    def __init__(
        self,
        folder: Path,
        root: Path | None,
        say: Callable[[str], None] = lambda _line: None,
        **settings: object,
    ) -> None:
        self.folder = folder
        self._root = root
        self._say = say
        self._overrides = settings
        self.postgres = PostgresServer(folder / "postgres")
        self.agent: AgentProcess | None = None
        self.asterisk: AsteriskServer | None = None
        self.database_url = ""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def values(self) -> ConfigurationValues:
        """How this office's Asterisk is configured."""
        assert self.asterisk is not None
        return self.asterisk.values

    @property
    def sip_server(self) -> str:
        """Where phones register, as host:port."""
        return f"{self.values.sip_address}:{self.values.sip_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What every `lpse-agent` command of this office needs to find it."""
        own = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        return {**own, "LPSE_SETTINGS": str(self.folder / "settings.toml")}

    @property
    def settings(self) -> Settings:
        """The settings that the agent of this office reads."""
        return read_settings({"LPSE_SETTINGS": self.environment["LPSE_SETTINGS"]})

    @property
    def agent_process_id(self) -> int | None:
        """The running agent's process, or None when it does not run."""
        return self.agent.process_id if self.agent else None

    @property
    def speech_folder(self) -> Path:
        """Where the agent keeps what it renders."""
        return self.folder / "speech"

    @property
    def agent_log(self) -> Path:
        """The agent's structured log."""
        return self.folder / "log" / "agent.jsonl"

    def start(self) -> None:
        """Start all three. Raises SiteFailed, AsteriskCannotRun, PostgresFailed."""
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        prompts = self.speech_folder / "prompts"
        prompts.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        self.database_url = self.postgres.start()
        self._say(f"PostgreSQL: {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        values = private_values(
            find_installation(self._root),
            self.folder / "asterisk",
            prompts,
            trunk_addresses=CALLER_ADDRESSES,
        )
        self.asterisk = AsteriskServer(find_installation(self._root), values)
        self.asterisk.start()
        self._say(
            f"Asterisk {self.asterisk.installation.version}: {time.monotonic() - began:.1f} s"
        )
        self._write_settings()
        began = time.monotonic()
        self.start_agent()
        self._say(f"Agent: {time.monotonic() - began:.1f} s")

    def stop(self) -> None:
        """Stop whatever runs; safe to repeat. No process is left."""
        self.stop_agent()
        if self.asterisk:
            self.asterisk.stop()
        self.postgres.stop()

    def start_agent(self, **variables: str) -> None:
        """Start the agent and wait until it owns the calls and is ready. Raises SiteFailed.

        The variables are added to its environment.
        """
        environment = {**self.environment, **variables}
        self.agent = AgentProcess(environment, self.settings.http_port, self.agent_log)
        self.agent.start()
        self.agent.wait_until_ready("owner")

    def stop_agent(self, *, kill: bool = False) -> None:
        """End the agent: in order, or as a crash would."""
        if self.agent:
            self.agent.stop(kill=kill)

    def another_agent(self, **variables: str) -> AgentProcess:
        """A second process, not yet started, for the same calls: one owns them, one stands by.

        State folder and speech are shared: the next owner drains the journal of the one before.
        The variables are settings of its own; whoever asks for it stops it.
        """
        port = free_port(socket.SOCK_STREAM)
        environment = {**self.environment, "LPSE_HTTP_PORT": str(port), **variables}
        return AgentProcess(environment, port, self.folder / "log" / f"agent-{port}.jsonl")

    def health(self, what: str) -> dict[str, Any]:
        """What /health/<what> of the agent answers; empty when nobody answers."""
        return self.agent.health(what) if self.agent else {}

    @property
    def pages(self) -> str:
        """Where browsers find the pages."""
        return f"http://127.0.0.1:{self.settings.pages_port}"

    def command(self, *arguments: str) -> str:
        """What `lpse-agent` prints for these arguments. Raises SiteFailed with its last words."""
        done = subprocess.run(
            (sys.executable, "-m", "agent", *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SiteFailed(f"lpse-agent {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def _write_settings(self) -> None:
        assert self.asterisk is not None
        values = self.values
        secret = self.folder / "ari.secret"
        secret.touch(mode=0o600)
        secret.chmod(0o640)
        secret.write_text(values.ari_secret)
        settings: Mapping[str, object] = {
            "database_url": self.database_url,
            "ari_url": f"http://{values.ari_address}:{values.ari_port}",
            "ari_user": values.ari_user,
            "ari_secret_file": str(secret),
            "ari_application": values.application,
            "sip_realm": values.realm,
            "ledger_file": str(self.asterisk.log_folder / "cel-custom" / "cel.jsonl"),
            "voicemail_folder": str(self.asterisk.values.state_folder / "spool/voicemail"),
            "state_folder": str(self.folder),
            "speech_root": str(self._root) if self._root else "",
            "http_port": free_port(socket.SOCK_STREAM),
            "pages_port": free_port(socket.SOCK_STREAM),
            "agi_port": values.agi_port,
            "archive_after_seconds": 1.0,
            **self._overrides,
        }
        lines = (f"{k} = {json.dumps(v)}\n" for k, v in settings.items() if v != "")
        file = self.folder / "settings.toml"
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text("".join(lines))
