"""Tickets in a real Request Tracker."""

import json
import re
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.handover.errors import MessageUnfit, ReceiverRefusesUs, ReceiverUnreachable, TryLater
from agent.handover.request_tracker import RequestTrackerSender, TrackerAccount
from deploy.office_servers import RequestTracker
from tests.handover.messages import FACTS, PUT_AT, message, texts


def sender(
    session: aiohttp.ClientSession, tracker: RequestTracker, **changed: str
) -> RequestTrackerSender:
    told = {"url": tracker.url, "queue": tracker.queue, "token": tracker.token, **changed}
    return RequestTrackerSender(session, TrackerAccount(**told), texts())


async def asked(session: aiohttp.ClientSession, tracker: RequestTracker, path: str) -> Any:
    """What Request Tracker itself says."""
    headers = {"Authorization": f"token {tracker.token}"}
    async with session.get(f"{tracker.url}/REST/2.0/{path}", headers=headers) as answer:
        assert answer.status == 200
        return json.loads(await answer.read())


async def test_a_ticket_is_opened_with_number_requestor_and_problem(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    told = message("request_tracker", ticket="26-00011-1", to=None)
    number = await sender(session, tracker).send(told, PUT_AT)
    assert re.fullmatch(r"\d+", number)
    ticket = await asked(session, tracker, f"ticket/{number}")
    assert ticket["Subject"] == "[26-00011-1] Unggah dokumen"
    assert ticket["Queue"]["id"] is not None
    assert [person["id"] for person in ticket["Requestor"]] == ["budi@caller.test"]
    kept = await asked(session, tracker, f"ticket/{number}/attachments?fields=Content")
    [content] = [item["Content"] for item in kept["items"]]
    assert FACTS["problem"] in content
    assert "Prioritas         : Tinggi" in content


async def test_a_repeat_after_a_crash_finds_the_ticket_and_makes_no_second(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    told = message("request_tracker", ticket="26-00012-2")
    numbers = [await sender(session, tracker).send(told, PUT_AT) for _ in range(2)]
    assert numbers[0] == numbers[1]
    found = await asked(session, tracker, "tickets?query=Subject LIKE '26-00012-2'")
    assert found["total"] == 1


async def test_another_ticket_whose_number_is_like_it_is_not_taken_for_it(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    first = await sender(session, tracker).send(
        message("request_tracker", ticket="26-00013-3", problem="Lihat 26-00014-4"), PUT_AT
    )
    second = await sender(session, tracker).send(
        message("request_tracker", ticket="26-00014-4"), PUT_AT
    )
    assert first != second


async def test_a_caller_without_an_address_and_a_text_with_traps_get_a_ticket_too(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    told = message(
        "request_tracker",
        ticket="26-00015-5",
        contact_email="bukan alamat",
        category="a'b\\\nBcc: x@y.test",
    )
    number = await sender(session, tracker).send(told, PUT_AT)
    ticket = await asked(session, tracker, f"ticket/{number}")
    assert ticket["Subject"] == "[26-00015-5] a'b\\ Bcc: x@y.test"
    assert "bukan" not in json.dumps(ticket["Requestor"])


async def test_a_wrong_token_or_queue_is_no_fault_of_the_message(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    for changed in ({"token": "1-2-wrong"}, {"queue": "It's not\\there"}):
        with pytest.raises(ReceiverRefusesUs, match=r"It answered 40[13]\."):
            told = message("request_tracker", ticket="26-00016-6")
            await sender(session, tracker, **changed).send(told, PUT_AT)


async def test_what_is_away_or_is_no_request_tracker_is_tried_again(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    with pytest.raises(ReceiverUnreachable):
        await sender(session, tracker, url="http://127.0.0.1:1").send(
            message("request_tracker"), PUT_AT
        )
    application = web.Application()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    application.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    with pytest.raises(TryLater, match="not Request Tracker's"):
        await sender(session, tracker, url=url).send(message("request_tracker"), PUT_AT)
    await runner.cleanup()


async def test_only_the_opening_of_a_ticket_has_a_text_there(
    session: aiohttp.ClientSession, tracker: RequestTracker
) -> None:
    with pytest.raises(MessageUnfit):
        told = message("request_tracker", "ticket_solved")
        await sender(session, tracker).send(told, PUT_AT)
