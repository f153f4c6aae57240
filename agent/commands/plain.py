"""How commands speak: tables for people, JSON for programs, one sentence for what went wrong."""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console

from agent.asterisk.errors import AsteriskUnfit
from agent.catalogue import Words, read_words
from agent.database.access import PurposeInvalid
from agent.database.call_filter import FilterInvalid
from agent.database.errors import (
    AccountInvalid,
    AccountUnknown,
    AnswerUnknown,
    DatabaseProblem,
    DeviationUnknown,
    NumberUnknown,
    OperatorUnknown,
    TicketUnknown,
    TokenUnknown,
)
from agent.database.holds import HoldUnknown
from agent.database.migrations import require_migrated
from agent.database.persons import CorrectionRefused
from agent.database.ticket_acts import NothingToResend
from agent.database.webhooks import SubscriptionRefused, SubscriptionUnknown
from agent.domain.answer import AnswerInvalid
from agent.domain.deviation_words import WordRefused
from agent.domain.identifiers import OperatorId
from agent.domain.letterhead import LetterheadInvalid
from agent.domain.numbers import NumberInvalid
from agent.domain.office_time import ZONES, local
from agent.domain.personal_data import PersonInvalid
from agent.domain.sop import SopInvalid
from agent.domain.ticket import TicketRefused
from agent.domain.ticket_acts import ActRefused
from agent.domain.ticket_words import REFUSALS
from agent.domain.words import WORD_REFUSALS
from agent.domain.working_time import CalendarEnds
from agent.runtime.errors import EffectFailed, StandDown
from agent.settings import SettingsInvalid
from agent.speech.errors import PromptFileInvalid, SpeechUnavailable

FAILED = 1
BAD_INPUT = 2
PIPE_COLUMNS = 150
"""From this width on a list has one line for each row; below it cells are stacked."""

# Anything else is a slip of the finger, and far years have no next day or no zone.
FIRST_YEAR, LAST_YEAR = 2000, 2100

SINCE_HELP = "First day (2026-03-02) or moment (2026-03-02T09:00), office time."
UNTIL_HELP = "Last day, the whole of it, or the moment before which calls came."

_OF_PERSONS = (PersonInvalid, PurposeInvalid, HoldUnknown, CorrectionRefused)
_OF_WEBHOOKS = (SubscriptionRefused, SubscriptionUnknown)
_ACCOUNT = re.compile(r"op-[0-9]{1,9}")

Answer = TypeVar("Answer")


def ask(url: str, question: Callable[[], Awaitable[Answer]]) -> Answer:
    """The database's answer, once it is known to be of this program's own version.

    Raises DatabaseOlder, DatabaseNewer, MigrationChanged and whatever the question raises.
    """

    async def check_first() -> Answer:
        await require_migrated(url)
        return await question()

    return asyncio.run(check_first())


@contextmanager
def said_plainly() -> Iterator[None]:
    """End the command with one sentence and status 2 for bad input, 1 for anything else known."""
    try:
        yield
    except NumberInvalid as error:
        refuse(
            f"{error} is neither a form number (0123/FK-TLP/LPSE.BTG/2026, in short 123/2026) "
            "nor a ticket number with a right check digit (26-00412-0): "
            "read it again, digit by digit."
        )
    except TicketRefused as error:
        refuse(f"{error}.")
    except ActRefused as error:
        refuse(REFUSALS[error.reason])
    except (
        AccountInvalid,
        AccountUnknown,
        TokenUnknown,
        AnswerInvalid,
        AnswerUnknown,
        DeviationUnknown,
        FilterInvalid,
        NumberUnknown,
        OperatorUnknown,
        TicketUnknown,
        NothingToResend,
        SettingsInvalid,
        SopInvalid,
        *_OF_PERSONS,
        *_OF_WEBHOOKS,
    ) as error:
        refuse(str(error))
    except LetterheadInvalid as error:
        refuse(f"letterhead_file: {str(error).partition(chr(10))[0]}")
    except WordRefused as error:
        refuse(WORD_REFUSALS[error.reason])
    except PromptFileInvalid as error:
        refuse(f"prompts_file: {error}")
    except (
        AsteriskUnfit,
        CalendarEnds,
        DatabaseProblem,
        EffectFailed,
        SpeechUnavailable,
        StandDown,
    ) as error:
        _end(str(error), FAILED)


@cache
def indonesian() -> Words:
    """The catalogue in the language in which commands tell of calls and tickets."""
    return read_words()["id"]


def refuse(sentence: str) -> NoReturn:
    """End the command because of what was typed."""
    _end(sentence, BAD_INPUT)


def parse_account(option: str, typed: str) -> OperatorId:
    """The operator's account that was typed; ends the command for anything else."""
    if not _ACCOUNT.fullmatch(typed):
        refuse(f"{option} {typed}: an account looks like op-101, see `lpse-agent operator list`.")
    return OperatorId(typed)


def parse_period(
    since: str | None, until: str | None, zone: str
) -> tuple[datetime | None, datetime | None]:
    """The first moment and the first no longer wanted, as typed; ends the command for others."""
    first, end = _moment("--since", since, zone)[0], _moment("--until", until, zone)[1]
    if first and end and first > end:
        refuse(f"--since {since} is later than --until {until}.")
    return first, end


def _moment(option: str, typed: str | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The moment typed, and the first moment after what was typed; a day ends at midnight."""
    if typed is None:
        return None, None
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        refuse(f"{option} {typed}: write a day as 2026-03-02 or a moment as 2026-03-02T09:00.")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        refuse(f"{option} {typed}: a year from {FIRST_YEAR} to {LAST_YEAR}.")
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZONES[zone])
    return at, at + timedelta(days=1) if len(typed) <= len("2026-03-02") else at


def _end(sentence: str, status: int) -> NoReturn:
    typer.echo(printable(sentence), err=True)
    raise typer.Exit(status)


def printable(text: str) -> str:
    """One line without a sign that a terminal obeys, as what was typed or read may hold one."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def console() -> Console:
    """Where people read; a pipe or log gets lines wide enough for whole rows."""
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    return Console(width=width, highlight=False, markup=False)


def print_json(value: object) -> None:
    """One JSON value for programs, indented."""
    typer.echo(_escaped(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()))


def print_json_line(value: object) -> None:
    """One JSON value for programs, on one line of many."""
    typer.echo(_escaped(msgspec.json.encode(value).decode()))


def _escaped(text: str) -> str:
    """The same JSON, safe for a terminal: it need not escape what turns or hides text there."""
    return "".join(s if s.isprintable() or s == "\n" else json.dumps(s)[1:-1] for s in text)


def plain_object(row: msgspec.Struct, zone: str) -> dict[str, Any]:
    """A row for programs: its fields, moments in the office's zone."""
    return {
        name: local(value, zone).isoformat() if isinstance(value, datetime) else value
        for name, value in msgspec.structs.asdict(row).items()
    }


def clock_of(zone: str) -> Callable[[datetime | None], str]:
    """How lists show moments: in the office's zone, to the minute."""
    return lambda at: f"{local(at, zone):%Y-%m-%d %H:%M} {zone}" if at else "–"


def milliseconds(at: datetime | None, zone: str) -> str:
    """A moment of a call with its zone, to the millisecond."""
    if at is None:
        return "–"
    return f"{local(at, zone).isoformat(sep=' ', timespec='milliseconds')[11:23]} {zone}"


def seconds(value: float | None) -> str:
    """A duration as Indonesians write it, e.g. 2,350 dtk."""
    return "–" if value is None else f"{value:.3f} dtk".replace(".", ",")
