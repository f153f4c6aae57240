"""/health/live, /health/ready and /metrics: what a watchdog and a Prometheus server ask."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[str | None]]
"""Answers None when all is well, else one short reason."""


def make_application(checks: dict[str, Check]) -> web.Application:
    """The service's own address; `checks` must all pass for it to be ready."""

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(_request: web.Request) -> web.Response:
        reasons = {name: await check() for name, check in checks.items()}
        failed = {name: reason for name, reason in reasons.items() if reason}
        body = {"ready": not failed, "failed": failed, "checked": sorted(checks)}
        return web.json_response(body, status=503 if failed else 200)

    async def measured(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application(client_max_size=64 * 1024)
    application.router.add_get("/health/live", live)
    application.router.add_get("/health/ready", ready)
    application.router.add_get("/metrics", measured)
    return application
