"""What can go wrong at Asterisk's door."""

from agent.runtime.errors import EffectFailed


class AsteriskRefused(EffectFailed):
    """Asterisk understood the request and said no; `status` is its HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status


class AsteriskUnreachable(EffectFailed):
    """Asterisk did not answer in time, not at all, or not in ARI's words."""


class LedgerUnreadable(EffectFailed):
    """Asterisk's own journal cannot be read: may the agent's user read it, is the disk whole?"""


class AsteriskUnfit(Exception):
    """This Asterisk must not be used; the message says why and what to install."""


class AgiArgumentRefused(ValueError):
    """No AGI command may hold this; the message says which argument and why, never its text."""
