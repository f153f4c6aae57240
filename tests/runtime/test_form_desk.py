"""What is typed is on record before it is said to be; two who write lose nothing of it."""

import asyncio

import msgspec
import pytest

from agent.database.connect import Connection
from agent.database.writer import Writer
from agent.domain.call_state import Stage
from agent.domain.form_filling import ChangeRefused
from agent.runtime.errors import EffectFailed
from agent.runtime.form_desk import FormDesk, FormNotOpen, WrittenForm
from tests.runtime.exchange import PretendExchange
from tests.runtime.faulty_database import FaultyDatabase
from tests.runtime.forms import FORM, IDENTITY, OpenForm, open_form
from tests.runtime.office import stage_of
from tests.runtime.waiting import until


async def written(form: OpenForm, field: str, text: str, by: str = "op-101") -> WrittenForm:
    answer = await form.desk.fill(form.number, field, text, by)
    assert isinstance(answer, WrittenForm), answer
    return answer


async def test_what_is_said_to_be_written_is_in_the_database(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        await written(form, "caller_name", "  Budi  Santoso ")
        row = await connection.fetchrow("SELECT * FROM consultation_forms")
        assert row is not None
        assert (row["form"], row["caller_name"]) == (FORM.name, "Budi Santoso")
        assert row["contact_phone"] == "+628123456789", "the call itself told it"
        assert msgspec.json.decode(row["fields"]) == {
            "contact_phone": "+628123456789",
            "caller_name": "Budi Santoso",
        }
        await written(form, "caller_name", "")
        assert await connection.fetchval("SELECT caller_name FROM consultation_forms") is None


async def test_many_who_write_at_once_lose_nothing_and_complete_the_step(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        answers = await asyncio.gather(*(written(form, *filled) for filled in IDENTITY.items()))
        assert [answer.missing["3"] for answer in answers].count([]) == 1
        call = form.desk.read(form.number).call
        assert {name: call.form.values[name] for name in IDENTITY} == IDENTITY
        assert "3" in call.form_complete


async def test_a_secret_is_refused_and_nothing_is_recorded(
    writer: Writer, connection: Connection, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        answer = await form.desk.fill(form.number, "problem", "password: melati9", "op-101")
        assert isinstance(answer, ChangeRefused)
        bodies = await connection.fetch("SELECT body::text FROM call_events")
        assert "melati9" not in "".join(row["body"] for row in bodies)


async def test_a_finished_form_is_archived_after_the_call_and_then_closed(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        number = form.number
        await written(form, "problem", "Unggah gagal")
        form.hang_up()
        await until(lambda: stage_of(form.loop) is Stage.ENDED)
        await written(form, "solution", "Perbarui Apendo")
        await form.desk.finish(number, "op-101")
        await until(lambda: not form.people.dispatcher.calls)
        with pytest.raises(FormNotOpen):
            form.desk.read(number)
        with pytest.raises(FormNotOpen):
            await form.desk.fill(number, "problem", "x", "op-101")


async def test_a_form_is_found_by_its_number_in_any_spelling(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        sequence, year = int(form.number.split("/")[0]), form.number.rsplit("/", 1)[1]
        assert form.desk.read(f" {sequence} / {year}").call.form_number == form.number
        with pytest.raises(FormNotOpen):
            form.desk.read(f"{sequence + 1}/{year}")


async def test_a_form_whose_version_is_not_known_cannot_be_written_on(
    writer: Writer, exchange: PretendExchange
) -> None:
    async with open_form(writer, exchange) as form:
        with pytest.raises(FormNotOpen):
            await FormDesk(form.people.dispatcher, {}).fill(form.number, "problem", "x", "op-101")


async def test_what_could_not_be_recorded_is_said_not_to_be(
    exchange: PretendExchange, database: FaultyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.runtime.call_loop.RECORDED_WITHIN_S", 0.2)
    async with open_form(database, exchange) as form:
        database.open.clear()
        with pytest.raises(EffectFailed):
            await form.desk.fill(form.number, "problem", "Unggah gagal", "op-101")
        database.open.set()
        await until(lambda: form.desk.read(form.number).call.form.shown != {})
