"""A FastAGI session as Asterisk leads it, and the ways in which our own answer can fail."""

import asyncio
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from agent.asterisk import fastagi
from agent.asterisk.fastagi import AgiRequest, FastAgiServer, parse_request
from tests.asterisk.agi_peer import (
    ENVIRONMENT,
    Answers,
    Peer,
    answered,
    conversation,
    refused,
    serving,
)

DONE = b"200 result=1\n"
ASKED = AgiRequest(
    script="fallback",
    uniqueid="1795581806.1",
    channel="PJSIP/trunk-00000001",
    caller_number="0811234567",
    caller_name="Bu Siti",
    extension="1500",
    context="agent-away",
    language="id",
)


async def test_each_variable_is_set_and_the_session_ends() -> None:
    answer = Answers(PHONES="PJSIP/op-101&PJSIP/op-102", WORDS='kata "baik" \\')
    before = answered()
    async with serving(answer) as server:
        peer = await Peer.at(server.port)
        await peer.say(ENVIRONMENT)
        assert await peer.line() == b'"SET" "VARIABLE" "PHONES" "PJSIP/op-101&PJSIP/op-102"\n'
        await peer.say(DONE)
        assert await peer.line() == rb'"SET" "VARIABLE" "WORDS" "kata \"baik\" \\"' + b"\n"
        await peer.say(DONE)
        assert await peer.rest() == b""
        peer.close()
    assert answer.asked == [ASKED]
    assert answered() == before + 1


async def test_an_answer_without_variables_just_ends_the_session() -> None:
    before = answered()
    async with serving(Answers()) as server:
        assert await conversation(server.port, ENVIRONMENT) == b""
    assert answered() == before + 1


async def test_a_command_that_asterisk_refuses_ends_the_session() -> None:
    before = refused("command_refused")
    async with serving(Answers(A="1", B="2")) as server:
        heard = await conversation(server.port, ENVIRONMENT + b"520-Invalid\nUsage\n520 End\n")
    assert heard == b'"SET" "VARIABLE" "A" "1"\n'
    assert refused("command_refused") == before + 1


async def test_a_caller_who_leaves_meanwhile_is_no_refusal() -> None:
    before = answered()
    async with serving(Answers(A="1", B="2")) as server:
        with capture_logs() as lines:
            heard = await conversation(server.port, ENVIRONMENT + b"HANGUP\n")
    assert heard == b'"SET" "VARIABLE" "A" "1"\n'
    assert answered() == before
    assert not lines


async def test_sessions_do_not_wait_for_each_other() -> None:
    going_on = asyncio.Event()

    async def answer(request: AgiRequest) -> Mapping[str, str]:
        if request.script == "fallback":
            await going_on.wait()
        return {}

    async with serving(answer) as server, asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(conversation(server.port, ENVIRONMENT))
        other = ENVIRONMENT.replace(b"network_script: fallback", b"network_script: other")
        assert await conversation(server.port, other) == b""
        assert not slow.done()
        going_on.set()


async def test_a_mistake_in_our_answer_ends_that_session_alone_and_its_words_reach_no_log() -> None:
    async def answer(request: AgiRequest) -> Mapping[str, str]:
        raise KeyError(request.caller_number)

    before = refused("answer_failed")
    async with serving(answer) as server:
        with capture_logs() as lines:
            assert await conversation(server.port, ENVIRONMENT) == b""
            assert await conversation(server.port, ENVIRONMENT) == b""
    assert refused("answer_failed") == before + 2
    (line,) = lines
    assert (line["event"], line["reason"]) == ("agi_refused", "answer_failed")
    assert line["error"].startswith("KeyError at ")
    assert "test_fastagi.py:" in line["error"]
    assert "0811234567" not in str(lines)


async def test_an_answer_that_takes_too_long_ends_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(_request: AgiRequest) -> Mapping[str, str]:
        await asyncio.Event().wait()
        raise AssertionError

    async def gave_up(_request: AgiRequest) -> Mapping[str, str]:
        raise TimeoutError

    monkeypatch.setattr(fastagi, "ANSWER_LIMIT_S", 0.05)
    late, failed = refused("answer_late"), refused("answer_failed")
    async with serving(never) as server:
        assert await conversation(server.port, ENVIRONMENT) == b""
    async with serving(gave_up) as server:
        assert await conversation(server.port, ENVIRONMENT) == b""
    assert (refused("answer_late"), refused("answer_failed")) == (late + 1, failed + 1)


@pytest.mark.parametrize(
    "variables",
    [
        {"GOOD": "1", "lower": "x"},
        {"GOOD": "1", "_INHERITED": "x"},
        {"GOOD": "1", "CALLERID(num)": "x"},
        {"GOOD": "1", "A" * 33: "x"},
        {"GOOD": "1", "": "x"},
        {"GOOD": "1", "A\n": "x"},
        {"GOOD": "1", "A": "x\ny"},
        {"GOOD": "1", "A": "x" * 1_001},
    ],
)
async def test_an_answer_that_cannot_be_said_whole_is_not_said_at_all(
    variables: dict[str, str],
) -> None:
    before = refused("answer_refused")
    async with serving(Answers(**variables)) as server:
        assert await conversation(server.port, ENVIRONMENT) == b""
    assert refused("answer_refused") == before + 1


async def test_refusals_in_a_row_are_all_counted_and_written_as_one_line() -> None:
    before = refused("no_request")
    async with serving(Answers()) as server:
        with capture_logs() as lines:
            for _ in range(20):
                assert await conversation(server.port, b"\n") == b""
            loop = asyncio.get_running_loop()
            server._log_again_at = loop.time()
            await conversation(server.port, b"\n")
    assert refused("no_request") == before + 21
    assert [line["refused"] for line in lines] == [1, 20]


async def test_the_end_of_the_service_ends_its_sessions_and_gives_the_port_back() -> None:
    async with serving(Answers()) as server:
        port = server.port
        peer = await Peer.at(port)
        await peer.say(b"agi_network: yes\n")
        await conversation(port, ENVIRONMENT)
    assert await peer.rest() == b""
    peer.close()
    async with serving(Answers(), port):
        assert await conversation(port, ENVIRONMENT) == b""
        with pytest.raises(OSError, match="in use"):
            FastAgiServer("127.0.0.1", port, Answers()).listen()


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::1", "localhost", ""])  # noqa: S104 refused
def test_no_address_but_a_loopback_one_is_served(address: str) -> None:
    with pytest.raises(ValueError, match=r"loopback|Expected 4|empty"):
        FastAgiServer(address, 0, Answers())


def test_a_request_is_read_from_the_known_keys_alone() -> None:
    assert parse_request(ENVIRONMENT.splitlines()) == ASKED
    assert parse_request([b"agi_arg_1: x", b"uniqueid: 1", b"agi_uniqueid:1", b""]) == AgiRequest()
    assert parse_request([b"agi_callerid: "]).caller_number == ""
    assert parse_request([b"agi_callerid: a: b\r"]).caller_number == "a: b\r"
    assert parse_request([b"agi_callerid: \xff\x00\xc3"]).caller_number == "\ufffd\x00\ufffd"


def test_of_a_key_that_comes_twice_the_first_value_counts() -> None:
    lines = [b"agi_uniqueid: 1.1", b"agi_callerid: x", b"agi_uniqueid: 6.6", b"agi_callerid: y"]
    assert parse_request(lines) == AgiRequest(uniqueid="1.1", caller_number="x")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=40) | st.sampled_from(ENVIRONMENT.splitlines())))
def test_any_bytes_are_a_request_that_can_be_stored(lines: list[bytes]) -> None:
    request = parse_request(lines)
    assert msgspec.json.decode(msgspec.json.encode(request), type=AgiRequest) == request
