"""Forms of living calls, for programs on this machine: read, fill in, say that one is finished.
And who supervises them (agent/web/supervision.py).

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
from agent.runtime.supervision import SupervisionDesk, SupervisionRefused
from agent.web.supervision import SENTENCES as OF_SUPERVISION
from agent.web.supervision import add_supervision, status_of

Account = Annotated[str, Meta(pattern=r"^[\w.@-]{1,60}$")]
Asked = TypeVar("Asked", bound=msgspec.Struct)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROBLEM = "application/problem+json"
SENTENCES = {
    "number_invalid": {
        "id": "Nomor formulir ditulis seperti 123/2026.",
        "en": "A form number is written like 123/2026.",
    },
    "form_not_open": {
        "id": "Formulir ini tidak terbuka atau sudah diarsipkan.",
        "en": "This form is not open: there is no such call, or it is archived.",
    },
    "not_recorded": {
        "id": "Isian belum tersimpan, mohon dicoba lagi.",
        "en": "This is not saved yet: please try again.",
    },
}


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


def make_desk(desk: FormDesk, supervision: SupervisionDesk) -> web.Application:
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
    add_supervision(application, supervision)
    return application


def problem(status: int, reason: str, detail: str, **more: object) -> web.Response:
    """What went wrong: a fixed word for programs, a sentence for people."""
    body = {"title": reason, "status": status, "detail": detail, **more}
    return web.json_response(body, status=status, content_type=PROBLEM)


def _told(status: int, reason: str) -> web.Response:
    words = SENTENCES[reason]
    return problem(status, reason, words["id"], words=words)


@web.middleware
async def _told_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except NumberInvalid:
        return _told(400, "number_invalid")
    except FormNotOpen:
        return _told(404, "form_not_open")
    except SupervisionRefused as refused:
        words = OF_SUPERVISION[refused.reason]
        return problem(status_of(refused), refused.reason, words["id"], words=words)
    except EffectFailed:
        return _told(503, "not_recorded")
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
