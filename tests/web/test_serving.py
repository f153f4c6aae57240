"""The pages at their own address: encrypted by setting, patient with a port that is taken."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientConnectionError, ClientSession

from agent.settings import SettingsInvalid
from agent.web.parts import Parts
from agent.web.serving import serve_pages, tls_of
from tests.certificates import make_certificate
from tests.runtime.waiting import DEADLINE_S
from tests.web.site import Site


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of localhost that lives as long as the test."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def parts_with(here: Site, **more: Any) -> Parts:
    return replace(here.parts, settings=msgspec.structs.replace(here.parts.settings, **more))


@contextlib.asynccontextmanager
async def serving(parts: Parts) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(serve_pages(parts))
        try:
            yield
        finally:
            running.cancel()


async def status_at(url: str, **more: Any) -> int:
    """Of the page, as soon as somebody serves there."""
    async with asyncio.timeout(DEADLINE_S), ClientSession() as session:
        while True:
            try:
                async with session.get(url, **more) as answer:
                    return answer.status
            except ClientConnectionError:
                await asyncio.sleep(0.05)


def taken_port() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


async def test_a_port_that_is_taken_is_waited_for(here: Site) -> None:
    taken = taken_port()
    port = taken.getsockname()[1]
    async with serving(parts_with(here, pages_port=port)):
        await asyncio.sleep(0.2)
        taken.close()
        assert await status_at(f"http://127.0.0.1:{port}/login") == 200


async def test_with_a_certificate_nothing_is_told_in_the_clear(
    here: Site, certificate: tuple[Path, Path]
) -> None:
    taken = taken_port()
    port = taken.getsockname()[1]
    taken.close()
    made, key = certificate
    parts = parts_with(
        here, pages_port=port, pages_certificate_file=made, pages_key_file=key,
        pages_origin=f"https://localhost:{port}",
    )  # fmt: skip
    trusted = ssl.create_default_context(cafile=str(made))
    async with serving(parts):
        assert await status_at(f"https://localhost:{port}/login", ssl=trusted) == 200
        async with ClientSession() as session:
            async with session.get(f"https://localhost:{port}/login", ssl=trusted) as answer:
                assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            with pytest.raises(ClientConnectionError):
                await session.get(f"http://localhost:{port}/login")


def test_the_network_is_never_served_in_the_clear(
    here: Site, certificate: tuple[Path, Path]
) -> None:
    with pytest.raises(SettingsInvalid, match="pages_certificate_file"):
        tls_of(parts_with(here, pages_address="0.0.0.0").settings)  # noqa: S104
    assert tls_of(here.parts.settings) is None
    made, key = certificate
    for one, other in ((key, made), (made / "none", key)):
        settings = parts_with(here, pages_certificate_file=one, pages_key_file=other).settings
        with pytest.raises(SettingsInvalid, match="pages_certificate_file"):
            tls_of(settings)
