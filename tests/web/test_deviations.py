"""Deviations as operators, supervisors and auditors meet them: who sees, explains, decides what."""

import re

import pytest
from aiohttp import ClientSession

from agent.database.connect import Connection
from agent.database.reports import read_call
from tests.database.agents import running_writer
from tests.database.stories import escalated, in_turn
from tests.database.test_deviation_words import left_before_hearing
from tests.web.site import Site
from tests.web.test_site import token_for

FORMS = r'">(\d{4})/FK-TLP/LPSE\.BTG/2026</a>'


@pytest.fixture
async def filled(here: Site) -> Site:
    """1 is late in step 2 (op-101), 20 departs twice in step 8 (op-102)."""
    stories = [escalated(1, greeting_s=12.5), left_before_hearing(20)]
    async with running_writer(here.parts.pool.url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    return here


async def in_state(filled: Site, browser: ClientSession, state: str) -> list[str]:
    """The beginnings of the form numbers in this state, on the page as by the API."""
    _, told = await filled.ask(browser, "GET", f"/deviations?state={state}")
    numbers = [one["form_number"][:4] for one in told["deviations"]]
    _, page = await filled.get(browser, f"/deviations?state={state}")
    assert re.findall(FORMS, page) == numbers
    return numbers


async def test_a_supervisor_sees_all_and_an_operator_his_own(filled: Site) -> None:
    supervisor, operator = await filled.log_in("supervisor"), await filled.log_in("operator")
    _, told = await filled.ask(supervisor, "GET", "/deviations")
    seen = [(one["form_number"][:4], one["deviation"]["step"]) for one in told["deviations"]]
    assert seen == [("0020", "8"), ("0020", "8"), ("0001", "2")]
    assert all(one["standing"]["state"] == "open" for one in told["deviations"])
    status, page = await filled.get(supervisor, "/deviations")
    assert status == 200
    assert 'href="/calls/2026/1#deviation-time-2"' in page
    _, told = await filled.ask(operator, "GET", "/deviations")
    assert [one["form_number"][:4] for one in told["deviations"]] == ["0001"]
    assert (await filled.ask(operator, "GET", "/deviations?operator=op-102"))[0] == 403
    status, page = await filled.get(operator, "/deviations")
    assert status == 200
    assert "0001/FK-TLP" in page and "0020/FK-TLP" not in page
    status, proof = await filled.get(operator, "/calls/2026/1")
    assert status == 200
    assert 'id="deviation-time-2"' in proof
    assert (await filled.get(operator, "/calls/2026/20"))[0] == 404, "another's call"
    assert "/explanations" in page and "/decisions" not in page


async def test_a_filter_narrows_and_what_is_typed_stays(filled: Site) -> None:
    browser = await filled.log_in("auditor")
    for query, count in (
        ("kind=time", 2),
        ("kind=output", 1),
        ("step=2", 1),
        ("operator=op-102", 2),
        ("since=2026-03-02&until=2026-03-02", 3),
        ("since=2026-03-03", 0),
    ):
        _, told = await filled.ask(browser, "GET", f"/deviations?{query}")
        assert len(told["deviations"]) == count, query
    for query in ("kind=strange", "state=gone", "after=x", "until=9999-12-31", "nothing=1"):
        assert (await filled.ask(browser, "GET", f"/deviations?{query}"))[0] == 400, query
        status, page = await filled.get(browser, f"/deviations?{query}&step=2")
        assert status == 400
        assert 'role="alert"' in page
        assert re.search(r'value="2" selected', page), query


async def test_who_answers_explains_and_another_decides(
    filled: Site, connection: Connection
) -> None:
    operator, supervisor = await filled.log_in("operator"), await filled.log_in("supervisor")
    said = {"step": "2", "text": "Headset rusak"}
    at = "/deviations/2026/1"
    status, word = await filled.ask(operator, "POST", f"{at}/explanations", said)
    assert (status, word["by"], word["role"]) == (201, "op-101", "explanation")
    [one] = (await filled.ask(operator, "GET", "/deviations"))[1]["deviations"]
    assert one["standing"]["state"] == "explained"
    assert await in_state(filled, supervisor, "explained") == ["0001"]
    assert await in_state(filled, supervisor, "decided") == []
    decided = {**said, "verdict": "excused", "text": "Alat sudah diganti"}
    assert (await filled.ask(operator, "POST", f"{at}/decisions", decided))[0] == 403
    status, word = await filled.ask(supervisor, "POST", f"{at}/decisions", decided)
    assert (status, word["by"], word["verdict"]) == (201, "supervisor", "excused")
    assert (await filled.ask(operator, "GET", "/deviations"))[1]["deviations"] == []
    assert await in_state(filled, supervisor, "explained") == []
    assert await in_state(filled, supervisor, "open") == ["0020", "0020"]
    for state in ("decided", "all"):
        [one] = (await filled.ask(operator, "GET", f"/deviations?state={state}"))[1]["deviations"]
        assert one["standing"]["state"] == "excused"
    status, page = await filled.get(supervisor, "/deviations?state=decided")
    assert status == 200
    assert re.findall(FORMS, page) == ["0001"]
    assert 'value="decided" selected' in page
    assert [word["text"] for word in one["words"]] == ["Headset rusak", "Alat sudah diganti"]
    report = await read_call(filled.parts.pool.url, "1/2026")
    assert [word.role for word in report.words] == ["explanation", "decision"]
    trail = await connection.fetch(
        "SELECT by, action, subject FROM audit_log WHERE action LIKE 'deviation%' ORDER BY id"
    )
    assert [tuple(row) for row in trail] == [
        ("operator", "deviation_explained", "1/2026"),
        ("supervisor", "deviation_decided", "1/2026"),
    ]


async def test_nobody_explains_for_another_or_decides_for_himself(
    filled: Site, connection: Connection
) -> None:
    operator, supervisor = await filled.log_in("operator"), await filled.log_in("supervisor")
    url, told = filled.parts.pool.url, {"step": "8", "kind": "time", "text": "Sistem lambat"}
    status, answer = await filled.ask(operator, "POST", "/deviations/2026/20/explanations", told)
    assert (status, answer["title"]) == (403, "word_not_his_own")
    await connection.execute("UPDATE accounts SET operator = NULL WHERE account = 'operator'")
    decision = {"step": "2", "text": "Saya sibuk", "verdict": "excused"}
    change = "UPDATE accounts SET operator = $1, name = $2 WHERE account = 'supervisor'"
    for him in (("op-101", "Supervisor"), (None, "Siti Aminah")):
        await connection.execute(change, *him)
        filled.parts.guard.forget("supervisor")
        told_him = await filled.ask(supervisor, "POST", "/deviations/2026/1/decisions", decision)
        assert (told_him[0], told_him[1]["title"]) == (403, "word_his_own")
        for page in ("/deviations", "/calls/2026/1"):
            assert "/2026/1/decisions" not in (await filled.get(supervisor, page))[1], page
        assert "/2026/20/decisions" in (await filled.get(supervisor, "/deviations"))[1]
    for words, reason in (
        ("  ", "word_nothing_said"),
        ("x" * 2001, "word_too_long"),
        ("kata sandi saya rahasia123", "word_secret"),
    ):
        said = {"step": "2", "text": words}
        status, answer = await filled.ask(operator, "POST", "/deviations/2026/1/explanations", said)
        assert (status, answer["title"]) == (422, reason)
    unknown = {"step": "3", "text": "apa saja"}
    assert (await filled.ask(operator, "POST", "/deviations/2026/1/explanations", unknown))[
        0
    ] == 404
    both = {"step": "8", "text": "dua", "verdict": "upheld"}
    assert (await filled.ask(supervisor, "POST", "/deviations/2026/20/decisions", both))[0] == 404
    assert (await read_call(url, "1/2026")).words == ()


async def test_an_account_that_is_named_like_a_telephone_does_not_speak_for_it(
    filled: Site, connection: Connection
) -> None:
    browser = await filled.log_in("operator", "op-102")
    await connection.execute("UPDATE accounts SET operator = NULL WHERE account = 'op-102'")
    filled.parts.guard.forget("op-102")
    said = {"step": "8", "kind": "time", "text": "Sistem lambat"}
    status, told = await filled.ask(browser, "POST", "/deviations/2026/20/explanations", said)
    assert (status, told["title"]) == (403, "word_not_his_own")
    assert (await read_call(filled.parts.pool.url, "20/2026")).words == ()


async def test_an_auditor_reads_and_says_nothing_and_a_program_only_what_it_may(
    filled: Site,
) -> None:
    auditor = await filled.log_in("auditor")
    _, page = await filled.get(auditor, "/deviations")
    assert "0001/FK-TLP" in page
    assert "/explanations" not in page and "/decisions" not in page
    said = {"step": "2", "text": "apa saja", "verdict": "upheld"}
    assert (await filled.ask(auditor, "POST", "/deviations/2026/1/decisions", said))[0] == 403
    administrator = await filled.log_in("administrator")
    assert (await filled.get(administrator, "/deviations"))[0] == 403
    program = await token_for(filled, "desk")
    async with program.get("/api/v1/deviations") as answer:
        assert answer.status == 403, "it has no telephone, and so no deviations"


async def test_an_auditor_reads_what_was_said_without_numbers(filled: Site) -> None:
    operator, supervisor = await filled.log_in("operator"), await filled.log_in("supervisor")
    auditor, at = await filled.log_in("auditor"), "/deviations/2026/1"
    said = {"step": "2", "text": "Tersambung dua kali dari 0812-3456-7890, pukul 09.00-09.15"}
    decision = said | {"text": "Benar, juga dari 022 7654321", "verdict": "excused"}
    assert (await filled.ask(operator, "POST", f"{at}/explanations", said))[0] == 201
    assert (await filled.ask(supervisor, "POST", f"{at}/decisions", decision))[0] == 201
    whole, masked = ("0812-3456-7890", "022 7654321"), ("0812-••••-•890", "022 7•••321")
    program = await token_for(filled, "calls")

    for browser, shown, hidden in (
        (operator, whole, masked),
        (supervisor, whole, masked),
        (auditor, masked, whole),
        (program, masked, whole),
    ):
        read = ("/api/v1/deviations?state=all", "/api/v1/calls/2026/1")
        if browser is not program:
            read += ("/deviations?state=all", "/calls/2026/1")
        for path in read:
            status, text = await filled.get(browser, path)
            assert status == 200
            assert all(number in text for number in shown)
            assert not any(number in text for number in hidden)
            assert "pukul 09.00-09.15" in text


async def test_who_saw_whose_deviations_is_on_record(filled: Site, connection: Connection) -> None:
    operator, auditor = await filled.log_in("operator"), await filled.log_in("auditor")
    await filled.get(auditor, "/deviations?state=all")
    await filled.ask(operator, "GET", "/deviations")
    await filled.ask(auditor, "GET", "/deviations?step=6")
    assert (await filled.ask(operator, "GET", "/deviations?operator=op-102"))[0] == 403
    rows = await connection.fetch("SELECT by, action, forms, purpose FROM access_log ORDER BY at")
    seen = [(row["by"], [form[:4] for form in row["forms"]]) for row in rows]
    assert seen == [("auditor", ["0020", "0001"]), ("operator", ["0001"]), ("auditor", [])]
    assert {(row["action"], row["purpose"]) for row in rows} == {("search", "page: deviations")}


async def test_a_long_list_goes_on_where_it_ended(here: Site) -> None:
    stories = [escalated(number, greeting_s=12.5) for number in range(1, 53)]
    async with running_writer(here.parts.pool.url) as writer:
        for record in in_turn(stories):
            await writer.record(record)
    browser = await here.log_in("supervisor")
    _, page = await here.get(browser, "/deviations")
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following
    assert page.count("/decisions") == 50
    _, rest = await here.get(browser, "/deviations" + following[1].replace("&amp;", "&"))
    assert rest.count("/decisions") == 2
    assert 'rel="next"' not in rest
