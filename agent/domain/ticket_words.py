"""Words of tickets, as data: stages, levels, messages, history, and why an act is refused."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from agent.domain.priority import Choice
from agent.domain.ticket_acts import LONGEST_NUMBER, LONGEST_TEXT
from agent.domain.ticket_events import (
    AnyTicketEvent,
    DueSet,
    ExternalNumberLinked,
    LevelAssigned,
    PriorityChanged,
    TicketOpened,
    TicketReopened,
    TicketSolved,
    UserAnswered,
    UserAsked,
)
from agent.domain.words import Say

STAGES = {
    "new": "baru",
    "taken": "ditangani",
    "waiting_for_user": "menunggu pengguna",
    "solved": "selesai, menunggu konfirmasi",
    "confirmed": "dikonfirmasi selesai",
    "reopened": "dibuka kembali",
}
LEVELS = {"helpdesk": "Helpdesk", "admin_ppe": "Admin PPE", "lkpp": "LKPP"}
PRIORITIES = {"high": "Tinggi", "medium": "Menengah", "low": "Rendah"}
MATTERS = {
    "ticket_opened": "kasus diteruskan",
    "question_asked": "pertanyaan kepada pengguna",
    "ticket_solved": "jawaban/solusi",
    "ticket_reopened": "tiket dibuka kembali",
}
FATES = {
    "waiting": "menunggu dikirim",
    "accepted": "diterima",
    "given_up": "tidak terkirim",
}

HIDDEN = "•••"

REFUSALS = {
    "empty": "The text is empty.",
    "too_long": f"The text is longer than {LONGEST_TEXT} characters.",
    "number_too_long": f"The number is longer than {LONGEST_NUMBER} characters.",
    "secret": "The text seems to tell a password or a one-time code: nobody may write one down.",
    "nothing_other": "Say what is other than before: --urgency, --impact or --override.",
    "no_reason": "--override needs a reason: add --why.",
}
"""As the command line says it; the pages have theirs in their catalogues."""


def ticket_line(event: AnyTicketEvent, shown: Callable[[datetime | None], str], say: Say) -> str:
    """One event of a ticket's history, in a catalogue's words; `shown` writes moments."""
    values = msgspec.structs.asdict(event)
    match event:
        case TicketOpened(choice=choice) | PriorityChanged(choice=choice):
            values |= _chosen(choice, say)
        case DueSet(due=due):
            values["target"] = shown(due.target_at)
        case LevelAssigned(level=level):
            values["level"] = say(f"office.levels.{level.value}")
    return say(f"ticket.events.{type(event).__name__}", **values)


def _chosen(choice: Choice, say: Say) -> dict[str, str]:
    assumed = ""
    if choice.assumed:
        axes = "both" if len(choice.assumed) > 1 else choice.assumed[0]
        assumed = f" ({say(f'ticket.assumed_axes.{axes}')})"
    return {
        "priority": say(f"ticket.priorities.{choice.priority}"),
        "assumed": assumed,
        "reason": f": {choice.override.reason}" if choice.override else "",
    }


def without_words(event: AnyTicketEvent) -> AnyTicketEvent:
    """The event without what somebody wrote in words of his own, for those who see no persons."""
    match event:
        case UserAsked():
            return replace(event, question=HIDDEN)
        case UserAnswered():
            return replace(event, answer=HIDDEN)
        case TicketSolved():
            return replace(event, solution=HIDDEN)
        case TicketReopened():
            return replace(event, reason=HIDDEN)
        case ExternalNumberLinked():
            return replace(event, external_number=HIDDEN)
        case TicketOpened() | PriorityChanged() if event.choice.override:
            override = replace(event.choice.override, reason=HIDDEN)
            return replace(event, choice=replace(event.choice, override=override))
        case _:
            return event
