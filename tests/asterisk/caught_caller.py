"""A caller whom the dialplan brings to the standby's application, because the owner's is closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.asterisk.ari_client import AriClient
from agent.domain.identifiers import ChannelId
from deploy.asterisk_server import AsteriskServer
from tests.asterisk.events_heard import until

STANDBY = "lpse-helpdesk-2"


@asynccontextmanager
async def caught_caller(
    asterisk: AsteriskServer, client: AriClient, leg: str, application: str = STANDBY
) -> AsyncIterator[ChannelId]:
    """His leg's channel; it is gone afterwards. The application has a session already."""
    context = f"caught-by-{application}"
    asterisk.command(f"dialplan add extension 1500,1,Stasis,{application} into {context}")
    await client.create(
        "channels",
        leg,
        endpoint=f"Local/1500@{context}",
        app=asterisk.values.application,
        callerId="0811222333 <0811222333>",
        formats="alaw",
    )
    try:
        yield ChannelId(f"{leg};2")
    finally:
        await client.delete("channels", leg)
        await until(lambda: _gone(client, f"{leg};2"))


async def _gone(client: AriClient, channel: str) -> bool:
    return channel not in {found["id"] for found in await client.get("channels")}
