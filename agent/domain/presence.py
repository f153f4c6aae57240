"""Whether an operator takes calls now: ready, paused with a reason of the office's, or in wrap-up.

A telephone that is registered is ready: an office without any page needs to say nothing.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from agent.domain.identifiers import CallId

PresenceKind = Literal["ready", "paused", "wrap_up", "away"]
"""As it stands on record; away: he would be ready, but his telephone cannot be reached."""


class Ready(msgspec.Struct, frozen=True, tag_field="kind", tag="ready"):
    """He takes calls whenever his telephone can be reached."""

    since: datetime


class Paused(msgspec.Struct, frozen=True, tag_field="kind", tag="paused"):
    """He takes no new calls until he says that he is ready."""

    reason: str
    """A code of the office's list."""
    since: datetime


class WrapUp(msgspec.Struct, frozen=True, tag_field="kind", tag="wrap_up"):
    """He finishes what the call left to do; over at `until`, or when he says that he is ready."""

    since: datetime
    until: datetime
    call_id: CallId


Presence = Ready | Paused | WrapUp


class PauseReasonsInvalid(ValueError):
    """The file describes no list of reasons; the message says why."""


class PauseReasonUnknown(ValueError):
    """This is no reason of the office's list; the message names those that are."""


class PauseReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason: its code on record, its key on a telephone, its words for people."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,30}\Z")]
    key: Annotated[str, Meta(pattern=r"^[1-9]\Z")]
    id: Annotated[str, Meta(min_length=1, max_length=40)]
    en: Annotated[str, Meta(min_length=1, max_length=40)]


class PauseReasons(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The office's list, in its order."""

    version: str
    reasons: tuple[PauseReason, ...]

    def of_code(self, code: str) -> PauseReason:
        """The reason of this code. Raises PauseReasonUnknown."""
        for reason in self.reasons:
            if reason.code == code:
                return reason
        known = ", ".join(reason.code for reason in self.reasons)
        raise PauseReasonUnknown(f"There is no such reason for a pause: choose one of {known}.")

    def of_key(self, key: str) -> PauseReason:
        """The reason behind *4 and this key. Raises PauseReasonUnknown."""
        for reason in self.reasons:
            if reason.key == key:
                return reason
        known = ", ".join(f"*4{reason.key} {reason.code}" for reason in self.reasons)
        raise PauseReasonUnknown(f"No reason for a pause has this key: dial one of {known}.")


def parse_pause_reasons(content: object) -> PauseReasons:
    """The list out of its file. Raises PauseReasonsInvalid."""
    try:
        listed = msgspec.convert(content, PauseReasons)
    except msgspec.ValidationError as error:
        raise PauseReasonsInvalid(str(error)) from error
    if not listed.reasons:
        raise PauseReasonsInvalid("there is no reason in it")
    for field in ("code", "key"):
        values = [getattr(reason, field) for reason in listed.reasons]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise PauseReasonsInvalid(f"the {field} {twice[0]} stands there twice")
    return listed
