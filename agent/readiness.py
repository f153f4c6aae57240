"""Whether this process can do its work, as /health/ready and systemd are told."""

from agent.asterisk.ari_session import AriSession
from agent.asterisk.standby import Standby
from agent.database.writer import Writer
from agent.runtime.journal import JournaledRecorder
from agent.runtime.lease import LeaseKeeper
from agent.speech.renderer import Renderer
from agent.web.health import Check


def starting_checks() -> dict[str, Check]:
    """What a process must have that has not read yet what it works by."""

    async def record() -> str | None:
        return "the database has not answered yet"

    return {"record": record}


def standby_checks(standby: Standby, lease: LeaseKeeper, renderer: Renderer) -> dict[str, Check]:
    """What a process that stands by must have, by name."""

    async def echo() -> str | None:
        return None if standby.ready else "Asterisk does not return our echo"

    async def record() -> str | None:
        return None if lease.reachable else "the database does not answer"

    return {"asterisk": echo, "record": record, "speech": _speech_check(renderer)}


def _speech_check(renderer: Renderer) -> Check:
    async def speech() -> str | None:
        return None if await renderer.works() else "no speech engine renders"

    return speech


def owner_checks(
    session: AriSession, writer: Writer, recorder: JournaledRecorder, renderer: Renderer
) -> dict[str, Check]:
    """What the owner of the calls must have, by name."""

    async def echo() -> str | None:
        return None if session.ready else "Asterisk does not return our echo"

    async def record() -> str | None:
        if trouble := recorder.trouble():
            return trouble
        if writer.healthy or recorder.writable():
            return None
        return "the database does not answer and the journal cannot be written"

    return {"asterisk": echo, "record": record, "speech": _speech_check(renderer)}


def status_of(lease: LeaseKeeper, session: AriSession) -> str:
    """What `systemctl status` says."""
    if lease.role == "standby":
        return "standing by"
    return "taking calls" if session.ready else "no echo from Asterisk, asking again and again"
