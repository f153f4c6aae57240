"""What can be done with a ticket by program and page: one operation for each act."""

from agent.database.ticket_acts import NothingToResend, act_on_ticket, resend
from agent.domain.numbers import parse_ticket_number
from agent.domain.ticket import TicketRefused
from agent.domain.ticket_acts import (
    NAMES,
    ActRefused,
    AnyAct,
    AskUser,
    AssignTicket,
    ConfirmSolution,
    LinkNumber,
    ReopenTicket,
    SetPriority,
    SolveTicket,
    TakeTicket,
    WriteAnswer,
)
from agent.domain.working_time import CalendarEnds
from agent.runtime import clock
from agent.web.operations import Asking, Operation
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.ticket_record import RESEND, TicketRecord, read_record
from agent.web.ticket_rights import ACT, may_act

SUMMARIES: dict[type[AnyAct], str] = {
    TakeTicket: "Work on the ticket from now on.",
    AssignTicket: "Send it to another level, whose people are told by e-mail.",
    AskUser: "Ask the user something; until the answer the office's clock stands.",
    WriteAnswer: "Write down what the user answered; the office's clock runs on.",
    SolveTicket: "Write down the solution; the user is told and asked to confirm it.",
    ConfirmSolution: "The user says that it is solved.",
    ReopenTicket: "The user says that it is not solved: it goes back to who closed it.",
    LinkNumber: "Link the number that the user got from LPSE Support.",
    SetPriority: "Set urgency and impact anew, or override the table and say why.",
}
WITHOUT_WORDS: dict[type[AnyAct], AnyAct] = {
    TakeTicket: TakeTicket(),
    ConfirmSolution: ConfirmSolution(),
}


def ticket_act_operations(parts: Parts) -> list[Operation]:
    """Every act, and the messages that were given up sent again."""

    async def send_again(asking: Asking, _asked: None) -> TicketRecord:
        number = parse_ticket_number(asking.path("number"))
        may = may_act(asking.who)
        try:
            await resend(parts.pool.url, number, by=asking.who.account, may=may)
        except NothingToResend as error:
            raise Refused(409, "nothing_to_resend") from error
        return await read_record(parts, asking)

    return [
        *(_operation(parts, kind) for kind in NAMES),
        Operation(
            name="resendMessages", method="POST", path=f"/tickets/{{number}}/{RESEND}", right=ACT,
            summary="Send the messages again that were given up, for a week from now.",
            perform=send_again, answered=TicketRecord, refuses=(409,),
        ),
    ]  # fmt: skip


def _operation(parts: Parts, kind: type[AnyAct]) -> Operation:
    async def perform(asking: Asking, asked: AnyAct | None) -> TicketRecord:
        number = parse_ticket_number(asking.path("number"))
        who = asking.who
        try:
            await act_on_ticket(
                parts.pool.url,
                number,
                asked or WITHOUT_WORDS[kind],
                parts.tickets,
                by=who.account,
                at=clock.now(),
                may=may_act(who),
            )
        except ActRefused as error:
            raise Refused(422, f"act_{error.reason}") from error
        except TicketRefused as error:
            raise Refused(409, f"ticket_{error.reason}") from error
        except CalendarEnds as error:
            raise Refused(503, "calendar_ends") from error
        return await read_record(parts, asking)

    name = kind.__name__
    return Operation(
        name=name[0].lower() + name[1:], method="POST",
        path=f"/tickets/{{number}}/{NAMES[kind]}", right=ACT, summary=SUMMARIES[kind],
        perform=perform, asked=None if kind in WITHOUT_WORDS else kind, answered=TicketRecord,
        refuses=(409,),
    )  # fmt: skip
