import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agent.speech.cache import AudioCache
from agent.speech.engines import Engines
from agent.speech.espeak import EspeakEngine, mbrola_voice, plain_voice
from agent.speech.programs import Programs, programs_of_system
from agent.speech.recorded import RecordedEngine
from agent.speech.utterance import Utterance

from .conftest import SwitchedProgram

LATER = timedelta(seconds=20)
two = Utterance("dua enam", "dua enam", ("digit_2", "digit_6"), is_number=True)
seven = Utterance("tujuh", "tujuh", ("digit_7",), is_number=True)


def deadline(seconds: float = 20.0) -> float:
    return asyncio.get_running_loop().time() + seconds


@pytest.fixture
def cache(tmp_path: Path) -> AudioCache:
    cache = AudioCache(tmp_path / "cache", 10_000_000)
    cache.open()
    return cache


@pytest.fixture
def switched(
    espeak_on_path: SwitchedProgram, programs: Programs, cache: AudioCache
) -> Callable[[], Engines]:
    """The program on PATH first, as the voice of mbrola; the untouched plain voice after it."""

    def make() -> Engines:
        on_path = programs_of_system()
        assert on_path is not None
        first = Programs(on_path.espeak, on_path.environment, Path("/bin/sh"), Path("/bin/sh"))
        return Engines(
            [EspeakEngine(mbrola_voice, first, {}), EspeakEngine(plain_voice, programs, {})], cache
        )

    return make


async def test_the_first_engine_that_can_say_it_says_it(
    programs: Programs, cache: AudioCache
) -> None:
    engines = Engines(
        [
            RecordedEngine(None),
            EspeakEngine(mbrola_voice, programs, {}),
            EspeakEngine(plain_voice, programs, {}),
        ],
        cache,
    )
    said = await engines.say(two, deadline())
    assert said is not None
    assert said.engine == "mbrola"
    assert said.key == engines.preferred_key(two)


async def test_without_engines_nothing_is_said(cache: AudioCache) -> None:
    engines = Engines([RecordedEngine(None), EspeakEngine(plain_voice, None, {})], cache)
    assert await engines.say(two, deadline()) is None
    assert engines.preferred_key(two) is None
    assert await engines.any_renders(two, LATER) is False


async def test_what_was_said_once_comes_from_the_cache_also_in_the_next_process(
    switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    await switched().say(two, deadline())
    espeak_on_path.be("fails")
    said = await switched().say(two, deadline())
    assert said is not None
    assert said.engine == "mbrola"
    assert espeak_on_path.starts == 1


async def test_many_who_ask_for_the_same_share_one_render(
    switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    engines = switched()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(engines.say(two, deadline())) for _ in range(20)]
    assert {task.result().engine for task in asked if task.result()} == {"mbrola"}
    assert espeak_on_path.starts == 1


async def test_who_leaves_while_a_render_is_shared_does_not_take_it_from_the_others(
    switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    engines = switched()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(engines.say(two, deadline()))
        second = group.create_task(engines.say(two, deadline()))
        await asyncio.sleep(0)
        first.cancel()
    said = second.result()
    assert said is not None
    assert said.engine == "mbrola"


@pytest.mark.parametrize(
    "way", ["hangs", "fails", "says nothing", "prints garbage", "prints 100 MB"]
)
async def test_a_failed_engine_rests_and_the_next_one_speaks(
    way: str, switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    engines = switched()
    espeak_on_path.be(way)
    with capture_logs() as lines:
        said = await engines.say(two, deadline(1.5))
        assert said is not None
        assert said.engine == "espeak"
        await engines.say(seven, deadline(1.5))
    assert espeak_on_path.starts == 1
    assert [line["event"] for line in lines] == ["speech_engine_failed"]
    assert not [line for line in lines if "dua" in str(line)], "a number stands in the log"


async def test_a_resting_engine_still_lends_what_it_said_before(
    switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    engines = switched()
    await engines.say(two, deadline())
    espeak_on_path.be("fails")
    await engines.say(seven, deadline())
    said = await engines.say(two, deadline())
    assert said is not None
    assert said.engine == "mbrola"


async def test_an_engine_is_tried_again_after_its_rest(
    switched: Callable[[], Engines],
    espeak_on_path: SwitchedProgram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent.speech.engines.REST_AFTER_FAILURE", timedelta(milliseconds=50))
    engines = switched()
    espeak_on_path.be("fails")
    await engines.say(two, deadline())
    espeak_on_path.be("works")
    await asyncio.sleep(0.1)
    said = await engines.say(two, deadline())
    assert said is not None
    assert said.engine == "mbrola"


async def test_when_all_hang_the_answer_comes_at_the_deadline(
    espeak_on_path: SwitchedProgram, cache: AudioCache
) -> None:
    engines = Engines([EspeakEngine(plain_voice, programs_of_system(), {})], cache)
    espeak_on_path.be("hangs")
    async with asyncio.timeout(5):
        assert await engines.say(two, deadline(0.5)) is None


async def test_who_leaves_while_a_program_hangs_is_free_at_once(
    switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    engines = switched()
    espeak_on_path.be("hangs with a child")
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(engines.say(two, deadline(1.0)))
        while espeak_on_path.starts == 0:  # noqa: ASYNC110 - another program sets it
            await asyncio.sleep(0.01)
        task.cancel()
    assert task.cancelled()


async def test_a_trial_asks_the_engine_not_the_cache(
    switched: Callable[[], Engines], espeak_on_path: SwitchedProgram
) -> None:
    engines = switched()
    await engines.say(seven, deadline())
    assert await engines.any_renders(seven, LATER)
    assert espeak_on_path.starts == 2


async def test_a_cache_that_cannot_be_written_does_not_silence_us(
    programs: Programs, tmp_path: Path
) -> None:
    never_opened = AudioCache(tmp_path / "nowhere", 1000)
    engines = Engines([EspeakEngine(plain_voice, programs, {})], never_opened)
    with capture_logs() as lines:
        assert await engines.say(two, deadline()) is not None
    assert [line["event"] for line in lines] == ["speech_not_cached"]
