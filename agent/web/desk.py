"""The operator's desk: his call, its form and its steps, followed live, and all that he can do."""

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
import structlog
from aiohttp import web
from msgspec.structs import replace

from agent.database.access import Access, keep_access
from agent.database.earlier import EarlierConsultation, count_earlier, read_earlier
from agent.database.errors import DatabaseUnreachable
from agent.database.search import suggestions
from agent.domain.call_state import Call, Stage
from agent.domain.events import ButtonStep
from agent.domain.form import FormDefinition
from agent.domain.form_filling import ChangeRefused
from agent.domain.identifiers import OperatorId
from agent.domain.numbers import parse_form_number
from agent.domain.office_time import local
from agent.domain.presence import PauseReason
from agent.domain.rights import Right
from agent.domain.suggestion import Suggestion
from agent.runtime import clock
from agent.runtime.form_desk import FieldChanged, FormNotOpen, Seen, WrittenForm
from agent.web.live import (
    LiveOperator,
    LiveStep,
    call_at,
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

PURPOSE = "page: desk"
"""What the log of accesses has for another's form, and for earlier consultations."""

log = structlog.get_logger()


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


class CallAtPhone(msgspec.Struct, frozen=True, kw_only=True):
    """A call that rings at one's telephone or is answered there."""

    form_number: str
    stage: Stage
    caller: str


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """All that a desk shows."""

    now: datetime
    operator: LiveOperator | None
    call: DeskCall | None
    closed: bool
    """Whether the form that was asked for is not open; `call` is the present one instead."""
    at_phone: CallAtPhone | None
    """Also while `call` is another, whose form was asked for."""
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


class EarlierFound(msgspec.Struct, frozen=True, kw_only=True):
    """Earlier consultations: how many in all, and the newest of them."""

    count: int
    newest: list[EarlierConsultation]


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed so far of the problem."""

    text: str


class Which(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of one's own forms, instead of the present one."""

    form: str | None = None


def desk_operations(parts: Parts) -> list[Operation]:
    """What an operator does; with his own calls only, unless he may see all."""

    async def read(asking: Asking, asked: Which) -> Desk:
        desk = _desk(parts, asking, asked.form)
        await _log_reading(parts, asking, asked.form)
        return desk

    async def follow(asking: Asking, asked: Which) -> web.StreamResponse:
        if parts.streams.full:
            raise Refused(503, "too_many_streams")
        _desk(parts, asking, asked.form)  # what is wrong is said before the stream begins
        await _log_reading(parts, asking, asked.form)
        messages = _messages(parts, asking, asked.form)
        return await parts.streams.send(
            asking.request, messages, lambda: parts.guard.still(asking.request, asking.who)
        )

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

    async def earlier(asking: Asking, _asked: None) -> EarlierFound:
        call = parts.desk.read(_own_form(parts, asking)).call
        numbers = {call.caller.number, call.form.values.get("contact_phone")}
        known = [number for number in numbers if number], call.form.values.get("npwp"), call.call_id
        async with parts.pool.connection() as connection:
            count = await count_earlier(connection, *known)
            newest = await read_earlier(connection, *known)
            forms = tuple(one.form_number for one in newest)
            access = Access(by=asking.who.account, action="search", purpose=PURPOSE, forms=forms)
            await keep_access(connection, access)
        return EarlierFound(count=count, newest=newest)

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
            summary="Earlier consultations of the caller's or contact's number or the NPWP.",
            perform=earlier, answered=EarlierFound,
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
        definition = _definition(parts, asking, asking.request.query.get("form"))
        reasons = parts.floor.reasons.reasons
        return Shown("desk.html", {"form": definition, "sop": parts.sop, "reasons": reasons})

    return [Page(path="/desk", right=Right.DESK, show=show, menu="menu.desk")]


def _definition(parts: Parts, asking: Asking, form: str | None) -> FormDefinition:
    """The version that his call is written on; that of new calls while there is none.

    Raises NumberInvalid.
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
    """What his desk shows, of this form or of his present call. Raises NumberInvalid."""
    calls, operator = parts.calls, OperatorId(asking.who.operator or "")
    asked = _written(parts, _asked(parts, asking, form)) if form else None
    written = asked or _written(parts, call_of(calls, operator))
    at_phone = call_at(calls, operator)
    return Desk(
        now=clock.now(),
        operator=next(
            (o for o in live_operators(parts.floor.floor, calls) if o.operator == operator), None
        ),
        call=_desk_call(parts, asking, written) if written else None,
        closed=bool(form) and asked is None,
        at_phone=CallAtPhone(
            form_number=at_phone.form_number, stage=at_phone.stage, caller=at_phone.caller.shown
        )
        if at_phone
        else None,
        unfinished=[c.form_number for c in unfinished_of(calls, operator)],
    )


def _asked(parts: Parts, asking: Asking, form: str) -> Call | None:
    number = parse_form_number(form)
    living = next((c for c in parts.calls if parse_form_number(c.form_number) == number), None)
    return living if living and _may_write(asking, living) else None


def _written(parts: Parts, call: Call | None) -> WrittenForm | None:
    known = parts.forms.get(call.rules.form) if call and call.rules.form else None
    return WrittenForm(call, known) if call and known and not call.archived else None


async def _log_reading(parts: Parts, asking: Asking, form: str | None) -> None:
    """Keep that he looks at a form that is not his own; the calls' desk works on without it."""
    call = _asked(parts, asking, form) if form else None
    if call is None or call.is_of(asking.who.operator):
        return
    access = Access(
        by=asking.who.account, action="read", purpose=PURPOSE, forms=(call.form_number,)
    )
    try:
        async with parts.pool.connection() as connection:
            await keep_access(connection, access)
    except DatabaseUnreachable:
        log.warning("access_not_kept", by=access.by, form=call.form_number)


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
    return asking.who.may(Right.PERSONS) or call.is_of(asking.who.operator)


def _operator(asking: Asking) -> OperatorId:
    if asking.who.operator is None:
        raise Refused(403, "no_telephone")
    return OperatorId(asking.who.operator)
