"""`lpse-agent account …` and `lpse-agent token …`: who uses the pages, which programs the API."""

import getpass
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from agent.commands.plain import (
    ask,
    clock_of,
    console,
    plain_object,
    print_json,
    refuse,
    said_plainly,
)
from agent.database.accounts import Accounts
from agent.database.pool import Pool
from agent.domain.rights import SECOND_FACTOR, Right, Role
from agent.settings import read_settings
from agent.web.guard import make_token
from agent.web.passwords import hash_password, make_password

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AccountName = Annotated[str, typer.Argument(help="What he types to log in: a-z, 0-9, . _ -")]
Answer = TypeVar("Answer")

app = typer.Typer(
    no_args_is_help=True,
    help="Accounts of the pages: operators, supervisors, auditors, administrators.",
)
tokens = typer.Typer(no_args_is_help=True, help="Keys with which programs use the API.")


@app.command("add")
def add(
    account: AccountName,
    name: Annotated[str, typer.Option("--name", help="As pages and records show it.")],
    role: Annotated[Role, typer.Option("--role", help="What he is at this office.")],
    operator: Annotated[
        str | None,
        typer.Option("--operator", help="The telephone account at which he answers, e.g. op-101."),
    ] = None,
    json: Json = False,
) -> None:
    """Add an account. Its password is shown now and never again, and is good for one login.

    Example:
    lpse-agent account add siti --name "Siti Aminah" --role operator --operator op-101
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        refuse("A name has 1 to 80 printable characters.")
    password = make_password()
    with said_plainly():
        _with_accounts(
            lambda kept: kept.add(account, name, role, operator, hash_password(password), _who())
        )
    _show_password(account, name, role, password, json)


@app.command("list")
def list_(json: Json = False) -> None:
    """List all accounts, also those that were removed."""
    with said_plainly():
        settings = read_settings()
        found = _with_accounts(lambda kept: kept.known())
    if json:
        print_json([plain_object(account, settings.zone) for account in found])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("Akun", "Nama", "Peran", "Telepon", "Sejak", "Sampai", "Faktor kedua"):
        table.add_column(heading, overflow="fold")
    for one in found:
        second = "ya" if one.totp_confirmed else "belum" if one.role in SECOND_FACTOR else "–"
        row = (one.account, one.name, one.role, one.operator or "–")
        table.add_row(*row, clock(one.made_at), clock(one.removed_at), second)
    console().print(table)


@app.command("remove")
def remove(account: AccountName) -> None:
    """Nobody logs in with it any more; who is logged in is out within seconds.

    Example:
    lpse-agent account remove siti
    """
    with said_plainly():
        name = _with_accounts(lambda kept: kept.remove(account, _who()))
    console().print(f"{name} ({account}) can no longer log in.")


@app.command("password")
def password(account: AccountName, json: Json = False) -> None:
    """Give a new password, good for one login, to somebody who has forgotten his.

    Example:
    lpse-agent account password siti
    """
    given = make_password()
    with said_plainly():
        name = _with_accounts(
            lambda kept: kept.give_password(account, hash_password(given), _who())
        )
    _show_password(account, name, None, given, json)


@app.command("second-factor")
def second_factor(account: AccountName) -> None:
    """Forget somebody's authenticator, because his device is lost; the next login shows a new one.

    Example:
    lpse-agent account second-factor siti
    """
    with said_plainly():
        name = _with_accounts(lambda kept: kept.forget_second_factor(account, _who()))
    console().print(f"{name} ({account}) sets up a new authenticator at the next login.")


@tokens.command("add")
def add_token(
    name: Annotated[str, typer.Argument(help="What it is for, as lists show it.")],
    scope: Annotated[list[Right], typer.Option("--scope", help="What it may do; repeatable.")],
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="How long.")] = 90,
    operator: Annotated[
        str | None,
        typer.Option("--operator", help="The telephone account at which it acts, e.g. op-101."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a key for a program. It is shown now and never again.

    Examples:
    lpse-agent token add "papan di ruang depan" --scope live --days 365
    lpse-agent token add "bilah CRM Siti" --scope desk --operator op-101
    """
    token_id, text, digest = make_token()
    with said_plainly():
        _with_accounts(
            lambda kept: kept.add_token(
                token_id, digest, name, tuple(scope), _who(), timedelta(days=days), operator
            )
        )
    if json:
        print_json({"id": token_id, "token": text})
        return
    console().print(f"Token {token_id}, for {days} days:\n\n  {text}\n")
    console().print("It is not kept and cannot be shown again.")


@tokens.command("list")
def list_tokens(json: Json = False) -> None:
    """List all tokens, also those that are over."""
    with said_plainly():
        settings = read_settings()
        found = _with_accounts(lambda kept: kept.tokens())
    if json:
        print_json([plain_object(token, settings.zone) for token in found])
        return
    clock, table = clock_of(settings.zone), Table()
    for heading in ("Token", "Untuk", "Boleh", "Telepon", "Sampai", "Dicabut", "Terakhir dipakai"):
        table.add_column(heading, overflow="fold")
    for one in found:
        ends = (clock(one.expires_at), clock(one.revoked_at), clock(one.used_at))
        table.add_row(one.id, one.name, " ".join(one.scopes), one.operator or "–", *ends)
    console().print(table)


@tokens.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="Its id, as `token list` shows it.")],
) -> None:
    """The key opens nothing any more.

    Example:
    lpse-agent token revoke 3f9a0c11d2e4
    """
    with said_plainly():
        name = _with_accounts(lambda kept: kept.revoke_token(token, _who()))
    console().print(f"The token of {name} opens nothing any more.")


def _with_accounts(work: Callable[[Accounts], Awaitable[Answer]]) -> Answer:
    url = read_settings().database_url

    async def worked() -> Answer:
        pool = Pool(url)
        try:
            return await work(Accounts(pool))
        finally:
            await pool.aclose()

    return ask(url, worked)


def _who() -> str:
    return f"{getpass.getuser()} (command line)"


def _show_password(account: str, name: str, role: Role | None, password: str, json: bool) -> None:
    if json:
        print_json({"account": account, "name": name, "role": role, "password": password})
        return
    out = console()
    out.print(f"{name} logs in as {account} with\n\n  {password}\n")
    out.print("It is good for one login, is not kept and cannot be shown again.")
