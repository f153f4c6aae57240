"""The office's answers as people read and write them: two who write at once lose nothing."""

from typing import Any
from urllib.parse import urlencode

import pytest

from agent.database.connect import Connection
from tests.web.site import Site
from tests.web.test_site import token_for

HOURS: dict[str, Any] = {
    "id": "jam-layanan",
    "title": "Jam layanan",
    "question": "Kapan helpdesk buka?",
    "answer": "Senin sampai Jumat, 07.30 WIB.",
    "source": "SK Kepala",
}


def without_id(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (HOURS | changes).items() if key != "id"}


def retired(based_on: str, answer: str = "jam-layanan") -> str:
    return f"/answers/{answer}?{urlencode({'based_on': based_on})}"


async def test_a_supervisor_writes_and_an_operator_reads(
    here: Site, connection: Connection
) -> None:
    supervisor, operator = await here.log_in("supervisor"), await here.log_in("operator")
    status, made = await here.ask(supervisor, "POST", "/answers", HOURS)
    assert (status, made["id"], made["valid_to"]) == (201, "jam-layanan", None)
    _, [one] = await here.ask(operator, "GET", "/answers")
    assert (one["title"], one["made_by"]) == ("Jam layanan", "supervisor")
    status, page = await here.get(operator, "/answers")
    assert status == 200
    assert "Senin sampai Jumat" in page
    assert "data-api" not in page, "he only reads"
    assert (await here.ask(operator, "POST", "/answers", HOURS | {"id": "lain"}))[0] == 403
    assert (await here.ask(operator, "DELETE", retired(one["made_at"])))[0] == 403

    changed = without_id(based_on=one["made_at"], answer="Setiap hari kerja.")
    assert (await here.ask(supervisor, "PUT", "/answers/jam-layanan", changed))[0] == 200
    assert (await here.ask(supervisor, "DELETE", "/answers/jam-layanan"))[0] == 400
    [now] = (await here.ask(supervisor, "GET", "/answers"))[1]
    assert (await here.ask(supervisor, "DELETE", retired(now["changed_at"])))[0] == 204
    assert (await here.ask(operator, "GET", "/answers"))[1] == []
    _, [gone] = await here.ask(operator, "GET", "/answers?state=all")
    assert (gone["answer"], gone["retired_by"]) == ("Setiap hari kerja.", "supervisor")
    acts = await connection.fetch(
        "SELECT action, by, subject FROM audit_log WHERE action LIKE 'answer%' ORDER BY id"
    )
    assert [row["action"] for row in acts] == ["answer_added", "answer_changed", "answer_retired"]
    assert {(row["by"], row["subject"]) for row in acts} == {("supervisor", "jam-layanan")}


async def test_of_two_who_write_at_once_the_later_is_told_and_overwrites_nothing(
    here: Site,
) -> None:
    supervisor, administrator = await here.log_in("supervisor"), await here.log_in("administrator")
    await here.ask(supervisor, "POST", "/answers", HOURS)
    [read] = (await here.ask(administrator, "GET", "/answers"))[1]
    first = without_id(based_on=read["made_at"], title="Jam buka")
    assert (await here.ask(supervisor, "PUT", "/answers/jam-layanan", first))[0] == 200
    later = without_id(based_on=read["made_at"], title="Waktu layanan")
    status, told = await here.ask(administrator, "PUT", "/answers/jam-layanan", later)
    assert (status, told["title"]) == (409, "answer_changed")
    assert (told["now"]["title"], told["now"]["by"]) == ("Jam buka", "supervisor")
    assert told["yours"]["title"] == "Waktu layanan"
    [now] = (await here.ask(administrator, "GET", "/answers"))[1]
    assert now["title"] == "Jam buka"
    assert told["now"]["at"] == now["changed_at"]
    again = without_id(based_on=told["now"]["at"], title="Waktu layanan")
    assert (await here.ask(administrator, "PUT", "/answers/jam-layanan", again))[0] == 200


async def test_who_retires_what_another_has_just_written_is_told_and_nothing_is_lost(
    here: Site,
) -> None:
    supervisor, administrator = await here.log_in("supervisor"), await here.log_in("administrator")
    await here.ask(supervisor, "POST", "/answers", HOURS)
    [read] = (await here.ask(administrator, "GET", "/answers"))[1]
    written = without_id(based_on=read["made_at"], title="Jam buka")
    await here.ask(supervisor, "PUT", "/answers/jam-layanan", written)
    status, told = await here.ask(administrator, "DELETE", retired(read["made_at"]))
    assert (status, told["title"]) == (409, "answer_changed_not_retired")
    assert (told["now"]["title"], told["now"]["by"]) == ("Jam buka", "supervisor")
    [now] = (await here.ask(administrator, "GET", "/answers"))[1]
    assert (now["title"], now["retired_at"]) == ("Jam buka", None)
    assert (await here.ask(administrator, "DELETE", retired(told["now"]["at"])))[0] == 204


@pytest.mark.parametrize(
    ("wrong", "status", "reason"),
    [
        ({"id": "Jam Layanan"}, 422, "answer_id"),
        ({"title": "  "}, 422, "answer_length"),
        ({"answer": "x" * 4001}, 422, "answer_length"),
        ({"answer": "kata sandi awal: rahasia123"}, 422, "answer_secret"),
        ({"category": "x" * 41}, 422, "answer_codes"),
        ({"valid_from": "2026-03-02", "valid_to": "2026-03-01"}, 422, "answer_days"),
        ({"valid_from": "besok"}, 400, "request_invalid"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_the_reason(
    here: Site, wrong: dict[str, Any], status: int, reason: str
) -> None:
    browser = await here.log_in("supervisor")
    answer = await here.ask(browser, "POST", "/answers", HOURS | wrong)
    assert (answer[0], answer[1]["title"]) == (status, reason)
    assert (await here.ask(browser, "GET", "/answers?state=all"))[1] == []


async def test_a_known_id_is_not_taken_twice_and_an_unknown_one_not_changed(here: Site) -> None:
    browser = await here.log_in("supervisor")
    await here.ask(browser, "POST", "/answers", HOURS)
    status, told = await here.ask(browser, "POST", "/answers", HOURS | {"title": "Lain"})
    assert (status, told["title"]) == (409, "answer_known")
    changed = without_id(based_on="2026-03-02T02:00:00Z")
    assert (await here.ask(browser, "PUT", "/answers/tidak-ada", changed))[0] == 404
    for unknown in ("tidak-ada", "a%00b"):
        path = retired("2026-03-02T02:00:00Z", unknown)
        assert (await here.ask(browser, "DELETE", path))[0] == 404


async def test_words_and_days_narrow_the_list(here: Site) -> None:
    browser = await here.log_in("administrator")
    await here.ask(browser, "POST", "/answers", HOURS)
    over = HOURS | {"id": "dulu", "title": "Jam dulu", "valid_from": "2020-01-01",
                    "valid_to": "2020-12-31"}  # fmt: skip
    await here.ask(browser, "POST", "/answers", over)
    for query, ids in (
        ("", ["jam-layanan"]),
        ("?state=all", ["dulu", "jam-layanan"]),
        ("?state=all&text=JAM+layanannya", ["jam-layanan"]),
        ("?state=all&text=leyanan+senen", ["jam-layanan"]),
        ("?text=zzz", []),
    ):
        assert [one["id"] for one in (await here.ask(browser, "GET", f"/answers{query}"))[1]] == ids
    status, page = await here.get(browser, "/answers?text=%3Cb%3E&state=all")
    assert status == 200
    assert "Tidak ada jawaban yang cocok." in page
    assert "&lt;b&gt;" in page


async def test_who_may_neither_answer_nor_write_sees_nothing(here: Site) -> None:
    auditor = await here.log_in("auditor")
    assert (await here.get(auditor, "/answers"))[0] == 403
    program = await token_for(here, "answers")
    async with program.post("/api/v1/answers", json=HOURS) as answer:
        assert answer.status == 201


async def test_an_act_that_cannot_be_put_on_record_is_refused_and_changes_nothing(
    here: Site, connection: Connection
) -> None:
    browser = await here.log_in("supervisor")
    await here.ask(browser, "POST", "/answers", HOURS)
    before = (await here.ask(browser, "GET", "/answers?state=all"))[1]
    await connection.execute(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'the disk is full' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER no_room BEFORE INSERT ON audit_log EXECUTE FUNCTION no_room()"
    )
    based_on = before[0]["made_at"]
    for method, path, body in (
        ("POST", "/answers", HOURS | {"id": "lain"}),
        ("PUT", "/answers/jam-layanan", without_id(based_on=based_on, title="Jam buka")),
        ("DELETE", retired(based_on), None),
    ):
        status, told = await here.ask(browser, method, path, body)
        assert (status, told["title"]) == (503, "database_away"), method
        assert (await here.ask(browser, "GET", "/answers?state=all"))[1] == before
    await connection.execute("DROP TRIGGER no_room ON audit_log")
    assert (await here.ask(browser, "DELETE", retired(based_on)))[0] == 204
