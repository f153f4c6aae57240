"""How log lines look: one JSON object each, with personal data masked."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

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
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
