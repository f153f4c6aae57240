"""`lpse-agent webhook …`: who is told what happens to calls and tickets."""

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from agent.commands.accountable import system_user
from agent.commands.plain import (
    FAILED,
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.accounts import keep_act
from agent.database.connect import connected
from agent.database.webhooks import (
    add_subscription,
    enable_subscription,
    list_subscriptions,
    read_subscription,
    remove_subscription,
)
from agent.domain.news import KINDS
from agent.handover.news import NewsPoster, trial
from agent.handover.receiver_address import ReceiverAddressInvalid, check_address, make_session
from agent.handover.webhooks import new_secret
from agent.runtime.errors import EffectFailed, MessageRefused
from agent.runtime.webhooks import Subscription
from agent.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    help="Webhooks: programs of others that are told what happens to calls and tickets.",
)

Id = Annotated[int, typer.Argument(help="The webhook's number, as `webhook list` shows it.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="https://…, or http://127.0.0.1… on this machine.")],
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"What to tell, may be repeated; all without it. {', '.join(KINDS)}."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell a receiver from now on; his secret is shown this once.

    News are signed as Standard Webhooks has it, come in order and at least
    once: a repeat has the same webhook-id. Private networks may be told,
    link-local addresses (where clouds keep a machine's secrets) never.

    Example:
    lpse-agent webhook add https://app.example.go.id/hook --kind ticket.opened
    """
    with said_plainly():
        database = read_settings().database_url
        try:
            check_address(url)
        except ReceiverAddressInvalid as error:
            refuse(str(error))
        secret = new_secret()

        async def keep() -> int:
            async with connected(database) as connection, connection.transaction():
                return await add_subscription(connection, url, kind or (), secret, system_user())

        made = ask(database, keep)
    if json:
        print_json({"webhook": made, "secret": secret})
    else:
        out = console()
        out.print(f"Webhook nomor {made} berlaku mulai sekarang.")
        out.print(f"Kunci rahasianya, hanya ditampilkan kali ini: {secret}")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List all webhooks: what they are told, and whether they answer.

    Example:
    lpse-agent webhook list
    """
    with said_plainly():
        settings = read_settings()
        database = settings.database_url

        async def read() -> list[msgspec.Struct]:
            async with connected(database) as connection:
                return [*await list_subscriptions(connection)]

        kept = ask(database, read)
    if json:
        print_json([plain_object(one, settings.zone) for one in kept])
        return
    clock_, table = clock_of(settings.zone), Table()
    for heading in ("No", "Alamat", "Berita", "Terakhir diterima", "Gagal sejak", "Dihentikan"):
        table.add_column(heading, overflow="fold")
    for one in (msgspec.structs.asdict(one) for one in kept):
        table.add_row(
            str(one["id"]),
            one["url"],
            ", ".join(one["kinds"]) or "semua",
            clock_(one["told_at"]),
            f"{clock_(one['failing_since'])} {one['last_error'] or ''}".strip(),
            clock_(one["disabled_at"]),
        )
    console().print(table)


@app.command("remove")
def remove(webhook: Id) -> None:
    """Tell a receiver nothing any more.

    Example:
    lpse-agent webhook remove 3
    """
    with said_plainly():
        database = read_settings().database_url

        async def end() -> None:
            async with connected(database) as connection, connection.transaction():
                await remove_subscription(connection, webhook, system_user())

        ask(database, end)
    console().print(f"Webhook nomor {webhook} dihapus.")


@app.command("enable")
def enable(webhook: Id) -> None:
    """Go on with a webhook that was stopped after a week of failures.

    What happened meanwhile is told too, as far as it is not older than 30 days.

    Example:
    lpse-agent webhook enable 3
    """
    with said_plainly():
        database = read_settings().database_url

        async def go_on() -> None:
            async with connected(database) as connection, connection.transaction():
                await enable_subscription(connection, webhook, system_user())

        ask(database, go_on)
    console().print(f"Webhook nomor {webhook} dilanjutkan.")


@app.command("test")
def test(webhook: Id) -> None:
    """Send one signed message of the type webhook.test now, and say what came of it.

    Example:
    lpse-agent webhook test 3
    """
    with said_plainly():
        database = read_settings().database_url

        async def read() -> Subscription:
            async with connected(database) as connection, connection.transaction():
                found = await read_subscription(connection, webhook)
                await keep_act(connection, system_user(), "webhook_tested", str(webhook))
                return found

        subscription = ask(database, read)
    try:
        asyncio.run(_try(subscription))
    except (EffectFailed, MessageRefused) as error:
        typer.echo(f"Belum diterima: {error}", err=True)
        raise typer.Exit(FAILED) from error
    console().print("Diterima.")


async def _try(subscription: Subscription) -> None:
    name, body = trial(subscription.id)
    async with make_session() as session:
        await NewsPoster(session).post(subscription.url, subscription.secret, name, body)
