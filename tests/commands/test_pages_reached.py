"""What doctor finds at the pages' own address, over real lines with real certificates."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from agent.commands.pages_reached import look_at_pages
from agent.settings import Settings
from tests.certificates import make_certificate


def settings_with(**more: object) -> Settings:
    nowhere = Path("/nowhere")
    return Settings(
        database_url="",
        ari_url="http://127.0.0.1:1",
        ari_secret_file=nowhere,
        state_folder=nowhere,
        **more,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def answering(status: int, folder: Path, days: int) -> AsyncIterator[str]:
    """Somebody at localhost answers with this status; his certificate is trusted by who asks."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    made, key = make_certificate(folder, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    application = web.Application()
    application.router.add_get("/login", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "days", "found", "mend"),
    [
        (200, 90, "answers, its certificate is good for 89 days", ""),
        (200, 10, "answers, its certificate is good for 9 days", "Renew the certificate"),
        (421, 90, "answers 421", "Let the proxy pass on Host"),
        (502, 90, "answers 502", "The proxy is there and the agent is not"),
        (404, 90, "answers 404", "Something else"),
    ],
)
async def test_what_answers_and_how_long_its_certificate_is_good(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    days: int,
    found: str,
    mend: str,
) -> None:
    async with answering(status, tmp_path, days) as origin:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        told = await asyncio.to_thread(look_at_pages, settings_with(pages_origin=origin))
    assert told[0] == f"{origin} {found}"
    assert told[1].startswith(mend) and bool(told[1]) == bool(mend)


async def test_a_certificate_that_nobody_signed_is_named(tmp_path: Path) -> None:
    async with answering(200, tmp_path, 90) as origin:
        found, mend = await asyncio.to_thread(look_at_pages, settings_with(pages_origin=origin))
    assert "self-signed certificate" in found
    assert "trusted" in mend


def test_what_serves_nobody_is_told_with_the_mend_that_fits(tmp_path: Path) -> None:
    assert look_at_pages(settings_with()) == (
        "for browsers on this machine alone: pages_origin is not set", ""
    )  # fmt: skip
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        origin = f"https://localhost:{taken.getsockname()[1]}"
        found, mend = look_at_pages(settings_with(pages_origin=origin))
        assert found.startswith(f"no answer at {origin}: ")
        assert mend.startswith("Start the proxy")
        made, key = make_certificate(tmp_path)
        ours = {"pages_certificate_file": made, "pages_key_file": key, "pages_origin": origin}
        assert look_at_pages(settings_with(**ours))[1].startswith("systemctl status lpse-agent")
    found, mend = look_at_pages(settings_with(**{**ours, "pages_key_file": tmp_path / "none"}))
    assert found.startswith("pages_certificate_file: ")
    found, mend = look_at_pages(settings_with(pages_origin="https://helpdesk.invalid"))
    assert mend == "Let this name lead to this machine"
