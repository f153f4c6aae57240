"""F13: the engine that speaks is missing, hangs or prints nonsense, while numbers are to be read.

The office's only engine is a program that can be told to misbehave. One call lives through its
ways in turn; between them the agent is started anew, for a failed engine is left alone.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from agent.domain.events import DigitPressed
from agent.settings import DATA
from agent.speech.child import OUTPUT_LIMIT
from agent.speech.engines import RENDERS_AT_ONCE
from agent.speech.programs import programs_of_root
from agent.speech.prompts import load_prompts
from agent.speech.renderer import DEADLINE, Speech
from deploy.sip_phone import PROMPT_HEARD, SAMPLES_PER_SECOND, Answer, find_prompt, read_samples
from deploy.site import Site
from tests.faults.conftest import Measured
from tests.journeys.office import PATIENTLY, SOON, Conversation, Office
from tests.journeys.opening import asterisk_root, open_folder, staffed
from tests.journeys.sounds import write_samples, write_sound
from tests.speech.conftest import SwitchedProgram, put_on_path, ways_to_misbehave

MISSING = "is missing"
QUICK_WAYS = ("hangs with a child", "prints 100 MB")
OTHER_WAYS = (MISSING, *(way for way in ways_to_misbehave if way not in QUICK_WAYS))
PROMISED_S = DEADLINE.total_seconds() + 0.3
MARGIN_S = 2.0
"""Where the machine has other work; without a deadline it would be a minute."""
LISTENED_S = 2.0
MEMORY_KB = 64 * 1024


class Engine(SwitchedProgram):
    """The office's espeak-ng, which can also be gone."""

    def __init__(self, folder: Path, program: SwitchedProgram) -> None:
        self.folder = folder
        self._program = folder / "espeak-ng"
        self._hidden = folder / "hidden"
        self._switched = program

    def be(self, way: str) -> None:
        if way == MISSING:
            self._program.rename(self._hidden)
            return
        if self._hidden.exists():
            self._hidden.rename(self._program)
        self._switched.be(way)

    @property
    def starts(self) -> int:
        return self._switched.starts

    def processes(self) -> list[str]:
        """What it has started and left, by the PATH that it was given."""
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            ours = str(self.folder).encode() in environment
            if ours and any(word.endswith((b"sleep", b"espeak-ng", b"head")) for word in words):
                left.append(process.name)
        return left


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """On PATH, and there is no other."""
    root = asterisk_root()
    assert root
    with open_folder("lpse-engine-") as made, pytest.MonkeyPatch.context() as patch:
        programs = programs_of_root(root, made)
        assert programs
        folder = made / "bin"
        patch.delenv("LPSE_SPEECH_ROOT", raising=False)  # a setting of the agent's, too
        yield Engine(folder, put_on_path(folder, programs, patch))


@pytest.fixture(scope="module")
def site(engine: Engine) -> Iterator[Site]:
    """Phrases are recorded and short; what is made of a number's signs, the engine says."""
    with open_folder("lpse-fault-") as folder:
        recordings = folder / "recordings"
        recordings.mkdir()
        prompts = load_prompts(DATA / "prompts" / "id.toml", "LPSE")
        phrases = {
            n for kept in prompts.sounds_to_keep() if not kept.is_number for n in kept.recordings
        }
        for seed, name in enumerate(sorted(phrases)):
            write_sound(recordings / f"{name}.wav", seed, 0.4)
        with Site(
            folder, asterisk_root(), speech_root="", recorded_prompts_folder=str(recordings)
        ) as running:
            yield running


@pytest_asyncio.fixture(scope="module")
async def office(site: Site) -> AsyncIterator[Office]:
    async with staffed(site, Office) as made:
        yield made


class Agent:
    """The agent's process, as the machine sees it."""

    def __init__(self, site: Site) -> None:
        self._folder = Path(f"/proc/{site.agent_process_id}")

    def most_kb(self) -> int:
        """The most memory that it ever had."""
        status = (self._folder / "status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def children(self) -> list[str]:
        """Also those that have ended and nobody asked for."""
        tasks = (self._folder / "task").iterdir()
        return [child for task in tasks for child in (task / "children").read_text().split()]


async def numbers_after(office: Office, talk: Conversation, keys: str) -> tuple[float, datetime]:
    """Press these; seconds until the caller's numbers begin, and when that was."""
    before = len((await office.record(talk.form)).call.playbacks)
    await talk.operator.press(keys)
    report = await office.shows(
        talk.form,
        "the numbers begin",
        lambda r: any(
            p.prompt == "numbers" and p.started and p.channel == r.call.channel
            for p in r.call.playbacks[before:]
        ),
        PATIENTLY,
    )
    [begun] = [
        p.started.at
        for p in report.call.playbacks[before:]
        if p.prompt == "numbers" and p.started and p.channel == report.call.channel
    ]
    pressed = [e.event.at for e in report.events if isinstance(e.event, DigitPressed)]
    return (begun - pressed[-1]).total_seconds(), begun


async def numbers_are_heard_though_it(
    ways: Sequence[str], office: Office, engine: Engine, measured: Measured
) -> None:
    began: list[datetime] = []
    async with office.on_duty(Answer()) as [phone]:
        talk = await office.conversation(phone)
        await talk.operator.press("*2*3")
        for way in ways:
            if began:
                engine.be("works")
                await asyncio.to_thread(office.site.stop_agent)
                await asyncio.to_thread(office.site.start_agent)
            agent, starts = Agent(office.site), engine.starts
            before_kb = agent.most_kb()
            engine.be(way)
            after_s, at = await numbers_after(office, talk, "*0" if began else "*8")
            began.append(at)
            measured("from the key to the numbers s", after_s, PROMISED_S, PROMISED_S + MARGIN_S)
            await asyncio.sleep(LISTENED_S)
            tries = engine.starts
            assert (tries == starts) if way == MISSING else (0 < tries - starts <= RENDERS_AT_ONCE)
            # Within its rest nobody waits for it again.
            after_s, _ = await numbers_after(office, talk, "*0")
            assert after_s < MARGIN_S, way
            assert engine.starts == tries, f"{way}: a failed engine was not left alone"
            assert agent.children() == []
            assert engine.processes() == []
            assert agent.most_kb() - before_kb < MEMORY_KB, way
        for leg in (talk.caller, talk.operator):  # who would hear the numbers to their end
            await leg.hang_up()
            await leg.ended(within=SOON)
    engine.be("fails")
    report = await office.archived(talk.form, PATIENTLY)
    numbers = Speech("numbers", report.call.form_number, report.call.ticket_number)
    audio = await office.renderer.audio(numbers)
    engine.be("works")
    assert audio.engine == "digits"
    files = [file for file in office.site.speech_folder.rglob("*") if file.is_file()]
    assert max(file.stat().st_size for file in files) <= OUTPUT_LIMIT
    said = read_samples(audio.path.with_suffix(".wav"))[
        : int((LISTENED_S - 0.5) * SAMPLES_PER_SECOND)
    ]
    wanted = write_samples(office.site.folder / "begin.wav", said)
    heard, since = read_samples(talk.caller.heard), talk.caller.heard_since
    assert since
    for at in began:
        first = int(((at - since).total_seconds() - 0.3) * SAMPLES_PER_SECOND)
        part = heard[first : first + int((LISTENED_S + 0.3) * SAMPLES_PER_SECOND)]
        listened = write_samples(office.site.folder / "part.wav", part)
        assert find_prompt(listened, wanted).score > PROMPT_HEARD
    assert np.abs(said[len(said) // 2 :]).max() > 3000, "among it digits"


PROMISE = (
    "a speech engine that is gone, fails, hangs or prints nothing, garbage or 100 MB: the caller"
    " hears his numbers digit by digit within 1.8 s of the key, nothing stays, and it is left alone"
)


@pytest.mark.fault("F13", PROMISE)
async def test_a_caller_hears_his_numbers_though_the_engine_hangs_or_floods(
    office: Office, engine: Engine, measured: Measured
) -> None:
    await numbers_are_heard_though_it(QUICK_WAYS, office, engine, measured)


@pytest.mark.long
@pytest.mark.fault("F13", PROMISE)
async def test_a_caller_hears_his_numbers_though_the_engine_does_anything_else(
    office: Office, engine: Engine, measured: Measured
) -> None:
    await numbers_are_heard_though_it(OTHER_WAYS, office, engine, measured)
