"""Supervisors in conversations, for programs on this machine; beside the forms, on their socket."""

from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from agent.domain.call_state import Supervision
from agent.domain.events import SupervisionMode
from agent.domain.identifiers import OperatorId
from agent.runtime.supervision import Reason, SupervisionDesk, SupervisionRefused

Account = Annotated[str, Meta(pattern=r"^op-[0-9]{1,9}$")]
SENTENCES: dict[Reason, dict[str, str]] = {
    "supervision_off": {
        "id": "Pendampingan percakapan dimatikan oleh kantor ini.",
        "en": "This office has switched supervision off (setting `supervision`).",
    },
    "not_a_supervisor": {
        "id": "Akun ini bukan telepon supervisor.",
        "en": "This is no supervisor's telephone: see `lpse-agent operator add --supervisor`.",
    },
    "phone_not_reachable": {
        "id": "Telepon supervisor ini sedang tidak terhubung.",
        "en": "This supervisor's telephone cannot be reached now.",
    },
    "no_conversation": {
        "id": "Tidak ada percakapan yang sedang berlangsung dengan nomor formulir ini.",
        "en": "No conversation with this form number is going on now.",
    },
    "already_supervised": {
        "id": "Supervisor lain sedang mendampingi percakapan ini.",
        "en": "Another supervisor is with this conversation.",
    },
    "already_elsewhere": {
        "id": "Supervisor ini sedang mendampingi percakapan lain.",
        "en": "This supervisor is with another conversation.",
    },
    "not_supervising": {
        "id": "Supervisor ini tidak sedang mendampingi percakapan ini.",
        "en": "This supervisor is not with this conversation.",
    },
}
UNKNOWN = ("no_conversation", "not_supervising", "not_a_supervisor")


class ModeWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which telephone wants to be in which conversation, and heard by whom."""

    form: str
    phone: Account
    mode: SupervisionMode


class StopWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose session is to end."""

    form: str
    phone: Account


def add_supervision(application: web.Application, desk: SupervisionDesk) -> None:
    """The three things that can be asked; what goes wrong the application's middleware tells."""

    async def start(request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=ModeWanted)
        session = await desk.start(wanted.form, OperatorId(wanted.phone), wanted.mode)
        return web.json_response(shown(session))

    async def change(request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=ModeWanted)
        session = await desk.change(wanted.form, OperatorId(wanted.phone), wanted.mode)
        return web.json_response(shown(session))

    async def stop(request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=StopWanted)
        return web.json_response(shown(await desk.stop(wanted.form, OperatorId(wanted.phone))))

    application.router.add_post("/supervision/start", start)
    application.router.add_post("/supervision/change", change)
    application.router.add_post("/supervision/stop", stop)


def status_of(refused: SupervisionRefused) -> int:
    """The HTTP status of a refusal."""
    if refused.reason == "supervision_off":
        return 403
    return 404 if refused.reason in UNKNOWN else 409


def shown(session: Supervision) -> dict[str, Any]:
    """A session for programs."""
    return {
        "supervisor": session.supervisor,
        "name": session.name,
        "modes": [{"mode": m.mode, "at": m.since.at.isoformat()} for m in session.modes],
        "joined_at": session.joined.at.isoformat() if session.joined else None,
        "ended_at": session.ended.at.isoformat() if session.ended else None,
    }
