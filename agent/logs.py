"""How log lines look: one JSON object each, with personal data masked."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

MASKED = ("number", "caller", "raw", "shown", "name", "digit", "password", "secret")
"""Fields that may carry personal data or secrets; they never reach a log as they are."""


def mask(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Leave of a masked field only that it was there."""
    for field in MASKED:
        if field in event:
            event[field] = "***"
    return event


class _StandardError:
    """Loses a line that cannot be written (a full disk, a reader that left), and not a call."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def set_up_logs(level: str) -> None:
    """Every line goes to standard error, from the level on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            mask,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )
