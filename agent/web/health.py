"""/health/live, /health/ready and /metrics: what a watchdog and a Prometheus server ask."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

log = structlog.get_logger()

Check = Callable[[], Awaitable[str | None]]
"""Answers None when all is well, else one short reason."""


CHECK_DEADLINE_S = 2.0


async def _reason(check: Check) -> str | None:
    """What the check answers; one that breaks or does not answer is a reason too."""
    try:
        async with asyncio.timeout(CHECK_DEADLINE_S):
            return await check()
    except TimeoutError:
        return "the check does not answer"
    except Exception as error:
        log.exception("check_broken")
        return type(error).__name__


def make_application(checks: dict[str, Check], role: Callable[[], str]) -> web.Application:
    """The service's own address; `checks` must all pass for it to be ready.

    A standby that could take over at any moment is ready too: `role` tells it from the owner.
    """

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_request: web.Request) -> web.Response:
        asked_as = role()  # who becomes the owner meanwhile was asked as a standby
        reasons = {name: await _reason(check) for name, check in checks.items()}
        failed = {name: reason for name, reason in reasons.items() if reason}
        body = {
            "ready": not failed,
            "role": asked_as,
            "failed": failed,
            "checked": sorted(checks),
        }
        return web.json_response(body, status=503 if failed else 200)

    async def measured(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application(client_max_size=64 * 1024)
    application.router.add_get("/health/live", live)
    application.router.add_get("/health/ready", ready)
    application.router.add_get("/metrics", measured)
    return application
