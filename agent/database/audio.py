"""Where the sound of a call is kept: found by the call, never by a name that is sent."""

import msgspec

from agent.database.connect import Connection
from agent.database.queries import sql
from agent.domain.numbers import parse_form_number


class Sound(msgspec.Struct, frozen=True):
    """A voice message: the form of its call, and its file in the exchange's folder of messages."""

    form_number: str
    name: str


async def voicemail_of(connection: Connection, number: str) -> Sound | None:
    """The voice message of the call with this form number; None for none, or an erased one.

    Raises NumberInvalid.
    """
    form = parse_form_number(number)
    row = await connection.fetchrow(sql("voicemail_of_form"), form.year, form.sequence)
    return Sound(**row) if row else None
