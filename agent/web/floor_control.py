"""What people do with the floor from a page: a pause and its end, and a supervisor's listening."""

from datetime import datetime
from typing import Literal

import msgspec

from agent.domain.events import SupervisionMode
from agent.domain.identifiers import OperatorId
from agent.domain.presence import PauseReasonUnknown, PresenceKind
from agent.domain.rights import Right
from agent.runtime.errors import OperatorNotOnDuty
from agent.runtime.supervision import SupervisionRefused
from agent.web.operations import Asking, Operation
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.supervision import status_of


class PresenceAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To be offered no calls, for a reason of the office's list, or to be offered calls again."""

    presence: Literal["paused", "ready"]
    reason: str = ""


class PresenceTold(msgspec.Struct, frozen=True):
    """How an operator is present now."""

    operator: OperatorId
    presence: PresenceKind
    since: datetime


class Listening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to be in a conversation."""

    mode: SupervisionMode


class ListeningTold(msgspec.Struct, frozen=True):
    """Who was rung, and how he is in the conversation."""

    supervisor: OperatorId
    mode: SupervisionMode


def floor_operations(parts: Parts) -> list[Operation]:
    """One's own pause, another's (for who may see the floor), and listening in."""

    async def own_presence(asking: Asking, asked: PresenceAsked) -> PresenceTold:
        return await change(asking, _telephone(asking), asked)

    async def others_presence(asking: Asking, asked: PresenceAsked) -> PresenceTold:
        operator = OperatorId(asking.path("account"))
        await parts.accounts.audit(
            asking.who.account, "presence_set", operator, {"presence": asked.presence}
        )
        return await change(asking, operator, asked)

    async def change(asking: Asking, operator: OperatorId, asked: PresenceAsked) -> PresenceTold:
        try:
            if asked.presence == "paused":
                state = await parts.floor.pause(operator, asked.reason, asking.who.account)
            else:
                state = await parts.floor.ready(operator, asking.who.account)
        except PauseReasonUnknown as error:
            raise Refused(422, "pause_reason_unknown") from error
        except OperatorNotOnDuty as error:
            raise Refused(404, "operator_unknown") from error
        return PresenceTold(operator, state.kind, state.presence.since)

    async def listen(asking: Asking, asked: Listening) -> ListeningTold:
        number = f"{asking.path('sequence')}/{asking.path('year')}"
        # On the audit log before anything is heard; what came of it is on the call's own log.
        await parts.accounts.audit(asking.who.account, "supervision", number, {"mode": asked.mode})
        try:
            begun = await parts.supervision.start(number, _telephone(asking), asked.mode)
        except SupervisionRefused as refused:
            raise Refused(status_of(refused), refused.reason) from refused
        return ListeningTold(begun.supervisor, begun.mode)

    async def leave(asking: Asking, _asked: None) -> None:
        number = f"{asking.path('sequence')}/{asking.path('year')}"
        try:
            await parts.supervision.stop(number, _telephone(asking))
        except SupervisionRefused as refused:
            raise Refused(status_of(refused), refused.reason) from refused

    call = "/wallboard/calls/{year}/{sequence}/supervision"
    return [
        Operation(
            name="setOwnPresence", method="PUT", path="/desk/presence", right=Right.DESK,
            summary="Be offered no calls, with a reason, or be offered calls again.",
            perform=own_presence, asked=PresenceAsked, answered=PresenceTold,
        ),
        Operation(
            name="setPresence", method="PUT", path="/wallboard/operators/{account}/presence",
            right=Right.LISTEN, summary="The same for another operator.",
            perform=others_presence, asked=PresenceAsked, answered=PresenceTold,
        ),
        Operation(
            name="supervise", method="PUT", path=call, right=Right.LISTEN,
            summary="Ring one's own telephone: listen, whisper to the operator, or join.",
            perform=listen, asked=Listening, answered=ListeningTold, refuses=(409,),
        ),
        Operation(
            name="stopSupervision", method="DELETE", path=call, right=Right.LISTEN,
            summary="Leave the conversation.", perform=leave, refuses=(409,),
        ),
    ]  # fmt: skip


def _telephone(asking: Asking) -> OperatorId:
    if asking.who.operator is None:
        raise Refused(403, "no_telephone")
    return OperatorId(asking.who.operator)
