"""F01, for a caller whom nobody meets: agent killed, no operator there, he leaves a message."""

import asyncio
import stat

import pytest
import pytest_asyncio

from deploy.sip_phone import PROMPT_HEARD, find_prompt
from tests.faults.bench import Bench
from tests.journeys.conftest import recordings
from tests.journeys.office import PATIENTLY, SOON, until
from tests.journeys.sounds import write_sound

__all__ = ["recordings"]


@pytest_asyncio.fixture
async def office(bench: Bench) -> Bench:
    """Whose calls `recordings` keeps."""
    return bench


@pytest.mark.fault(
    "F01",
    "the agent killed in the moment in which a caller comes, and no operator there: he leaves a"
    " message, and his record names its file, which is closed to strangers",
)
@pytest.mark.usefixtures("recordings")
async def test_who_is_given_to_a_dying_agent_when_no_operator_is_there_leaves_a_message(
    bench: Bench,
) -> None:
    asterisk = bench.site.asterisk
    assert asterisk
    folder = asterisk.values.state_folder / "spool" / "voicemail"
    words = write_sound(bench.site.folder / "words.wav", 77, 1.5)

    async def is_recorded() -> bool:
        return any(folder.iterdir())

    async def is_given_to_the_agent() -> bool:
        return "Stasis" in await asyncio.to_thread(asterisk.command, "core show channels concise")

    assert bench.site.agent
    bench.site.agent.hold_still(True)
    caller = await bench.dial()
    bench.history.whose(caller).by_fallback = True
    await until("he is given to the agent", is_given_to_the_agent)
    await asyncio.to_thread(bench.site.stop_agent, kill=True)
    await until("he is recorded", is_recorded, PATIENTLY)
    await caller.say_whole(words)
    await asyncio.sleep(0.5)  # the last quarter of a second before the key is cut off
    await caller.press("#")
    await caller.ended(within=SOON)
    await asyncio.to_thread(bench.site.start_agent)

    async def is_on_record() -> bool:
        return await bench.record_of(caller) is not None

    await until("his call is on record", is_on_record, PATIENTLY)
    report = await bench.record_of(caller)
    assert report
    report = await bench.archived(report.call.form_number, PATIENTLY)
    assert report.outcome == "voicemail"
    assert report.call.voicemail_recording
    message = folder / report.call.voicemail_recording
    assert find_prompt(message, words).score > PROMPT_HEARD, "it is what he said"
    for place in (message, folder):
        assert not stat.S_IMODE(place.stat().st_mode) & stat.S_IRWXO
    assert report.call.voicemail_recording in await asyncio.to_thread(
        bench.site.command, "call", report.call.form_number
    )
    await bench.check()
