"""What is written counts once its sound is made, for the calls that come, and after a restart."""

import shutil
from pathlib import Path

import pytest

from agent.database.connect import Connection
from agent.database.written_prompts import read_written_prompts
from agent.domain.written_prompt import newest
from agent.speech.renderer import Renderer, Speech
from agent.web.problems import Refused
from agent.web.prompt_desk import PromptDesk, take_up_prompts
from tests.runtime.exchange import arrival_of_call
from tests.speech.conftest import SwitchedProgram, espeak_on_path, programs, renderer_of
from tests.web.site import Site

__all__ = ["espeak_on_path", "programs"]

NOTICE = "Percakapan ini direkam dan dapat didengar penyelia."


@pytest.fixture
async def renderer(espeak_on_path: SwitchedProgram, tmp_path: Path) -> Renderer:
    """Who speaks by the program on PATH alone."""
    renderer = renderer_of(folder=tmp_path / "speech", speech_root=None)
    await renderer.prepare()
    return renderer


async def test_a_call_is_on_record_with_the_notice_that_it_hears(here: Site) -> None:
    people = here.people
    before = await people.arrives(arrival_of_call(1))
    await PromptDesk(here.parts).write("recording_notice", NOTICE, 0, "ratna")
    after = await people.arrives(arrival_of_call(2))
    assert before.call
    assert after.call
    assert before.call.rules.notice != "kantor-1"
    assert after.call.rules.notice == "kantor-1"
    audio = await here.parts.renderer.audio(Speech("recording_notice"))
    assert audio.text == NOTICE


async def test_a_text_and_its_line_in_the_audit_are_of_one_transaction(
    here: Site, connection: Connection
) -> None:
    await PromptDesk(here.parts).write("recording_notice", NOTICE, 0, "ratna")
    text = await connection.fetchval("SELECT xmin FROM office_files WHERE kind = 'prompt'")
    line = await connection.fetchval("SELECT xmin FROM audit_log WHERE action = 'prompt_written'")
    assert text is not None
    assert text == line


async def test_a_text_without_a_sound_counts_nowhere(
    here: Site, url: str, espeak_on_path: SwitchedProgram
) -> None:
    before = await here.parts.renderer.audio(Speech("recording_notice"))
    espeak_on_path.be("fails")
    with pytest.raises(Refused) as refused:
        await PromptDesk(here.parts).write("recording_notice", NOTICE, 0, "ratna")
    assert refused.value.reason == "prompt_not_said"
    assert await read_written_prompts(url) == []
    assert await here.parts.renderer.audio(Speech("recording_notice")) == before
    espeak_on_path.be("works")
    await PromptDesk(here.parts).write("recording_notice", NOTICE, 0, "ratna")


async def test_whoever_stood_by_takes_up_what_was_written_and_so_does_a_start(
    here: Site, url: str, tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "speech", tmp_path / "another")
    stands_by = renderer_of(folder=tmp_path / "another", speech_root=None)
    await stands_by.prepare()
    await PromptDesk(here.parts).write("recording_notice", NOTICE, 0, "ratna")
    await take_up_prompts(url, stands_by, here.parts.dispatcher)
    assert (await stands_by.audio(Speech("recording_notice"))).text == NOTICE
    started = renderer_of(folder=tmp_path / "speech", speech_root=None)
    started.use(newest(await read_written_prompts(url)))
    await started.prepare()
    assert (await started.audio(Speech("recording_notice"))).text == NOTICE
    assert started.version("recording_notice") == "kantor-1"


async def test_a_trial_is_heard_for_a_while_only(here: Site) -> None:
    desk = PromptDesk(here.parts)
    first, audio = await desk.tried("connecting", "Halo nol.")
    assert desk.trial(first) == audio
    for count in range(50):
        await desk.tried("connecting", f"Halo {count % 3}.")
    with pytest.raises(Refused):
        desk.trial(first)
