"""The faults happen to the same office as the journeys."""

from tests.journeys.conftest import asterisk_root, office, site

__all__ = ["asterisk_root", "office", "site"]
