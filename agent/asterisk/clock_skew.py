"""How far Asterisk's clock is from ours, asked without an event session (which sees it itself)."""

import asyncio

from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskUnreachable
from agent.runtime import clock

SKEW_ALARM_S = 0.2
"""Steps are judged to a tenth of a second by Asterisk's clock, and ordered with what ours says."""
ASK_EVERY_S = 0.005
DEADLINE_S = 3.0


async def clock_skew(client: AriClient) -> float:
    """Asterisk's clock minus ours in seconds, to 10 ms; takes up to a second.

    It tells only whole seconds, so the moment is awaited in which a new one begins. Raises
    AsteriskRefused, AsteriskUnreachable.
    """
    try:
        async with asyncio.timeout(DEADLINE_S):
            first = second = await _second(client)
            while second == first:
                await asyncio.sleep(ASK_EVERY_S)
                second = await _second(client)
            return second - clock.of_this_machine().timestamp()
    except (TimeoutError, TypeError, ValueError, KeyError) as error:
        raise AsteriskUnreachable("its clock does not tell the time") from error


async def _second(client: AriClient) -> int:
    return int((await client.get("asterisk", "variable", variable="EPOCH"))["value"])
