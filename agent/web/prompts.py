"""What callers hear: read, heard by browser and telephone, and written by an administrator."""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated

import msgspec
from aiohttp import web
from aiohttp.helpers import ETag
from msgspec import Meta

from agent.database.written_prompts import read_written_prompts
from agent.domain.rights import Right
from agent.domain.written_prompt import WrittenPrompt, newest
from agent.runtime.announcements import OfficePhone
from agent.speech.prompt_text import LONGEST_TEXT
from agent.speech.renderer import Audio
from agent.web.accounts import OperatorName
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused
from agent.web.prompt_desk import PromptDesk

WAV = "audio/wav"
PromptText = Annotated[str, Meta(min_length=1, max_length=2 * LONGEST_TEXT)]
"""With its blanks; what counts of it is LONGEST_TEXT."""


class PromptShown(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt. Places of a text: {form_number}, {pause_400} (milliseconds), {lpse_name}."""

    prompt: str
    heard_by: str
    text: str
    original: str
    """As the file has it."""
    version: str
    written: int
    """How often the office wrote it; 0: never."""
    by: str | None
    at: datetime | None
    voice: str | None
    """recorded: a person; piper, mbrola, espeak, digits: a machine; None: it cannot be said now."""
    seconds: float | None
    numbers: bool
    """Whether it says numbers of the call; what is heard here has made-up ones."""


class Prompts(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, and the telephones on which they can be heard."""

    language: str
    prompts: list[PromptShown]
    phones: list[OfficePhone]


class PromptVersions(msgspec.Struct, frozen=True):
    """All that the office wrote for one prompt, the oldest first."""

    versions: list[WrittenPrompt]


class NewText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be said; `written` is that of the prompt as its writer saw it."""

    text: PromptText
    written: Annotated[int, Meta(ge=0, le=1_000_000)]


class Restored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's own words shall be said again; `written` as for a new text."""

    written: Annotated[int, Meta(ge=0, le=1_000_000)]


class TriedText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text that counts nowhere yet."""

    text: PromptText


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tried text is heard for a while."""

    trial: str
    voice: str
    seconds: float


class Ring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which telephone shall hear it, or a text in its place."""

    phone: OperatorName
    text: PromptText | None = None


async def read_prompts(parts: Parts, desk: PromptDesk) -> Prompts:
    """All of them as they are now."""
    written = newest(await read_written_prompts(parts.pool.url))
    names = parts.renderer.prompts.names()
    return Prompts(
        language=parts.renderer.prompts.language,
        prompts=[await _shown(parts, desk, name, written.get(name)) for name in names],
        phones=parts.announcements.phones,
    )


async def _shown(
    parts: Parts, desk: PromptDesk, name: str, written: WrittenPrompt | None
) -> PromptShown:
    prompts = parts.renderer.prompts
    try:
        audio = await desk.sound(name)
    except Refused:
        audio = None
    return PromptShown(
        prompt=name,
        heard_by=prompts.original(name).heard_by,
        text=prompts.text(name),
        original=prompts.original_text(name),
        version=prompts.version(name),
        written=written.version if written else 0,
        by=written.by if written else None,
        at=written.at if written else None,
        voice=audio.engine if audio else None,
        seconds=round(audio.length.total_seconds(), 1) if audio else None,
        numbers=not prompts.original(name).is_fixed,
    )


def prompt_operations(parts: Parts) -> list[Operation]:
    """Reading, hearing, trying and writing them; what is written and rung is on record."""
    desk = PromptDesk(parts)

    async def read(_asking: Asking, _asked: None) -> Prompts:
        return await read_prompts(parts, desk)

    async def versions(asking: Asking, _asked: None) -> PromptVersions:
        return PromptVersions(await desk.versions(asking.path("prompt")))

    async def hear(asking: Asking, _asked: None) -> web.StreamResponse:
        return await _wav(asking, await desk.sound(asking.path("prompt")))

    async def write(asking: Asking, asked: NewText) -> WrittenPrompt:
        prompt, by = asking.path("prompt"), asking.who.account
        return await desk.write(prompt, asked.text, asked.written, by)

    async def restore(asking: Asking, asked: Restored) -> WrittenPrompt:
        return await desk.write(asking.path("prompt"), None, asked.written, asking.who.account)

    async def try_text(asking: Asking, asked: TriedText) -> Trial:
        trial, audio = await desk.tried(asking.path("prompt"), asked.text)
        seconds = round(audio.length.total_seconds(), 1)
        return Trial(trial=trial, voice=audio.engine, seconds=seconds)

    async def hear_trial(asking: Asking, _asked: None) -> web.StreamResponse:
        return await _wav(asking, desk.trial(asking.path("trial")))

    async def ring(asking: Asking, asked: Ring) -> None:
        await desk.ring(asking.path("prompt"), asked.text, asked.phone, asking.who.account)

    one, right = "/prompts/{prompt}", Right.ADMINISTER
    return [
        Operation(
            name="listPrompts", method="GET", path="/prompts", right=right, perform=read,
            summary="All that callers and operators hear, and by which voice.", answered=Prompts,
        ),
        Operation(
            name="readPromptVersions", method="GET", path=one + "/versions", right=right,
            summary="All that the office wrote for a prompt.",
            perform=versions, answered=PromptVersions,
        ),
        Operation(
            name="hearPrompt", method="GET", path=one + "/audio", right=right, perform=hear,
            summary="How it sounds on the telephone; numbers are made up.",
            answered=bytes, content=(WAV,),
        ),
        Operation(
            name="writePrompt", method="PUT", path=one, right=right, perform=write,
            summary="Say this once its sound is made; no restart, and no call is disturbed.",
            asked=NewText, answered=WrittenPrompt, refuses=(409,),
        ),
        Operation(
            name="restorePrompt", method="POST", path=one + "/restore", right=right,
            summary="Say the file's own words again.",
            perform=restore, asked=Restored, answered=WrittenPrompt, refuses=(409,),
        ),
        Operation(
            name="tryPrompt", method="POST", path=one + "/trials", right=right, perform=try_text,
            summary="Make the sound of a text that counts nowhere yet.",
            asked=TriedText, answered=Trial,
        ),
        Operation(
            name="hearTrial", method="GET", path="/prompt-trials/{trial}/audio", right=right,
            summary="How a tried text sounds; kept for a while.",
            perform=hear_trial, answered=bytes, content=(WAV,),
        ),
        Operation(
            name="ringPrompt", method="POST", path=one + "/ring", right=right, perform=ring,
            summary="Ring an idle telephone of the office, which hears it or a text in its place.",
            asked=Ring, refuses=(409,),
        ),
    ]  # fmt: skip


def prompt_pages(parts: Parts) -> list[Page]:
    """The prompts."""
    desk = PromptDesk(parts)

    async def show(asking: Asking) -> Shown:
        return Shown(
            "prompts.html",
            {
                "known": await read_prompts(parts, desk),
                "heard_by": asking.words.below("prompts.heard_by"),
                "longest": LONGEST_TEXT,
            },
        )

    return [Page(path="/prompts", right=Right.ADMINISTER, show=show, menu="menu.prompts")]


async def _wav(asking: Asking, audio: Audio) -> web.StreamResponse:
    """Not by its file's time: a sound that is used again would be a new one each time."""
    try:
        body = await asyncio.to_thread(audio.file.read_bytes)
    except OSError as error:
        raise Refused(503, "prompt_not_said") from error
    tag = hashlib.sha256(body).hexdigest()[:32]
    known = asking.request.if_none_match or ()
    answer = web.Response(status=304) if ETag(tag) in known else web.Response(body=body)
    if answer.status == 200:
        answer.content_type = WAV
    answer.etag = tag
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
