"""The agent's own clock; used only where no outside clock tells when something happened."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)  # noqa: TID251 — the one place where the agent reads its clock
