"""Who is told of events by webhook, as an administrator decides; every act is on record."""

from typing import Annotated

import msgspec
from msgspec import Meta

from agent.database.webhooks import (
    KeptSubscription,
    add_subscription,
    enable_subscription,
    list_subscriptions,
    read_subscription,
    remove_subscription,
)
from agent.domain.news import KINDS
from agent.domain.rights import Right
from agent.handover.news import NewsPoster, trial
from agent.handover.receiver_address import LONGEST_URL, check_address, make_session
from agent.handover.webhooks import new_secret
from agent.runtime.errors import EffectFailed, MessageRefused
from agent.web.operations import Asking, Operation
from agent.web.pages import Page, Shown
from agent.web.parts import Parts
from agent.web.problems import Refused

LARGEST_ID = 2**31 - 1


class WebhookWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to tell, and what; no kinds are all."""

    url: Annotated[str, Meta(min_length=1, max_length=LONGEST_URL)]
    kinds: Annotated[list[str], Meta(max_length=50)] = []


class WebhookMade(msgspec.Struct, frozen=True):
    """Its number, and the secret of its signatures, which is never shown again."""

    id: int
    secret: str


class Webhooks(msgspec.Struct, frozen=True):
    """All of them, the oldest first."""

    webhooks: list[KeptSubscription]


class Tried(msgspec.Struct, frozen=True):
    """Whether the receiver took a message of the type webhook.test, and else why not."""

    accepted: bool
    reason: str | None = None


def webhook_operations(parts: Parts) -> list[Operation]:
    """Making, listing, trying, enabling and removing."""

    async def read(_asking: Asking, _asked: None) -> Webhooks:
        async with parts.pool.connection() as connection:
            return Webhooks(await list_subscriptions(connection))

    async def add(asking: Asking, asked: WebhookWanted) -> WebhookMade:
        check_address(asked.url)
        secret, by = new_secret(), asking.who.account
        async with parts.pool.transaction() as connection:
            made = await add_subscription(connection, asked.url, asked.kinds, secret, by)
        return WebhookMade(made, secret)

    async def remove(asking: Asking, _asked: None) -> None:
        async with parts.pool.transaction() as connection:
            await remove_subscription(connection, _id(asking), asking.who.account)

    async def enable(asking: Asking, _asked: None) -> None:
        async with parts.pool.transaction() as connection:
            await enable_subscription(connection, _id(asking), asking.who.account)

    async def test(asking: Asking, _asked: None) -> Tried:
        id_ = _id(asking)
        async with parts.pool.connection() as connection:
            subscription = await read_subscription(connection, id_)
        await parts.accounts.audit(asking.who.account, "webhook_tested", str(id_))
        name, body = trial(id_)
        async with make_session() as session:
            try:
                poster = NewsPoster(session)
                await poster.post(subscription.url, subscription.secret, name, body)
            except (EffectFailed, MessageRefused) as error:
                return Tried(False, str(error))
        return Tried(True)

    path, right = "/webhooks/{webhook}", Right.ADMINISTER
    return [
        Operation(
            name="listWebhooks", method="GET", path="/webhooks", right=right, perform=read,
            summary="All webhooks, without their secrets.", answered=Webhooks,
        ),
        Operation(
            name="addWebhook", method="POST", path="/webhooks", right=right, asked=WebhookWanted,
            summary="Tell a receiver from now on, by signed webhooks (Standard Webhooks).",
            perform=add, answered=WebhookMade, status=201,
        ),
        Operation(
            name="removeWebhook", method="DELETE", path=path, right=right, perform=remove,
            summary="Tell a receiver nothing any more.",
        ),
        Operation(
            name="enableWebhook", method="POST", path=f"{path}/enable", right=right,
            perform=enable, summary="Go on with one that was disabled, where it stopped.",
        ),
        Operation(
            name="testWebhook", method="POST", path=f"{path}/test", right=right, perform=test,
            summary="Send one message of the type webhook.test now.", answered=Tried,
        ),
    ]  # fmt: skip


def webhook_pages(parts: Parts) -> list[Page]:
    """Who is told, and whether it works."""

    async def show(_asking: Asking) -> Shown:
        async with parts.pool.connection() as connection:
            webhooks = await list_subscriptions(connection)
        return Shown("webhooks.html", {"webhooks": webhooks, "kinds": KINDS})

    return [Page(path="/webhooks", right=Right.ADMINISTER, show=show, menu="menu.webhooks")]


def _id(asking: Asking) -> int:
    text = asking.path("webhook")
    if not (text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= LARGEST_ID):
        raise Refused(404, "webhook_unknown")
    return int(text)
