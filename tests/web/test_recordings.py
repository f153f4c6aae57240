"""A voice message is heard by who may, from any place in it, and nothing else is ever sent."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from agent.database.connect import Connection
from agent.domain.call_state import Call
from tests.database.agents import running_writer
from tests.database.stories import abandoned, in_turn
from tests.web.site import Site
from tests.web.test_site import token_for

HEARD = "/api/v1/calls/2026/4/voicemail"
SECRET = b"nobody may read this"


@pytest_asyncio.fixture
async def messages(here: Site, connection: Connection, tmp_path: Path) -> AsyncIterator[Path]:
    """A call with a message of a second, in the folder of messages beside other files."""
    folder = tmp_path / "voicemail"
    folder.mkdir()
    with wave.open(str(folder / "1795338000.7.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(range(200)) * 80)
    (tmp_path / "outside.wav").write_bytes(SECRET)
    (folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    msgspec.structs.force_setattr(here.parts.settings, "voicemail_folder", folder)
    async with running_writer(here.parts.pool.url) as writer:
        for one in in_turn([abandoned(4)]):
            await writer.record(one)
    await tell(connection, "1795338000.7.wav")
    yield folder


async def tell(connection: Connection, name: str) -> None:
    """The call's record names this file."""
    state = msgspec.json.decode(
        await connection.fetchval("SELECT state FROM calls WHERE call_id = 'call-4'"), type=Call
    )
    told = msgspec.structs.replace(state, voicemail_recording=name)
    await connection.execute(
        "UPDATE calls SET state = $1 WHERE call_id = 'call-4'", msgspec.json.encode(told).decode()
    )


async def test_it_is_heard_whole_and_in_part(here: Site, messages: Path) -> None:
    whole = (messages / "1795338000.7.wav").read_bytes()
    supervisor = await here.log_in("supervisor")
    async with supervisor.get(HEARD) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.read() == whole
    async with supervisor.get(HEARD, headers={"Range": "bytes=1000-1999"}) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
        assert await answer.read() == whole[1000:2000]
    _, page = await here.get(supervisor, "/calls/2026/4")
    assert f'<audio controls preload="none" src="{HEARD}"' in page


async def test_every_hearing_is_on_record(
    here: Site, messages: Path, connection: Connection
) -> None:
    supervisor = await here.log_in("supervisor")
    async with supervisor.get(HEARD) as answer:
        await answer.read()
    row = await connection.fetchrow("SELECT by, forms, purpose FROM access_log")
    assert row and (row["by"], row["forms"]) == ("supervisor", [abandoned(4).form_number])


async def test_nobody_else_hears_it(here: Site, messages: Path) -> None:
    for role in ("auditor", "operator", "administrator"):
        browser = await here.log_in(role)
        async with browser.get(HEARD) as answer:
            assert answer.status == 403, role
    for scopes in (("persons",), ("calls",)):
        program = await token_for(here, *scopes)
        async with program.get(HEARD) as answer:
            assert answer.status == 403, scopes


@pytest.mark.parametrize(
    "name", ["../outside.wav", "link.wav", "/etc/passwd", "none.wav", "..", ".", "a/b.wav"]
)
async def test_no_name_on_record_leads_out_of_the_folder(
    here: Site, messages: Path, connection: Connection, name: str
) -> None:
    await tell(connection, name)
    supervisor = await here.log_in("supervisor")
    async with supervisor.get(HEARD) as answer:
        assert answer.status == 404
        assert SECRET not in await answer.read()


async def test_what_is_erased_is_not_there(
    here: Site, messages: Path, connection: Connection
) -> None:
    await connection.execute(
        "INSERT INTO erasures (call_id, what, by, why) VALUES ('call-4', 'audio', 'x', 'test')"
    )
    supervisor = await here.log_in("supervisor")
    async with supervisor.get(HEARD) as answer:
        assert answer.status == 404
        assert (await answer.json(content_type=None))["title"] == "recording_unknown"
