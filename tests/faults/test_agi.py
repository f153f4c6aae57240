"""F22 and F23: whatever comes over FastAGI, our server and Asterisk live and callers go on."""

import asyncio
import random
import socket
import struct
import tracemalloc
from collections.abc import Iterator, Mapping

import pytest

from agent.asterisk.agi_command import LONGEST_ARGUMENT, LONGEST_LINE, encode_command
from agent.asterisk.errors import AgiArgumentRefused
from agent.asterisk.fastagi import MOST_BYTES, MOST_LINES, MOST_SESSIONS, AgiRequest
from tests.asterisk.agi_peer import (
    ENVIRONMENT,
    Answers,
    Peer,
    answered,
    conversation,
    refused,
    serving,
)
from tests.faults.asking_asterisk import (
    ANSWERED,
    NO_ANSWER,
    AskingAsterisk,
    asking_asterisk,
)

MEGABYTE = 1024 * 1024
SAID = b'"SET" "VARIABLE" "SAID" "baik"\n'
DONE = b"200 result=1\n"

bounded = pytest.mark.fault(
    "F22", "a FastAGI peer has 64 kB, 200 lines, 5 s and one of 200 sessions; callers go on"
)
encoded = pytest.mark.fault(
    "F23", "no text makes an AGI line that Asterisk reads as more than it is, or dies of"
)


@pytest.fixture(scope="module")
def asterisk() -> Iterator[AskingAsterisk]:
    with asking_asterisk() as running:
        yield running


async def honest_session_is_answered(port: int) -> None:
    assert await conversation(port, ENVIRONMENT + DONE) == SAID


@bounded
async def test_a_line_of_ten_megabytes_is_read_to_64_kilobytes_and_no_further() -> None:
    before = refused("too_many_bytes")
    async with serving(Answers(SAID="baik")) as server:
        tracemalloc.start()
        try:
            peer = await Peer.at(server.port)
            part = b"a" * (MEGABYTE // 16)
            for _ in range(160):
                await peer.say(part)
            assert await peer.rest() == b""
            peer.close()
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        await honest_session_is_answered(server.port)
    assert refused("too_many_bytes") == before + 1
    assert most < MEGABYTE


@bounded
async def test_the_last_byte_and_the_last_line_are_allowed_and_the_next_ones_are_not() -> None:
    bytes_before, lines_before = refused("too_many_bytes"), refused("too_many_lines")
    async with serving(Answers(SAID="baik")) as server:
        filled = b"x" * (MOST_BYTES - len(ENVIRONMENT) - len(DONE) - 1) + b"\n"
        assert await conversation(server.port, filled + ENVIRONMENT + DONE) == SAID
        assert refused("too_many_bytes") == bytes_before
        await conversation(server.port, b"x" + filled + ENVIRONMENT + DONE)
        assert refused("too_many_bytes") == bytes_before + 1
        filled = b"x\n" * (MOST_LINES - ENVIRONMENT.count(b"\n") - 1)
        assert await conversation(server.port, filled + ENVIRONMENT + DONE) == SAID
        assert refused("too_many_lines") == lines_before
        await conversation(server.port, b"x\n" + filled + ENVIRONMENT + DONE)
        await conversation(server.port, b"x\n" * 100_000)
        assert refused("too_many_lines") == lines_before + 2


@bounded
async def test_peers_that_say_nothing_or_a_sign_now_and_then_are_left_after_five_seconds() -> None:
    async def drip(port: int) -> None:
        peer = await Peer.at(port)
        async with asyncio.TaskGroup() as tasks:

            async def dripping() -> None:
                while True:
                    await peer.say(b"a")
                    await asyncio.sleep(0.2)

            dripped = tasks.create_task(dripping())
            assert await peer.rest() == b""
            dripped.cancel()
        peer.close()

    before = refused("too_slow")
    async with serving(Answers(SAID="baik")) as server:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(10):
                tasks.create_task(drip(server.port))
                tasks.create_task(conversation(server.port, b""))
                # An environment that is answered, and then no reply to our command.
                tasks.create_task(conversation(server.port, ENVIRONMENT))
            await honest_session_is_answered(server.port)
        await honest_session_is_answered(server.port)
    assert refused("too_slow") == before + 30


@bounded
async def test_of_a_thousand_connections_two_hundred_are_served_and_the_others_closed() -> None:
    before = refused("too_many_sessions")
    async with serving(Answers(SAID="baik")) as server:
        first = [await Peer.at(server.port) for _ in range(MOST_SESSIONS)]
        for peer in first:
            await peer.say(b"agi_network: yes\n")
        for _ in range(8):
            others = [await Peer.at(server.port) for _ in range(100)]
            assert [await peer.rest() for peer in others] == [b""] * 100
            for peer in others:
                peer.close()
        assert refused("too_many_sessions") == before + 800
        for peer in first:
            await peer.say(ENVIRONMENT + DONE)
            assert await peer.rest() == SAID
            peer.close()
        await honest_session_is_answered(server.port)


@bounded
async def test_no_bytes_whatever_end_more_than_their_own_session() -> None:
    chance = random.Random(22)  # noqa: S311 the same bytes every time
    async with serving(Answers(SAID="baik")) as server:
        for length in (1, 10, 100, 1_000, 10_000):
            for _ in range(20):
                noise = chance.randbytes(length)
                for words in (noise + b"\n\n", ENVIRONMENT[:-1] + noise + b"\n\n" + noise):
                    peer = await Peer.at(server.port)
                    await peer.say(words)
                    if length == 100:
                        await peer.line()
                    peer.close()
        await honest_session_is_answered(server.port)


@bounded
@pytest.mark.parametrize("said", [b"", b"agi_ch", b"agi_channel: x\n", ENVIRONMENT])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_peer_that_leaves_early_is_only_counted(said: bytes, reset: bool) -> None:
    before = refused("closed_early")
    async with serving(Answers(SAID="baik")) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.sendall(said)
            if reset:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        async with asyncio.timeout(5):
            while refused("closed_early") == before:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)
        await honest_session_is_answered(server.port)
    assert refused("closed_early") == before + 1


@bounded
async def test_keys_that_a_caller_puts_into_his_name_do_not_replace_asterisks_own() -> None:
    answer = Answers(SAID="baik", MORE="juga")
    both = SAID + b'"SET" "VARIABLE" "MORE" "juga"\n'
    name = b"X\nagi_uniqueid: 6.6\nagi_channel: evil\nagi_network_script: admin\nagi_language: xx"
    async with serving(answer) as server:
        forged = ENVIRONMENT.replace(b"Bu Siti", name)
        assert await conversation(server.port, forged + DONE + DONE) == both
        # An empty line ends the environment early; the rest of it is no reply to our command.
        forged = ENVIRONMENT.replace(b"Bu Siti", name + b"\n\n")
        assert await conversation(server.port, forged + DONE + DONE) == both
    for request in answer.asked:
        assert (request.script, request.uniqueid) == ("fallback", "1795581806.1")
        assert (request.channel, request.language) == ("PJSIP/trunk-00000001", "id")
    assert [request.extension for request in answer.asked] == ["1500", ""]


CALLER_IDS = {
    "a line feed and keys": b"<sip:0811%0aagi_uniqueid%3a%206.6%0aagi_channel%3a%20evil@127.0.0.2>",
    "carriage returns too": b"<sip:0811%0d%0aagi_uniqueid%3a%206.6%0d%0a%0d%0a@127.0.0.2>",
    "the end of it all": b"<sip:0811%0a%0a520%20x%0aHANGUP%0a200%20result%3d1%0a@127.0.0.2>",
    "quotes and backslashes": b'"Pak \\"Budi\\" \\\\\\"" <sip:08%22%5c%2211@127.0.0.2>',
    "not UTF-8": b'"\xff\xfe\xc3" <sip:08%ff%c311@127.0.0.2>',
    "4 kB": b'"%s" <sip:%s@127.0.0.2>' % (b"A" * 4096, b"9" * 4096),
}


@bounded
@pytest.mark.parametrize("identity", CALLER_IDS.values(), ids=CALLER_IDS.keys())
async def test_a_hostile_caller_id_of_a_real_call_is_only_a_strange_number(
    asterisk: AskingAsterisk, identity: bytes
) -> None:
    answer = Answers(SAID="baik")
    async with serving(answer, asterisk.port):
        assert await asterisk.call(identity) == ANSWERED
    (request,) = answer.asked
    assert request.script == "asked"
    assert request.channel.startswith("PJSIP/trunk-")
    assert request.uniqueid != "6.6"
    assert asterisk.alive


@bounded
async def test_a_caller_goes_on_when_our_answer_fails_is_late_or_nobody_listens(
    asterisk: AskingAsterisk,
) -> None:
    async def broken(_request: AgiRequest) -> Mapping[str, str]:
        raise RuntimeError

    async def late(_request: AgiRequest) -> Mapping[str, str]:
        await asyncio.sleep(60)
        return {}

    identity = b"<sip:0811234567@127.0.0.2>"
    assert await asterisk.call(identity) == NO_ANSWER
    unfit = Answers(SAID="bai\nk")
    for answer, reason in (
        (broken, "answer_failed"),
        (late, "answer_late"),
        (unfit, "answer_refused"),
    ):
        before = refused(reason)
        async with serving(answer, asterisk.port):
            assert await asterisk.call(identity) == NO_ANSWER
        assert refused(reason) == before + 1
    async with serving(Answers(SAID="baik"), asterisk.port):
        peers = [await Peer.at(asterisk.port) for _ in range(MOST_SESSIONS)]
        assert await asterisk.call(identity) == NO_ANSWER
        for peer in peers:
            peer.close()
            await peer.rest()
        assert await asterisk.call(identity) == ANSWERED


@bounded
async def test_the_dialplan_leaves_a_peer_that_never_answers_after_the_time_it_gives(
    asterisk: AskingAsterisk,
) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    heard: list[bytes] = []
    peer = await asyncio.start_server(silent, "127.0.0.1", asterisk.port)
    async with peer, asterisk.asking("bounded") as channel:
        assert await channel.ended() == "in time"
        assert await channel.variable("AGISTATUS") == "HANGUP"
    assert b"agi_uniqueid" in heard[0]


@encoded
@pytest.mark.parametrize(
    "value",
    [
        '"' * 200,
        "\\" * 200,
        '"\\" ' * 250,
        '"' * LONGEST_ARGUMENT,
        " " * LONGEST_ARGUMENT,
        "${CHANNEL(name)} $[1+1] ,;&|",
        "é😀" * 166,
    ],
)
async def test_an_argument_at_the_limits_is_in_asterisk_what_it_was_here(
    asterisk: AskingAsterisk, value: str
) -> None:
    before = answered()
    async with serving(Answers(SAID=value), asterisk.port), asterisk.asking() as channel:
        assert await channel.ended() == "here"
        assert await channel.variable("SAID") == value
    assert answered() == before + 1
    assert asterisk.alive


@encoded
@pytest.mark.parametrize("text", ["a\nb", "\n", "a\0b", "a\rHANGUP", "x" * 9_000, '"' * 9_000])
def test_what_asterisk_would_cut_or_misread_is_refused(text: str) -> None:
    with pytest.raises(AgiArgumentRefused):
        encode_command("SET", "VARIABLE", "SAID", text)


LIMITS = {
    "32 arguments": encode_command("NOOP", *["x"] * 31),
    "32 empty arguments": encode_command("NOOP", *[""] * 31),
    "a quote in each": encode_command("NOOP", *['"'] * 31),
    "the longest line": encode_command("NOOP", *['"\\' * 63] * 28, *["ab" * 138] * 3),
}


@encoded
@pytest.mark.parametrize("line", LIMITS.values(), ids=LIMITS.keys())
async def test_asterisk_takes_the_longest_lines_there_can_be(
    asterisk: AskingAsterisk, line: bytes
) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        for _ in range(3):
            writer.write(line)
            replies.append(await reader.readline())
        writer.close()

    replies: list[bytes] = []
    peer = await asyncio.start_server(say, "127.0.0.1", asterisk.port)
    async with peer, asterisk.asking() as channel:
        assert await channel.ended() == "here"
    assert replies == [b"200 result=0\n"] * 3
    assert asterisk.alive


def test_the_longest_line_is_nearly_as_long_as_is_allowed() -> None:
    assert LONGEST_LINE - 100 < len(LIMITS["the longest line"]) <= LONGEST_LINE
