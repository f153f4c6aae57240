"""Commands to a real Asterisk, and to servers that do not behave."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agent.asterisk import ari_client
from agent.asterisk.ari_client import AriClient
from agent.asterisk.errors import AsteriskRefused, AsteriskUnreachable
from agent.runtime.errors import EffectFailed, StandDown
from deploy.asterisk_server import AsteriskServer, free_port


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[AriClient]:
    """A client whose server takes every connection and sends just this."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        try:
            await asyncio.sleep(3600 if not answer else 0.05)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with AriClient(f"http://127.0.0.1:{port}", "user", "secret") as made:
            yield made
    finally:
        server.close()


async def test_asterisk_answers(client: AriClient) -> None:
    information = await client.get("asterisk", "info")
    assert information["system"]["version"].startswith("22.")


async def test_an_unknown_channel_is_a_refusal_with_its_status(client: AriClient) -> None:
    with pytest.raises(AsteriskRefused) as refused:
        await client.post("channels", "nobody", "answer")
    assert refused.value.status == 404
    assert isinstance(refused.value, EffectFailed), "the domain hears of it as of any other"


async def test_what_is_created_or_deleted_already_counts_as_done(client: AriClient) -> None:
    await client.create("bridges", "lpse-00ff", type="mixing")
    await client.create("bridges", "lpse-00ff", type="mixing")
    await client.delete("bridges", "lpse-00ff")
    await client.delete("bridges", "lpse-00ff")
    assert "lpse-00ff" not in {bridge["id"] for bridge in await client.get("bridges")}


async def test_nothing_is_sent_that_the_guard_does_not_let_pass(asterisk: AsteriskServer) -> None:
    values = asterisk.values
    url = f"http://{values.ari_address}:{values.ari_port}"
    guarded = 0

    async def may_command() -> None:
        nonlocal guarded
        guarded += 1
        if guarded > 1:
            raise StandDown("another commands")

    async with AriClient(url, values.ari_user, values.ari_secret, may_command) as guarded_client:
        await guarded_client.create("bridges", "lpse-00fa", type="mixing")
        with pytest.raises(StandDown):
            await guarded_client.delete("bridges", "lpse-00fa")
    async with AriClient(url, values.ari_user, values.ari_secret) as free:
        assert "lpse-00fa" in {bridge["id"] for bridge in await free.get("bridges")}
        await free.delete("bridges", "lpse-00fa")


async def test_a_command_that_waited_for_a_connection_is_not_sent_once_the_calls_are_anothers() -> (
    None
):
    """The lease is valid for 1.5 s, and a pool whose connections all wait may take 5."""
    asked: list[bytes] = []
    full, let_go = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        asked.append(request.partition(b" HTTP")[0])
        if len(asked) == ari_client.POOL:
            full.set()
        await let_go.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    ours = True

    async def may_command() -> None:
        if not ours:
            raise StandDown("another commands")

    async def late(client: AriClient) -> None:
        with pytest.raises(StandDown):
            await client.delete("channels", "1795338000.7")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, AriClient(url, "user", "secret", may_command) as stalled:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(ari_client.POOL):
                tasks.create_task(stalled.get("channels"))
            await full.wait()
            tasks.create_task(late(stalled))
            await asyncio.sleep(0.05)
            ours = False
            let_go.set()
        ours = True
        await stalled.get("bridges")
    assert set(asked) == {b"GET /ari/channels", b"GET /ari/bridges"}


async def test_an_id_cannot_reach_another_resource(client: AriClient) -> None:
    """A slash or question mark in an id stays part of the id."""
    for name in ("../asterisk/info", "x?y=z", "x/y", "x#y"):
        with pytest.raises(AsteriskRefused) as refused:
            await client.get("channels", name)
        assert refused.value.status == 404


async def test_a_wrong_secret_is_refused(asterisk: AsteriskServer) -> None:
    values = asterisk.values
    url = f"http://{values.ari_address}:{values.ari_port}"
    async with AriClient(url, values.ari_user, "wrong") as stranger:
        with pytest.raises(AsteriskRefused) as refused:
            await stranger.get("asterisk", "info")
    assert refused.value.status == 401


async def test_nobody_at_the_address_is_unreachable() -> None:
    port = free_port(socket.SOCK_STREAM)
    async with AriClient(f"http://127.0.0.1:{port}", "user", "secret") as lonely:
        with pytest.raises(AsteriskUnreachable):
            await lonely.get("asterisk", "info")


async def test_a_server_that_never_answers_is_left_at_the_deadline() -> None:
    async with answering(b"") as waiting, asyncio.timeout(3 * ari_client.DEADLINE_S):
        with pytest.raises(AsteriskUnreachable):
            await waiting.get("asterisk", "info")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}",
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n[]",
    ],
    ids=["cut off", "not JSON", "not HTTP", "an error without a message"],
)
async def test_a_broken_answer_is_a_failed_wish_and_nothing_worse(answer: bytes) -> None:
    async with answering(answer) as broken:
        with pytest.raises(EffectFailed):
            await broken.get("asterisk", "info")
