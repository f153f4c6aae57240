"""The pages' own address: TLS by setting, or behind a proxy on this machine; one process has it."""

import asyncio
import ssl

import structlog
from aiohttp import web

from agent.runtime.errors import EffectFailed
from agent.settings import Settings, SettingsInvalid
from agent.web.connections import ASK_WITHIN_S, Connections
from agent.web.guard import IDLE, is_loopback
from agent.web.parts import Parts
from agent.web.site import make_site

RETRY_S = 1.0
SWEEP_S = 600.0

log = structlog.get_logger()


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """What the certificate's settings say. Raises SettingsInvalid."""
    if settings.pages_certificate_file is None:
        if not is_loopback(settings.pages_address):
            raise SettingsInvalid(
                "pages_certificate_file: is not set, and pages_address is not of this machine alone"
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.pages_certificate_file, settings.pages_key_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsInvalid(f"pages_certificate_file: {error}") from error
    return context


async def serve_pages(parts: Parts) -> None:
    """Serve until cancelled; the port may still be the former owner's. Raises SettingsInvalid."""
    settings = parts.settings
    tls = tls_of(settings)
    site, connections = make_site(parts), Connections()
    site.middlewares.append(connections.read_in_time)
    runner = web.AppRunner(
        site,
        access_log=None,
        shutdown_timeout=0.1,
        keepalive_timeout=75.0,
        lingering_time=0.0,
        max_line_size=8190,
        max_field_size=8190,
    )
    await runner.setup()
    assert runner.server is not None
    listening = None
    try:
        while listening is None:
            try:
                listening = await asyncio.get_running_loop().create_server(
                    connections.protocols(runner.server),
                    settings.pages_address,
                    settings.pages_port,
                    ssl=tls,
                    ssl_handshake_timeout=ASK_WITHIN_S if tls else None,
                )
            except OSError as error:
                log.warning("pages_wait", reason=str(error))
                await asyncio.sleep(RETRY_S)
        log.info("pages_served", address=settings.pages_address, port=settings.pages_port)
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await parts.accounts.end_old_sessions(IDLE)
            except EffectFailed as error:
                log.warning("sessions_not_swept", reason=str(error))
    finally:
        if listening is not None:
            listening.close()
        await runner.cleanup()
