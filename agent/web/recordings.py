"""What callers said, for who may hear it: found by the call's number, heard from any place on."""

from pathlib import Path

from aiohttp import web

from agent.database.access import Access, log_access
from agent.database.audio import voicemail_of
from agent.domain.rights import Right
from agent.web.operations import Asking, Operation
from agent.web.parts import Parts
from agent.web.problems import Refused

PURPOSE = "pesan suara didengar"
AUDIO = {".wav": "audio/wav", ".gsm": "audio/gsm"}


def recording_operations(parts: Parts) -> list[Operation]:
    """Hearing a call's voice message."""

    async def hear(asking: Asking, _asked: None) -> web.StreamResponse:
        if not asking.who.may(Right.CALLS):
            raise Refused(403, "not_allowed")
        number = f"{asking.path('sequence')}/{asking.path('year')}"
        async with parts.pool.connection() as connection:
            sound = await voicemail_of(connection, number)
        file = _file(parts.settings.voicemail_folder, sound.name) if sound else None
        if sound is None or file is None:
            raise Refused(404, "recording_unknown")
        seen = Access(
            by=asking.who.account, action="read", purpose=PURPOSE, forms=(sound.form_number,)
        )
        await log_access(parts.pool.url, seen)
        # aiohttp answers a Range with the part that is asked for, so that a player can seek.
        return web.FileResponse(
            file,
            headers={
                "Cache-Control": "no-store",
                "Content-Type": AUDIO[file.suffix],
                "Content-Disposition": "inline",
            },
        )

    return [
        Operation(
            name="hearVoicemail", method="GET",
            path="/calls/{year}/{sequence}/voicemail",
            right=Right.PERSONS,
            summary="The voice message that the caller left, whole or a Range of it.",
            perform=hear, answered=bytes, content=tuple(AUDIO.values()),
        )
    ]  # fmt: skip


def _file(folder: Path, name: str) -> Path | None:
    """The file in the folder of messages and nowhere else; no link leads out of it (F29)."""
    file = folder / name
    if Path(name).name != name or file.suffix not in AUDIO or not file.is_file():
        return None
    return file if file.resolve().parent == folder.resolve() else None
