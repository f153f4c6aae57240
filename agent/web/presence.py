"""Operators' presence, for programs on this machine: pause one, or say that he is ready.

Served on the same socket as the forms: whoever can reach it may do so in the name that he gives.
"""

from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from agent.domain.floor import OperatorState
from agent.domain.identifiers import OperatorId
from agent.domain.presence import Paused, PauseReasons, PauseReasonUnknown, WrapUp
from agent.runtime.errors import EffectFailed, OperatorNotOnDuty
from agent.runtime.floor_keeper import FloorKeeper
from agent.web.forms import problem

SENTENCES = {
    "reason_unknown": "Alasan istirahat ini tidak ada dalam daftar kantor.",
    "operator_unknown": "Tidak ada petugas aktif dengan akun ini.",
    "not_recorded": "Status belum tersimpan, mohon dicoba lagi.",
}


class PresenceWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator shall be offered no calls, for a reason, or calls again."""

    account: Annotated[str, Meta(pattern=r"^op-[0-9]{1,9}\Z")]
    presence: Literal["paused", "ready"]
    by: Annotated[str, Meta(pattern=r"^[\w.:@-]{1,80}\Z")]
    reason: str = ""


def serve_presence(application: web.Application, floor: FloorKeeper) -> None:
    """Add POST /operator/presence to the application behind the service's socket."""

    async def change(request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=PresenceWanted)
        operator = OperatorId(wanted.account)
        try:
            if wanted.presence == "paused":
                state = await floor.pause(operator, wanted.reason, wanted.by)
            else:
                state = await floor.ready(operator, wanted.by)
        except PauseReasonUnknown as error:
            return _told(422, "reason_unknown", error)
        except OperatorNotOnDuty as error:
            return _told(404, "operator_unknown", error)
        except EffectFailed as error:
            return _told(503, "not_recorded", error)
        return web.json_response(shown_presence(state, floor.reasons))

    application.router.add_post("/operator/presence", change)


def shown_presence(state: OperatorState, reasons: PauseReasons) -> dict[str, Any]:
    """How an operator is present, for programs: kind, since when, why and until when."""
    presence = state.presence
    reason = presence.reason if isinstance(presence, Paused) else None
    words = next(({"id": r.id, "en": r.en} for r in reasons.reasons if r.code == reason), None)
    return {
        "operator": state.operator,
        "name": state.name,
        "presence": state.kind,
        "since": presence.since.isoformat(),
        "reason": reason,
        "reason_words": words,
        "until": presence.until.isoformat() if isinstance(presence, WrapUp) else None,
        "in_call": state.busy_with is not None,
    }


def _told(status: int, reason: str, error: Exception) -> web.Response:
    words = {"id": SENTENCES[reason], "en": str(error)}
    return problem(status, reason, words["id"], words=words)
