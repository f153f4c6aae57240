"""What commands ask of the running service, over the socket in its own folder."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from agent.commands.plain import refuse
from agent.dialplan import DESK_SOCKET
from agent.settings import Settings

PATIENCE_S = 15.0


def asked(settings: Settings, method: str, path: str, wanted: dict[str, str]) -> dict[str, Any]:
    """What the running service answers; ends the command with its sentence when it refuses."""
    status, answer = asyncio.run(_ask(settings.state_folder / DESK_SOCKET, method, path, wanted))
    if status != 200:
        words = answer.get("words", {})
        refuse(str(words.get("en") or answer.get("detail") or f"The service answered {status}."))
    return answer


async def _ask(
    socket: Path, method: str, path: str, wanted: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    read = method == "GET"
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.UnixConnector(str(socket)) as connector,
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.request(
                method,
                f"http://desk{path}",
                params=wanted if read else None,
                json=None if read else wanted,
            ) as response,
        ):
            return response.status, await response.json(content_type=None)
    except (OSError, TimeoutError, aiohttp.ClientError):
        refuse("The service does not answer: it must run, and you must be its user or root.")
