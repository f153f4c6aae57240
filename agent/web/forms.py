"""Forms of living calls, for programs on this machine: read, fill in, say that one is finished.

Served on a socket in the service's own folder, which only its user may open: whoever can reach it
may write on every form, in the name that he gives. What goes wrong is told as RFC 9457 has it.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from agent.domain.form_filling import ChangeRefused
from agent.domain.numbers import NumberInvalid
from agent.runtime.errors import EffectFailed
from agent.runtime.form_desk import FormDesk, FormNotOpen, WrittenForm

Account = Annotated[str, Meta(pattern=r"^[\w.@-]{1,60}$")]
Asked = TypeVar("Asked", bound=msgspec.Struct)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROBLEM = "application/problem+json"


class FieldWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody typed into a field of a form."""

    form: str
    field: str
    text: str
    by: Account


class FinishWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody says that nothing more will be written."""

    form: str
    by: Account


def make_desk(desk: FormDesk) -> web.Application:
    """The application behind the service's socket."""

    async def read(request: web.Request) -> web.Response:
        return web.json_response(_shown(desk.read(request.query.get("form", ""))))

    async def fill(request: web.Request) -> web.Response:
        wanted = await _asked(request, FieldWanted)
        filled = await desk.fill(wanted.form, wanted.field, wanted.text, wanted.by)
        if isinstance(filled, ChangeRefused):
            words = {"id": filled.sentence.id, "en": filled.sentence.en}
            return problem(422, filled.reason, filled.sentence.id, field=filled.field, words=words)
        return web.json_response(_shown(filled))

    async def finish(request: web.Request) -> web.Response:
        wanted = await _asked(request, FinishWanted)
        return web.json_response(_shown(await desk.finish(wanted.form, wanted.by)))

    application = web.Application(client_max_size=64 * 1024, middlewares=[_told_as_problems])
    application.router.add_get("/form", read)
    application.router.add_post("/form/fill", fill)
    application.router.add_post("/form/finish", finish)
    return application


def problem(status: int, reason: str, detail: str, **more: object) -> web.Response:
    """What went wrong: a fixed word for programs, a sentence for people."""
    body = {"title": reason, "status": status, "detail": detail, **more}
    return web.json_response(body, status=status, content_type=PROBLEM)


@web.middleware
async def _told_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NumberInvalid:
        return problem(400, "number_invalid", "Nomor formulir ditulis seperti 123/2026.")
    except FormNotOpen:
        return problem(404, "form_not_open", "Formulir ini tidak terbuka atau sudah diarsipkan.")
    except EffectFailed:
        return problem(503, "not_recorded", "Isian belum tersimpan, mohon dicoba lagi.")
    except msgspec.DecodeError as error:
        return problem(400, "request_invalid", str(error))


async def _asked(request: web.Request, kind: type[Asked]) -> Asked:
    return msgspec.json.decode(await request.read(), type=kind)


def _shown(written: WrittenForm) -> dict[str, Any]:
    """A form for programs: what stands in its fields, by whom, and what each step still lacks."""
    call = written.call
    fields = {
        name: {
            "value": change.value,
            "raw": change.raw,
            "warnings": [
                {"key": key, **_words(written.definition.warnings[key])} for key in change.warnings
            ],
            "by": change.by,
            "at": change.at.isoformat(),
        }
        for name, change in call.form.shown.items()
    }
    return {
        "form_number": call.form_number,
        "ticket_number": call.ticket_number,
        "form": written.definition.name,
        "stage": call.stage,
        "decision": call.decision,
        "fields": fields,
        "missing": written.missing,
        "finished": call.form_finished is not None,
    }


def _words(sentence: msgspec.Struct) -> dict[str, str]:
    return msgspec.structs.asdict(sentence)
