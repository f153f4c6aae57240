"""Prompts by the API and on their page: heard, tried, written, rung; with the real engines."""

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientSession

from agent.domain.identifiers import OperatorId
from agent.speech.renderer import Renderer, Speech
from agent.speech.sound import parse_wav
from tests.runtime.exchange import BUDI, SITI
from tests.speech.conftest import renderer_of
from tests.web.site import Site

NEW = "Sebentar, Bapak/Ibu. Petugas {lpse_name} di lantai 2 segera menjawab."


@pytest.fixture
async def renderer(prepared: tuple[Path, Renderer], tmp_path: Path, speech_root: Path) -> Renderer:
    """Who speaks in this test alone; the office has recorded please_wait."""
    shutil.copytree(prepared[0], tmp_path / "speech")
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    shutil.copy(tmp_path / "speech/prompts/connecting.wav", recordings / "please_wait.wav")
    renderer = renderer_of(
        folder=tmp_path / "speech", speech_root=speech_root, recorded_folder=recordings
    )
    await renderer.prepare()
    return renderer


async def prompt(here: Site, admin: ClientSession, name: str) -> dict[str, object]:
    _, known = await here.ask(admin, "GET", "/prompts")
    return next(one for one in known["prompts"] if one["prompt"] == name)


async def acts(here: Site) -> list[tuple[str, str]]:
    told = await here.parts.accounts.acts(by="administrator")
    return [(act.action, act.subject) for act in told if act.action.startswith("prompt_")][::-1]


async def test_all_that_is_heard_is_listed_with_its_voice_and_length(here: Site) -> None:
    admin = await here.log_in("administrator")
    status, known = await here.ask(admin, "GET", "/prompts")
    assert (status, known["language"]) == (200, "id")
    assert [one["prompt"] for one in known["prompts"]] == here.parts.renderer.prompts.names()
    for one in known["prompts"]:
        assert one["voice"] == ("recorded" if one["prompt"] == "please_wait" else "mbrola"), one
        assert 0.5 < one["seconds"] < 60, one
        assert one["text"] == one["original"]
        assert (one["written"], one["by"], one["at"]) == (0, None, None)
    assert {one["prompt"] for one in known["prompts"] if one["numbers"]} == {
        "nobody_available", "numbers", "numbers_last",
    }  # fmt: skip
    states = {phone["account"]: phone["state"] for phone in known["phones"]}
    assert (states[SITI], states[BUDI]) == ("idle", "idle")
    status, text = await here.get(admin, "/prompts")
    assert status == 200
    assert "Percakapan ini dapat direkam" in text
    assert text.count("rekaman suara orang") == 1
    assert "suara mesin" in text


async def test_a_recording_is_not_played_for_words_that_are_not_its_own(here: Site) -> None:
    admin = await here.log_in("administrator")
    asked = {"text": "Semua petugas sibuk.", "written": 0}
    assert (await here.ask(admin, "PUT", "/prompts/please_wait", asked))[0] == 200
    assert (await prompt(here, admin, "please_wait"))["voice"] == "mbrola"
    assert (await here.ask(admin, "POST", "/prompts/please_wait/restore", {"written": 1}))[0] == 200
    assert (await prompt(here, admin, "please_wait"))["voice"] == "recorded"


async def test_a_prompt_is_heard_in_the_browser_and_asked_for_once(here: Site) -> None:
    admin = await here.log_in("administrator")
    for name in ("welcome_noon", "numbers"):
        path = f"/api/v1/prompts/{name}/audio"
        async with admin.get(path) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/wav")
            samples, rate = parse_wav(await answer.read())
            tag = answer.headers["ETag"]
        assert rate == 8000
        assert len(samples) > rate
        async with admin.get(path, headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with admin.get(path, headers={"If-None-Match": '"else"'}) as answer:
            assert answer.status == 200
    assert (await here.ask(admin, "GET", "/prompts/none/audio"))[1]["title"] == "prompt_unknown"


async def test_another_text_is_heard_at_once_and_kept_with_its_writer(here: Site) -> None:
    admin = await here.log_in("administrator")
    speaking = await here.parts.renderer.audio(Speech("connecting"))
    old = speaking.file.read_bytes()
    status, kept = await here.ask(admin, "PUT", "/prompts/connecting", {"text": NEW, "written": 0})
    assert (status, kept["version"], kept["text"], kept["by"]) == (200, 1, NEW, "administrator")
    audio = await here.parts.renderer.audio(Speech("connecting"))
    assert audio.text == NEW.replace("{lpse_name}", "LPSE Kabupaten Batang")
    assert speaking.file.read_bytes() == old, "a call that has it hears it to its end"
    async with admin.get("/api/v1/prompts/connecting/audio") as answer:
        assert await answer.read() == audio.file.read_bytes()
    shown = await prompt(here, admin, "connecting")
    assert (shown["text"], shown["written"], shown["by"]) == (NEW, 1, "administrator")
    assert shown["version"] == "kantor-1"
    _, text = await here.get(admin, "/prompts")
    assert "lantai 2" in text
    restored = await here.ask(admin, "POST", "/prompts/connecting/restore", {"written": 1})
    assert (restored[0], restored[1]["text"]) == (200, None)
    assert (await here.parts.renderer.audio(Speech("connecting"))).file.read_bytes() == old
    _, versions = await here.ask(admin, "GET", "/prompts/connecting/versions")
    assert [(one["version"], one["text"]) for one in versions["versions"]] == [(1, NEW), (2, None)]
    assert await acts(here) == [
        ("prompt_written", "connecting"),
        ("prompt_restored", "connecting"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("numbers_last", "Nomor formulir, {form_number}", "prompt_place_lost"),
        ("welcome_noon", "Selamat siang.", "prompt_place_lost"),
        ("connecting", "Halo {caller}.", "prompt_place_strange"),
        ("connecting", "Password Anda: Rahasia#12", "prompt_tells_secret"),
        ("connecting", "?!", "prompt_text_signs"),
        ("connecting", "a " * 500 + "a", "prompt_text_length"),
    ],
)
async def test_a_text_that_cannot_stand_there_is_refused_and_changes_nothing(
    here: Site, name: str, text: str, title: str
) -> None:
    admin = await here.log_in("administrator")
    before = await here.parts.renderer.audio(Speech("connecting"))
    for method, path, asked in (
        ("PUT", f"/prompts/{name}", {"text": text, "written": 0}),
        ("POST", f"/prompts/{name}/trials", {"text": text}),
        ("POST", f"/prompts/{name}/ring", {"text": text, "phone": "op-101"}),
    ):
        status, told = await here.ask(admin, method, path, asked)
        assert (status, told["title"]) == (422, title), path
        assert told["detail"].endswith("."), "one sentence"
    assert await here.parts.renderer.audio(Speech("connecting")) == before
    assert (await prompt(here, admin, name))["written"] == 0
    assert not here.exchange.announced
    assert await acts(here) == []


async def test_two_who_write_at_once_do_not_undo_each_other(here: Site) -> None:
    admin = await here.log_in("administrator")
    answers = await asyncio.gather(
        *(
            here.ask(admin, "PUT", "/prompts/connecting", {"text": text, "written": 0})
            for text in ("Satu.", "Dua.")
        )
    )
    assert sorted(status for status, _ in answers) == [200, 409]
    won = next(told["text"] for status, told in answers if status == 200)
    assert (await prompt(here, admin, "connecting"))["text"] == won
    status, told = await here.ask(admin, "POST", "/prompts/connecting/restore", {"written": 0})
    assert (status, told["title"]) == (409, "prompt_changed")


async def test_a_text_is_heard_before_it_counts(here: Site) -> None:
    admin = await here.log_in("administrator")
    before = await here.parts.renderer.audio(Speech("connecting"))
    status, trial = await here.ask(admin, "POST", "/prompts/connecting/trials", {"text": NEW})
    assert (status, trial["voice"]) == (200, "mbrola")
    async with admin.get(f"/api/v1/prompt-trials/{trial['trial']}/audio") as answer:
        samples, rate = parse_wav(await answer.read())
    assert abs(len(samples) / rate - trial["seconds"]) < 0.1
    assert float(np.abs(samples).max()) > 0.1
    assert await here.parts.renderer.audio(Speech("connecting")) == before
    assert (await prompt(here, admin, "connecting"))["written"] == 0
    status, told = await here.ask(admin, "GET", "/prompt-trials/0123456789abcdef/audio")
    assert (status, told["title"]) == (404, "prompt_trial_unknown")


async def test_a_telephone_of_the_office_hears_it_and_no_consultation_comes_of_it(
    here: Site,
) -> None:
    admin = await here.log_in("administrator")
    path = "/prompts/connecting/ring"
    assert (await here.ask(admin, "POST", path, {"phone": SITI}))[0] == 204
    assert (await here.ask(admin, "POST", path, {"phone": SITI, "text": NEW}))[0] == 204
    (_, first), (phone, second) = here.exchange.announced
    assert first == (await here.parts.renderer.audio(Speech("connecting"))).path
    assert phone == SITI
    assert second != first
    assert second.with_name(f"{second.name}.wav").is_file()
    assert not here.people.dispatcher.calls
    assert await acts(here) == [("prompt_rung", SITI)] * 2


async def test_a_telephone_that_is_away_in_use_or_not_of_the_office_is_not_rung(
    here: Site,
) -> None:
    admin = await here.log_in("administrator")
    await here.talks()
    here.exchange.reachable = {SITI}
    busy = next(s for s in here.people.floor.floor.operators.values() if s.busy_with).operator
    idle = BUDI if busy == SITI else SITI
    here.exchange.reachable = {OperatorId(busy)}
    path = "/prompts/connecting/ring"
    for phone, status, title in (
        (busy, 409, "phone_busy"),
        (idle, 409, "phone_away"),
        ("op-999", 404, "phone_unknown"),
        ("0811223344", 400, "request_invalid"),
        ("op-101&PJSIP/trunk", 400, "request_invalid"),
    ):
        answer, told = await here.ask(admin, "POST", path, {"phone": phone})
        assert (answer, told["title"]) == (status, title), phone
    assert not here.exchange.announced


async def test_nobody_else_hears_or_writes_them(here: Site) -> None:
    for role in ("operator", "supervisor", "auditor"):
        browser = await here.log_in(role)
        assert (await here.get(browser, "/prompts"))[0] == 403
        for method, path, asked in (
            ("GET", "/prompts", None),
            ("GET", "/prompts/connecting/audio", None),
            ("PUT", "/prompts/connecting", {"text": NEW, "written": 0}),
            ("POST", "/prompts/connecting/trials", {"text": NEW}),
            ("POST", "/prompts/connecting/ring", {"phone": SITI}),
        ):
            assert (await here.ask(browser, method, path, asked))[0] == 403, (role, path)
    assert not here.exchange.announced
