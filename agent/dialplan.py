"""What the dialplan asks over FastAGI: who is free while no agent takes its callers, and what an
operator's telephone dialled to take calls or none."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import aiohttp
import structlog

from agent.asterisk.fastagi import AgiRequest, FastAgiServer
from agent.asterisk.phone_accounts import dialled_together
from agent.database.operators import free_operators
from agent.domain.presence import PauseReasons, PauseReasonUnknown
from agent.settings import Settings

RETRY_S = 1.0
DESK_SOCKET = "desk.sock"
"""In the state folder: where programs of this machine write on forms."""
FALLBACK_QUESTION, FALLBACK_ANSWER = "fallback", "LPSE_OPERATORS"
"""As dialplan/extensions.conf asks in [agent-away-question]."""
MOST_RUNG = 50
"""Telephones that ring for one caller; an answer over FastAGI has room for 70."""
PRESENCE_QUESTION = re.compile(r"presence/([0-9])")
"""As dialplan/extensions.conf asks in [from-operators]; 0 is ready, another key a reason."""
PRESENCE_ANSWER = "LPSE_PRESENCE"
OPERATORS_CHANNEL = re.compile(r"PJSIP/(op-[0-9]{1,9})-[0-9a-f]+")
PATIENCE_S = 1.5
"""For the owner's answer; the dialplan waits two seconds."""

Answer = Callable[[AgiRequest], Awaitable[dict[str, str]]]

log = structlog.get_logger()


def make_answer(settings: Settings, reasons: PauseReasons) -> Answer:
    """Answers one question; nothing to what is none, and to what could not be done."""

    async def answer(request: AgiRequest) -> dict[str, str]:
        if request.script == FALLBACK_QUESTION:
            free = await free_operators(settings.database_url)
            # Nobody is free by our record: the dialplan asks the telephones themselves.
            return {FALLBACK_ANSWER: dialled_together(free[:MOST_RUNG])} if free else {}
        dialled = PRESENCE_QUESTION.fullmatch(request.script)
        telephone = OPERATORS_CHANNEL.fullmatch(request.channel)
        if dialled and telephone:
            return await _change_presence(settings, reasons, telephone[1], dialled[1])
        return {}

    return answer


async def answer_the_dialplan(settings: Settings, reasons: PauseReasons) -> None:
    """Answer for ever.

    One process of the office has the port, owner or standby; the other waits for it.
    """
    server = FastAgiServer("127.0.0.1", settings.agi_port, make_answer(settings, reasons))
    while True:
        try:
            server.listen()
            break
        except OSError:
            await asyncio.sleep(RETRY_S)
    await server.run()


async def _change_presence(
    settings: Settings, reasons: PauseReasons, account: str, key: str
) -> dict[str, str]:
    """Ask the owner, who may be another process than this one."""
    wanted = {"account": account, "by": account, "presence": "ready"}
    if key != "0":
        try:
            wanted |= {"presence": "paused", "reason": reasons.of_key(key).code}
        except PauseReasonUnknown:
            return {}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.UnixConnector(str(settings.state_folder / DESK_SOCKET)) as connector,
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post("http://desk/operator/presence", json=wanted) as response,
        ):
            done = response.status == 200
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        log.warning("presence_not_changed", operator=account, reason=type(error).__name__)
        return {}
    return {PRESENCE_ANSWER: wanted["presence"]} if done else {}
