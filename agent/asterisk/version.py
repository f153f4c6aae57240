"""Which Asterisk versions are fit for this service."""

import re

from agent.asterisk.errors import AsteriskUnfit

OLDEST = (22, 10, 1)
"""The security release with the fixes that this service relies on."""

CRASHING = "22.11.0-rc1"
"""Crashes when a WebSocket client answers a ping."""


def check_version(version: str) -> None:
    """Raises AsteriskUnfit for a version that is too old or known to crash."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if version.startswith(CRASHING):
        raise AsteriskUnfit(f"Asterisk {version} crashes on PONG: install another version.")
    if not numbers or tuple(int(part) for part in numbers.groups()) < OLDEST:
        raise AsteriskUnfit(f"Asterisk {version} is too old: install 22.10.1 or newer.")
