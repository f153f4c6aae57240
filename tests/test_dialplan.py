"""What the dialplan is answered: free operators, and what became of a star code."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from agent.asterisk.fastagi import AgiRequest
from agent.dialplan import DESK_SOCKET, make_answer
from agent.runtime.floor_keeper import FloorKeeper
from agent.settings import Settings
from agent.web.presence import serve_presence
from tests.domain.test_presence import REASONS
from tests.runtime.conftest import database, exchange
from tests.runtime.exchange import SITI, PretendExchange
from tests.runtime.faulty_database import FaultyDatabase
from tests.test_office import settings_of

__all__ = ["database", "exchange"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a service whose folder is this test's."""
    return Settings(
        database_url="postgresql://127.0.0.1/lpse",
        ari_url="http://127.0.0.1:8088",
        ari_secret_file=tmp_path,
        state_folder=tmp_path,
    )


@pytest_asyncio.fixture
async def floor(
    database: FaultyDatabase, exchange: PretendExchange, settings: Settings
) -> AsyncIterator[FloorKeeper]:
    """The owner's floor, on its socket."""
    keeper = FloorKeeper(database, exchange, lambda _call_id, _offered: None, REASONS)
    await keeper.refresh()
    application = web.Application()
    serve_presence(application, keeper)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.UnixSite(runner, str(settings.state_folder / DESK_SOCKET)).start()
    yield keeper
    await runner.cleanup()


def dialled(key: str, channel: str = "PJSIP/op-101-0000000a") -> AgiRequest:
    return AgiRequest(script=f"presence/{key}", channel=channel, uniqueid="1.1")


async def test_the_fallback_is_told_who_is_free(url: str) -> None:
    answer = make_answer(settings_of(url), REASONS)
    told = await answer(AgiRequest(script="fallback", uniqueid="1.1", channel="PJSIP/trunk-1"))
    assert told == {"LPSE_OPERATORS": "PJSIP/op-101&PJSIP/op-102"}


async def test_an_operator_pauses_and_is_ready_by_his_telephone(
    floor: FloorKeeper, settings: Settings, database: FaultyDatabase
) -> None:
    answer = make_answer(settings, REASONS)
    assert await answer(dialled("3")) == {"LPSE_PRESENCE": "paused"}
    assert not floor.floor.operators[SITI].free
    assert await answer(dialled("0")) == {"LPSE_PRESENCE": "ready"}
    assert floor.floor.operators[SITI].free
    told = [(entry.presence, entry.reason, entry.by) for entry in database.presence[1:]]
    assert told == [("paused", "rapat", "op-101"), ("ready", None, "op-101")]


@pytest.mark.parametrize(
    "request_",
    [
        dialled("8"),
        dialled("99"),
        dialled("1", "PJSIP/op-999-00000001"),
        dialled("1", "PJSIP/trunk-00000001"),
        dialled("1", "PJSIP/op-101-1\nPJSIP/op-101-1"),
        AgiRequest(script="else", channel="PJSIP/op-101-00000001"),
    ],
)
async def test_what_is_no_star_code_of_an_operator_changes_nothing(
    floor: FloorKeeper, settings: Settings, database: FaultyDatabase, request_: AgiRequest
) -> None:
    assert await make_answer(settings, REASONS)(request_) == {}
    assert floor.floor.operators[SITI].free
    assert len(database.presence) == 1


async def test_a_pause_that_cannot_be_recorded_is_answered_with_nothing(
    floor: FloorKeeper, settings: Settings, database: FaultyDatabase
) -> None:
    database.away = True
    assert await make_answer(settings, REASONS)(dialled("1")) == {}
    assert floor.floor.operators[SITI].free


async def test_while_no_owner_is_there_the_answer_is_nothing(settings: Settings) -> None:
    assert await make_answer(settings, REASONS)(dialled("1")) == {}
