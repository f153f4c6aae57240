"""The operator's desk: his call, its form and its steps, followed live, and all that he can do."""

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
from aiohttp import web
from msgspec.structs import replace

from agent.database.earlier import EarlierConsultation, read_earlier
from agent.database.search import suggestions
from agent.domain.call_state import Call, Stage
from agent.domain.events import ButtonStep
from agent.domain.form import FormDefinition
from agent.domain.form_filling import ChangeRefused
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import NumberInvalid, parse_form_number
from agent.domain.office_time import local
from agent.domain.presence import PauseReason
from agent.domain.rights import Right
from agent.domain.suggestion import Suggestion
from agent.runtime import clock
from agent.runtime.form_desk import FieldChanged, FormNotOpen, Seen, WrittenForm
from agent.web.live import (
    LiveOperator,
    LiveStep,
    call_of,
    live_operators,
    live_steps,
    unfinished_of,
)
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.streams import HEARTBEAT, HEARTBEAT_S, message


class DeskWarning(msgspec.Struct, frozen=True):
    """What seems wrong with a value, in the reader's language."""

    key: str
    sentence: str


class DeskField(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a field, as it was typed; `at` is to be sent back as `seen`."""

    raw: str
    value: str | None
    warnings: list[DeskWarning]
    by: str
    at: datetime


class DeskCall(msgspec.Struct, frozen=True, kw_only=True):
    """One's own call."""

    form_number: str
    ticket_number: str | None
    form: str
    stage: Stage
    caller: str
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    decision: str | None
    steps: list[LiveStep]
    fields: dict[str, DeskField]
    missing: dict[str, list[str]]
    finished: bool


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """All that a desk shows."""

    now: datetime
    operator: LiveOperator | None
    call: DeskCall | None
    unfinished: list[str]
    """Form numbers of earlier calls of his that lack something for the archive."""


class FieldWritten(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed into a field, and when what stood there before was written."""

    field: str
    text: str
    seen: datetime | None = None


class Button(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The button that equals a star and this digit."""

    step: ButtonStep


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed so far of the problem."""

    text: str


class Which(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of one's own forms, instead of the present one."""

    form: str | None = None


def desk_operations(parts: Parts) -> list[Operation]:
    """What an operator does; with his own calls only, unless he may see all."""

    async def read(asking: Asking, asked: Which) -> Desk:
        return _desk(parts, asking, asked.form)

    async def follow(asking: Asking, asked: Which) -> web.StreamResponse:
        if parts.streams.full:
            raise Refused(503, "too_many_streams")
        _desk(parts, asking, asked.form)  # what is wrong is said before the stream begins
        return await parts.streams.send(asking.request, _messages(parts, asking, asked.form))

    async def definition(asking: Asking, asked: Which) -> FormDefinition:
        return _definition(parts, asking, asked.form)

    async def reasons(_asking: Asking, _asked: None) -> tuple[PauseReason, ...]:
        return parts.floor.reasons.reasons

    async def write(asking: Asking, asked: FieldWritten) -> DeskCall:
        number = _own_form(parts, asking)
        try:
            written = await parts.desk.fill(
                number, asked.field, asked.text, asking.who.account, Seen(asked.seen)
            )
        except FieldChanged as changed:
            now = changed.now
            raise Refused(
                409, "field_changed", field=now.field, raw=now.raw, by=now.by, at=now.at.isoformat()
            ) from changed
        if isinstance(written, ChangeRefused):
            sentence = getattr(written.sentence, asking.words.language)
            raise Refused(422, written.reason, sentence, field=written.field)
        return _desk_call(parts, asking, written)

    async def press(asking: Asking, asked: Button) -> DeskCall:
        number = _own_form(parts, asking)
        operator = _operator(asking)
        pressed = await parts.desk.press(number, asked.step, operator)
        return _desk_call(parts, asking, pressed)

    async def earlier(asking: Asking, _asked: None) -> list[EarlierConsultation]:
        call = parts.desk.read(_own_form(parts, asking)).call
        telephone = call.caller.number or call.form.values.get("contact_phone")
        npwp = call.form.values.get("npwp")
        async with parts.pool.connection() as connection:
            return await read_earlier(connection, telephone, npwp, call.call_id)

    async def suggest(asking: Asking, asked: Typed) -> list[Suggestion]:
        today = local(clock.now(), parts.settings.zone).date()
        async with parts.pool.connection() as connection:
            return await suggestions(connection, asked.text, today, parts.settings.zone)

    form = "/desk/forms/{year}/{sequence}"
    return [
        Operation(
            name="readDesk", method="GET", path="/desk", right=Right.DESK, perform=read,
            summary="One's own call with its form and steps.", asked=Which, answered=Desk,
        ),
        Operation(
            name="followDesk", method="GET", path="/desk/stream", right=Right.DESK,
            summary="The same as server-sent events `desk`, anew with each change.",
            perform=follow, asked=Which, answered=bytes,
        ),
        Operation(
            name="readFormDefinition", method="GET", path="/desk/definition", right=Right.DESK,
            summary="Fields and lists of the form that one's own call is written on; without a "
            "call, those of the next.",
            perform=definition, asked=Which, answered=FormDefinition,
        ),
        Operation(
            name="listPauseReasons", method="GET", path="/desk/pause-reasons",
            right=(Right.DESK, Right.LISTEN), perform=reasons, answered=tuple[PauseReason, ...],
            summary="Why one may be paused, in the office's order.",
        ),
        Operation(
            name="writeField", method="PUT", path=form + "/fields", right=Right.DESK,
            summary="Write into one field; answered once it is durable.",
            perform=write, asked=FieldWritten, answered=DeskCall, refuses=(409,),
        ),
        Operation(
            name="pressButton", method="POST", path=form + "/buttons", right=Right.DESK,
            summary="What a star and a digit on the telephone would do.",
            perform=press, asked=Button, answered=DeskCall, refuses=(409,),
        ),
        Operation(
            name="readEarlier", method="GET", path=form + "/earlier", right=Right.DESK,
            summary="Earlier consultations of the same number or NPWP.",
            perform=earlier, answered=list[EarlierConsultation],
        ),
        Operation(
            name="suggestAnswers", method="POST", path="/desk/suggestions", right=Right.DESK,
            summary="Answers of the office and solved consultations that may help.",
            perform=suggest, asked=Typed, answered=list[Suggestion],
        ),
    ]  # fmt: skip


def desk_pages(parts: Parts) -> list[Page]:
    """The desk."""

    async def show(asking: Asking) -> Shown:
        try:
            definition = _definition(parts, asking, asking.request.query.get("form"))
        except (FormNotOpen, NumberInvalid):  # the page itself tells it
            definition = parts.forms[parts.form]
        reasons = parts.floor.reasons.reasons
        return Shown("desk.html", {"form": definition, "sop": parts.sop, "reasons": reasons})

    return [Page(path="/desk", right=Right.DESK, show=show, menu="menu.desk")]


def _definition(parts: Parts, asking: Asking, form: str | None) -> FormDefinition:
    """The version that his call is written on; that of new calls while there is none.

    Raises NumberInvalid, FormNotOpen.
    """
    call = _desk(parts, asking, form).call
    return parts.forms[call.form if call else parts.form]


async def _messages(parts: Parts, asking: Asking, form: str | None) -> AsyncIterator[bytes]:
    """The present at once and whenever it is another; nothing is missed by whoever comes back."""
    last = b""
    with parts.board.watched() as watch:
        while True:
            if not await watch.changed(HEARTBEAT_S):
                yield HEARTBEAT
                continue
            desk = _desk(parts, asking, form)
            present = msgspec.json.encode(replace(desk, now=parts.started_at))
            if present != last:
                last = present
                yield message(msgspec.json.encode(desk), "desk")


def _desk(parts: Parts, asking: Asking, form: str | None) -> Desk:
    operator = asking.who.operator
    calls, living = parts.calls, None
    if form:
        number = parse_form_number(form)
        living = next((c for c in calls if parse_form_number(c.form_number) == number), None)
        if living is None or not _may_write(asking, living):
            raise FormNotOpen(form)
    elif operator:
        living = call_of(calls, OperatorId(operator))
    known = parts.forms.get(living.rules.form) if living else None
    written = WrittenForm(living, known) if living and known and not living.archived else None
    return Desk(
        now=clock.now(),
        operator=next(
            (o for o in live_operators(parts.floor.floor, calls) if o.operator == operator), None
        ),
        call=_desk_call(parts, asking, written) if written else None,
        unfinished=[c.form_number for c in unfinished_of(calls, OperatorId(operator or ""))],
    )


def _desk_call(parts: Parts, asking: Asking, written: WrittenForm) -> DeskCall:
    call = written.call
    offer = call.conversation
    language = asking.words.language
    return DeskCall(
        form_number=call.form_number,
        ticket_number=call.ticket_number,
        form=written.definition.name,
        stage=call.stage,
        caller=call.caller.shown,
        arrived_at=call.arrived.at,
        answered_at=offer.answered.at if offer and offer.answered else None,
        ended_at=call.ended.at if call.ended else None,
        decision=call.decision,
        steps=live_steps(call, parts.sops),
        fields={
            name: DeskField(
                raw=change.raw,
                value=change.value,
                warnings=[
                    DeskWarning(key, getattr(written.definition.warnings[key], language))
                    for key in change.warnings
                ],
                by=change.by,
                at=change.at,
            )
            for name, change in call.form.shown.items()
        },
        missing=written.missing,
        finished=call.form_finished is not None,
    )


def _own_form(parts: Parts, asking: Asking) -> str:
    """The form in the path, if it is his to write on. Raises NumberInvalid, FormNotOpen."""
    number = f"{asking.path('sequence')}/{asking.path('year')}"
    call = parts.desk.read(number).call
    if not _may_write(asking, call):
        raise FormNotOpen(number)  # as if there were none: whose it is is not told
    return number


def _may_write(asking: Asking, call: Call) -> bool:
    """His own call, or anybody's for whom he answers (ASVS 8.2)."""
    if asking.who.may(Right.PERSONS):
        return True
    return any(offer.operator == asking.who.operator for offer in call.offers)


def _operator(asking: Asking) -> OperatorId:
    if asking.who.operator is None:
        raise Refused(403, "no_telephone")
    return OperatorId(asking.who.operator)
