"""How an office treats its calls: what may change while it works, and within which limits.

The settings say what counts at first; a decision of the office replaces them as a whole.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from agent.domain.rules import CallRules

Seconds = Annotated[float, Meta(gt=0, le=3600)]
WrapUpSeconds = Annotated[float, Meta(ge=0, le=600)]
ArchiveSeconds = Annotated[float, Meta(ge=0, le=540)]
HeardBy = Literal["both", "operator"]
KeptDays = Annotated[int, Meta(ge=0, le=3650)]


class OfficeRulesInvalid(ValueError):
    """Rules that no office can have; the message names the place."""


class RulesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules, as they shall be; each is the setting of its name."""

    ring_seconds: Seconds
    new_round_seconds: Seconds
    please_wait_seconds: Seconds
    longest_wait_seconds: Seconds
    wrap_up_seconds: WrapUpSeconds
    archive_after_seconds: ArchiveSeconds
    numbers_heard_by: HeardBy
    audio_kept_days: KeptDays


class OfficeRules(RulesChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of them."""

    version: str


RULES = RulesChange.__struct_fields__
_OF_A_CALL = tuple(name for name in RULES if name in CallRules.__struct_fields__)


def parse_office_rules(content: object) -> OfficeRules:
    """One version. Raises OfficeRulesInvalid."""
    try:
        return msgspec.convert(content, OfficeRules)
    except msgspec.ValidationError as error:
        raise OfficeRulesInvalid(str(error)) from error


def rules_content(version: str, rules: object) -> dict[str, Any]:
    """The content of a version that says what these rules say, be they a change or the settings."""
    return {"version": version, **{name: getattr(rules, name) for name in RULES}}


def ruled(rules: CallRules, office: OfficeRules) -> CallRules:
    """The same call's rules with what the office has decided of them."""
    return replace(rules, **{name: getattr(office, name) for name in _OF_A_CALL})
