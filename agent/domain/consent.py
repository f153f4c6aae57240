"""Which consent to the recording a call has: what notice was heard, and what was answered.

UU 27/2022 art. 21, 22 and 24 want the notice and the answer provable; silence is no yes.
"""

from datetime import datetime
from typing import Literal

import msgspec

from agent.domain.call_state import Call, Moment
from agent.domain.form_filling import ConsultationForm

NOTICE = "recording_notice"
FIELD = "recording_consent"

Answer = Literal["ya", "tidak", "tidak_dijawab"]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """The proof of one call's notice and answer; `heard` only when it was heard to its end."""

    notice_version: str
    heard: Moment | None = None
    answer: Answer = "tidak_dijawab"
    answered_at: datetime | None = None
    noted_by: str | None = None

    @property
    def given(self) -> bool:
        """Whether the caller heard the notice and then said yes."""
        return self.heard is not None and self.answer == "ya"


def consent_of(call: Call, form: ConsultationForm | None = None) -> Consent:
    """The consent by the call's own facts and the latest word on its form, if it has one."""
    heard = min(
        (p.heard for p in call.playbacks if p.prompt == NOTICE and p.heard),
        key=lambda moment: moment.at,
        default=None,
    )
    word = form.shown.get(FIELD) if form else None
    if word is None or word.value not in ("ya", "tidak", "tidak_dijawab"):
        return Consent(notice_version=call.rules.notice, heard=heard)
    return Consent(
        notice_version=call.rules.notice,
        heard=heard,
        answer=word.value,  # type: ignore[arg-type]  # one of the three, as was just asked
        answered_at=word.at,
        noted_by=word.by,
    )
