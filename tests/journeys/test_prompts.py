"""What the office writes is heard on a desk phone first, then by the next caller; no restart."""

from datetime import timedelta
from typing import Any

from deploy.sip_phone import Answer
from tests.journeys.office import PATIENTLY, SOON, Office, heard

TEXT = "Percakapan ini kami rekam. Penyelia dapat ikut mendengarkan."
PROMPT = "/prompts/recording_notice"


async def test_a_text_is_heard_on_a_desk_phone_and_then_by_the_next_caller(
    office: Office,
) -> None:
    before = await office.calls()
    sound = await office.renderer.tried("recording_notice", TEXT, "", "")
    async with (
        office.program("uji") as program,
        office.on_duty(Answer(after=timedelta(0))) as [phone],
    ):

        async def ask(method: str, path: str, body: object) -> tuple[int, Any]:
            async with program.request(method, f"/api/v1{path}", json=body) as answer:
                return answer.status, await answer.json(content_type=None)

        rung = {"phone": phone.user, "text": TEXT}
        assert await ask("POST", f"{PROMPT}/ring", rung) == (204, None)
        trial = await phone.incoming(within=PATIENTLY)
        status, told = await ask("POST", f"{PROMPT}/ring", rung)
        assert (status, told["title"]) == (409, "phone_busy")
        await trial.answered(within=SOON)
        await trial.ended(within=PATIENTLY)
        assert heard(trial, sound.file)
        other = office.operators[1].user
        status, told = await ask("POST", f"{PROMPT}/ring", {"phone": other})
        assert (status, told["title"]) == (409, "phone_away"), "nobody is registered there"
        assert await office.calls() == before, "it is no consultation"

        status, kept = await ask("PUT", PROMPT, {"text": TEXT, "written": 0})
        assert (status, kept["version"]) == (200, 1)
        phone.forget_calls()
        caller = await office.dial()
        operator = await phone.incoming(within=PATIENTLY)
        await operator.answered(within=SOON)
        form = (await office.opened(before)).call.form_number
        await caller.hang_up()
        await operator.ended(within=SOON)
        assert heard(caller, sound.file)
        report = await office.archived(form, within=PATIENTLY)
        assert report.call.rules.notice == "kantor-1"
        status, _ = await ask("POST", f"{PROMPT}/restore", {"written": 1})
        assert status == 200
